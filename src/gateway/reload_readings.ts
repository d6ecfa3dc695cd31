/** What a reloader keeps of its readings, and how it does one. */

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
