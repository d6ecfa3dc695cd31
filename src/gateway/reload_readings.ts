/** What a reloader keeps of its readings, how it does one, and what comes of it. */
import type { Diagnostic } from "../base/diagnostics.ts";

/** What the last reading of a sub-folder came to. */
export interface KnownReading {
  /** With the operator's files that it was read under. */
  readonly fingerprint: string;
  readonly isTied: boolean;
  /** It was sound, and its service did not start. */
  didFail: boolean;
}

/** How a reading is done. */
export interface Manner {
  /** Whether what looks broken is read again. */
  readonly isPatient: boolean;
  /** Whether a version whose service did not start is tried again. */
  readonly isRetrying: boolean;
}

/** What became of a change. */
export interface ReloadOutcome {
  /** Undefined: the folder itself, or a file of it. */
  readonly workload?: string;
  /** Without a workload: the file, `gateway.jsonc` for one, or "the folder". */
  readonly file?: string;
  /** "kept": the change cannot be served, and what was served before still is. "left-out": nothing was. */
  readonly outcome: "added" | "replaced" | "removed" | "kept" | "left-out";
  /** Why it was kept or left out, or what was replaced that is no workload. */
  readonly detail?: string;
  /** The faults of the files; empty when a service did not start. */
  readonly diagnostics: readonly Diagnostic[];
}
