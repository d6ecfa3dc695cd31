/** The context of a guest in tests of the host: a clock that stands still, numbered "random" bytes, output as text. */
import type { HostContext } from "../../src/host/context.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import type { GuestLabel } from "../../src/telemetry/events.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeClock } from "./fake_clock.ts";

export interface FakeContext extends HostContext {
  readonly clock: FakeClock;
  /** What was written so far. */
  readonly printed: { stdout: string; stderr: string };
}

export function fakeContext(overrides: Partial<Pick<HostContext, "env" | "args" | "randomBytes">> = {}): FakeContext {
  const label: GuestLabel = { workload: "demo", role: "component" };
  const shared = { clock: new FakeClock(), counters: new LiveCounters(), emit: () => {}, onLimit: () => {} };
  const network = new WorkloadNetwork({ workload: "demo", ...shared });
  const printed = { stdout: "", stderr: "" };
  let next = 0;
  return {
    ...shared,
    label,
    env: [],
    args: [],
    randomBytes: (length) => Uint8Array.from({ length }, () => next++),
    network: network.openGuest("component", label),
    printed,
    output: (stream, bytes) => {
      printed[stream] += new TextDecoder().decode(bytes);
    },
    ...overrides,
  };
}
