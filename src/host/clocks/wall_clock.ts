/** `wasi:clocks/wall-clock`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-clocks-wall-clock";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";

const MS_PER_S = 1000;
const NS_PER_MS = 1_000_000;
const NS_PER_S = 1_000_000_000;

/** Milliseconds since 1970 as a double are exact to about a quarter of a microsecond; the runtimes give no more. */
const RESOLUTION = { seconds: 0n, nanoseconds: 1000 };

/** The interface `wasi:clocks/wall-clock` on the context's clock. */
export function wallClockInterface(context: HostContext) {
  const { clock } = context;
  return {
    // WIT now: func() -> datetime
    now: () => datetime(clock.wallMs()),

    // WIT resolution: func() -> datetime
    resolution: () => RESOLUTION,
  } satisfies HostInterface<typeof Declared>;
}

/** WIT `datetime` has no time before 1970: a machine whose clock says so is at 0. */
function datetime(wallMs: number): Declared.Datetime {
  const ms = Math.max(0, wallMs);
  const seconds = Math.floor(ms / MS_PER_S);
  const nanoseconds = Math.min(NS_PER_S - 1, Math.floor((ms - seconds * MS_PER_S) * NS_PER_MS));
  return { seconds: BigInt(seconds), nanoseconds };
}
