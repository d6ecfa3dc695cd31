/** `wasi:clocks/monotonic-clock`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-clocks-monotonic-clock";
import { ALWAYS_READY } from "../../base/waitable.ts";
import type { HostContext } from "../context.ts";
import { Pollable } from "../io/poll.ts";
import type { HostInterface } from "../types.ts";
import { Deadline } from "./deadline.ts";

/** The clock counts nanoseconds. */
const RESOLUTION_NS = 1n;

/** The interface `wasi:clocks/monotonic-clock` on the context's clock. */
export function monotonicClockInterface(context: HostContext) {
  const { clock, counters } = context;
  const pollableAt = (dueNs: bigint): Pollable => new Pollable(new Deadline(dueNs, clock), { counters });
  return {
    // WIT now: func() -> instant
    now: () => clock.monotonicNs(),

    // WIT resolution: func() -> duration
    resolution: () => RESOLUTION_NS,

    // WIT subscribe-instant: func(when: instant) -> pollable
    subscribeInstant: pollableAt,

    // WIT subscribe-duration: func(when: duration) -> pollable
    subscribeDuration: (when: bigint) =>
      when === 0n ? new Pollable(ALWAYS_READY, { counters }) : pollableAt(clock.monotonicNs() + when),
  } satisfies HostInterface<typeof Declared>;
}
