/**
 * What a build process is asked for, and what it reports. Tools of other people, and the first lines of a guest's program,
 * run in a process of their own: one that crashes or never ends costs a build, and nothing of it is loaded by `serve`.
 */
import type { BuildGoal, GuestEngine } from "../config/build_definition.ts";

import type { FaultCode } from "../base/fault_codes.ts";

/** What a build process can do; each has a file of its own (`<name>_job.ts`), which loads its tools. */
export type JobKind = GuestEngine | "adapt";

/** One guest to make. All paths are absolute. */
export interface BuildJob {
  readonly kind: JobKind;
  /** Of `quickjs`; without it for size. */
  readonly optimize?: BuildGoal | undefined;
  /** The source; for `adapt`, a core module. */
  readonly entry: string;
  /** Where the component is to be written, and beside it the map to its sources if it has one (`guest_map.ts`). */
  readonly output: string;
  /** A folder that the build may fill. */
  readonly scratch: string;
}

/** What is wrong with a source. */
export interface SourceFault {
  readonly code: FaultCode;
  /** What is, and what is expected. */
  readonly message: string;
  readonly fix?: string;
  /** Absolute; missing where the tool names no place. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** How a job ended. */
export type BuildReport =
  /** `inputs`: every source file that went into it, absolute. */
  | { readonly kind: "built"; readonly inputs: readonly string[] }
  /** `inputs`: the files that were read before. */
  | { readonly kind: "faulty"; readonly faults: readonly SourceFault[]; readonly inputs: readonly string[] };

/** What is left of a build process. */
export interface FinishedJob {
  readonly report: BuildReport;
  /** What it printed: the guest's own first lines may. */
  readonly printed: string;
}

/** Runs a job in a process of its own. It rejects only when there is no such process to be had. */
export type RunJob = (job: BuildJob) => Promise<FinishedJob>;

/** A job from the other side of a channel, which is this program's own. */
export function parseJob(value: unknown): BuildJob {
  const { kind, optimize, entry, output, scratch } = value as Partial<BuildJob>;
  if (kind === undefined || entry === undefined || output === undefined || scratch === undefined) {
    throw new TypeError("Cannot build: the job is incomplete, expected kind, entry, output and scratch");
  }
  return { kind, optimize, entry, output, scratch };
}

/** A report from the other side of a channel; undefined for anything else that is said there. */
export function parseReport(value: unknown): BuildReport | undefined {
  if (typeof value !== "object" || value === null || !("kind" in value)) return undefined;
  return value.kind === "built" || value.kind === "faulty" ? value as BuildReport : undefined;
}
