/**
 * The functions of WASI 0.2 that may block. The engine lets exactly these suspend the guest; at the type level the
 * same list says which methods of a host class may return a promise (`types.ts`).
 */

const BLOCKING_NAMES = [
  "wasi:io/poll#poll",
  "wasi:io/poll#[method]pollable.block",
  "wasi:io/streams#[method]input-stream.blocking-read",
  "wasi:io/streams#[method]input-stream.blocking-skip",
  "wasi:io/streams#[method]output-stream.blocking-write-and-flush",
  "wasi:io/streams#[method]output-stream.blocking-flush",
  "wasi:io/streams#[method]output-stream.blocking-write-zeroes-and-flush",
  "wasi:io/streams#[method]output-stream.blocking-splice",
] as const;

/** They wait for a disk: those that move data for the data, those that change something for a volume that is being counted. */
const DESCRIPTOR_NAMES = [
  "wasi:filesystem/types#[method]descriptor.read",
  "wasi:filesystem/types#[method]descriptor.write",
  "wasi:filesystem/types#[method]descriptor.set-size",
  "wasi:filesystem/types#[method]descriptor.sync",
  "wasi:filesystem/types#[method]descriptor.sync-data",
  "wasi:filesystem/types#[method]descriptor.read-directory",
  "wasi:filesystem/types#[method]descriptor.open-at",
  "wasi:filesystem/types#[method]descriptor.create-directory-at",
  "wasi:filesystem/types#[method]descriptor.remove-directory-at",
  "wasi:filesystem/types#[method]descriptor.unlink-file-at",
  "wasi:filesystem/types#[method]descriptor.rename-at",
  "wasi:filesystem/types#[method]descriptor.link-at",
  "wasi:filesystem/types#[method]descriptor.symlink-at",
] as const;

/** The name of a function that blocks by its nature: interface without version, `#`, WIT name. */
export type BlockingName = (typeof BLOCKING_NAMES)[number];
/** The name of a function of `descriptor` that may suspend its caller. */
export type DescriptorName = (typeof DESCRIPTOR_NAMES)[number];

/** For `CompileOptions.suspending`: every host function that may return a promise. */
export const SUSPENDING: ReadonlySet<string> = new Set<string>([...BLOCKING_NAMES, ...DESCRIPTOR_NAMES]);
