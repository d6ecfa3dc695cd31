/** `wasi:io/streams`, as a guest sees it: the non-blocking half. */
import type { U64 } from "../engine/types.ts";
import type { IoError } from "./io_error.ts";
import type { Pollable } from "./io_poll.ts";

/** The payload of what the methods throw. */
export type StreamError = { readonly tag: "closed" } | {
  readonly tag: "last-operation-failed";
  readonly val: IoError;
};

/** Drop its pollables first. */
export declare class InputStream implements Disposable {
  private constructor();
  /** Up to `length` bytes, none when there are none now. @throws StreamError */
  read(length: U64): Uint8Array;
  subscribe(): Pollable;
  [Symbol.dispose](): void;
}

/** Drop its pollables first. */
export declare class OutputStream implements Disposable {
  private constructor();
  /** How many bytes the next `write` may hold. @throws StreamError */
  checkWrite(): U64;
  /** @throws StreamError */
  write(contents: Uint8Array): void;
  /** @throws StreamError */
  flush(): void;
  /** At most 4,096 bytes; waits until they are gone. @throws StreamError */
  blockingWriteAndFlush(contents: Uint8Array): void;
  subscribe(): Pollable;
  [Symbol.dispose](): void;
}
