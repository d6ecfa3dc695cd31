/** `wasi:clocks/monotonic-clock`, as a guest sees it. */
import type { U64 } from "../engine/types.ts";
import type { Pollable } from "./io_poll.ts";

/** Nanoseconds from an arbitrary start. */
export declare function now(): U64;

/** In a guest on QuickJS the build puts another body in its place: see `engine/quickjs.ts`. */
export declare function resolution(): U64;

/** Ready once `duration` nanoseconds have passed. */
export declare function subscribeDuration(duration: U64): Pollable;
