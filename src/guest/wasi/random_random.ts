/** `wasi:random/random`, as a guest sees it. */
import type { U64 } from "../engine/types.ts";

/** Bytes that nobody can guess. */
export declare function getRandomBytes(length: U64): Uint8Array;
