/** `wasi:io/error`, as a guest sees it. */

/** Why a stream operation failed. */
export declare class IoError implements Disposable {
  private constructor();
  toDebugString(): string;
  [Symbol.dispose](): void;
}
