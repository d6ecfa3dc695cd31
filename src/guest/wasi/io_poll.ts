/** `wasi:io/poll`, as a guest sees it. */

/** Something that becomes ready. */
export declare class Pollable implements Disposable {
  private constructor();
  ready(): boolean;
  block(): void;
  [Symbol.dispose](): void;
}

/** Waits until at least one is ready; gives the places of all that are. The list must not be empty. */
export declare function poll(list: readonly Pollable[]): ArrayLike<number>;
