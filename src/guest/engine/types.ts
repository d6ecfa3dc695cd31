/** What the engine gives and wants. */

/** A `u64`: a number on QuickJS, a bigint on other engines; `Number()` takes both. */
export type U64 = number | bigint;

/** What an export has started. */
export interface ExportedCall<Result> {
  isDone(): boolean;
  /** What the export returns, or throws. */
  finish(): Result;
  /** It is not done, and nothing is left that could wake it: no timer, no socket, no request. It is done after this. */
  giveUp(): void;
}
