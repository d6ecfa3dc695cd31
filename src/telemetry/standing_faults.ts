/** What is wrong with the files now, as far as somebody was told: `loopgate_standing_faults`. It is empty when all of them are served. */
import type { Diagnostic } from "../base/diagnostics.ts";

/** What is not served of the files, until they are mended. */
export interface StandingFault {
  /** Undefined: the operator's own files. */
  readonly workload?: string;
  /** Without a workload: the file, `gateway.jsonc` for one, or "the folder". */
  readonly file?: string;
  /** "kept": what was served before the change still is. "left-out": nothing of the workload is served. */
  readonly state: "kept" | "left-out";
  /** When it was found, in milliseconds since 1970. */
  readonly sinceWallMs: number;
  /** Faults of the files; 1 where a service did not start. */
  readonly count: number;
  /** All of it in one line. */
  readonly detail: string;
  /** The first of the faults, without the lines of the files; empty when a service did not start. */
  readonly diagnostics: readonly Omit<Diagnostic, "source">[];
}

/** Faults of one workload that are kept; the others are counted. */
const DIAGNOSTICS_MAX = 20;

/** One for a gateway. It holds no more than one for each workload, and one. */
export class StandingFaults {
  readonly #wallMs: () => number;
  readonly #faults = new Map<string | undefined, StandingFault>();

  /** `wallMs` is the machine's time. */
  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** In place of what stood for the workload, or for the operator's files, before. */
  stand(
    { diagnostics, ...fault }: Omit<StandingFault, "sinceWallMs" | "count" | "diagnostics"> & {
      readonly diagnostics: readonly Diagnostic[];
    },
  ): void {
    const shown = diagnostics.slice(0, DIAGNOSTICS_MAX).map(({ code, file, line, column, message, fix }) => {
      return { code, file, line, column, message, ...(fix !== undefined && { fix }) };
    });
    const [sinceWallMs, count] = [this.#wallMs(), Math.max(1, diagnostics.length)];
    this.#faults.set(fault.workload, { ...fault, sinceWallMs, count, diagnostics: shown });
  }

  /** It was mended; what there was. */
  mend(workload: string | undefined): StandingFault | undefined {
    const fault = this.#faults.get(workload);
    this.#faults.delete(workload);
    return fault;
  }

  /** All of them, the operator's first, then by name. */
  list(): readonly StandingFault[] {
    return [...this.#faults.values()].toSorted((a, b) => ((a.workload ?? "") < (b.workload ?? "") ? -1 : 1));
  }
}
