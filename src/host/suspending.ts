/**
 * The functions of WASI 0.2 that may block. The engine lets exactly these suspend the guest; at the type level the
 * same list says which methods of a host class may return a promise (`types.ts`).
 */

const SUSPENDING_NAMES = [
  "wasi:io/poll#poll",
  "wasi:io/poll#[method]pollable.block",
  "wasi:io/streams#[method]input-stream.blocking-read",
  "wasi:io/streams#[method]input-stream.blocking-skip",
  "wasi:io/streams#[method]output-stream.blocking-write-and-flush",
  "wasi:io/streams#[method]output-stream.blocking-flush",
  "wasi:io/streams#[method]output-stream.blocking-write-zeroes-and-flush",
  "wasi:io/streams#[method]output-stream.blocking-splice",
] as const;

/** The name of a function that may suspend its caller: interface without version, `#`, WIT name. */
export type SuspendingName = (typeof SUSPENDING_NAMES)[number];

/** For `CompileOptions.suspending`: every host function that may return a promise. */
export const SUSPENDING: ReadonlySet<string> = new Set<string>(SUSPENDING_NAMES);
