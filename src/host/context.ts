/** What one guest instance gets from the gateway. The host classes see this and nothing else of the outside. */
import type { Clock } from "../base/clock.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

export interface HostContext {
  readonly label: GuestLabel;
  /** `wasi:cli/environment.get-environment`, in order. */
  readonly env: readonly (readonly [string, string])[];
  /** `wasi:cli/environment.get-arguments`; the first is the program's name, as in `argv`. */
  readonly args: readonly string[];
  readonly clock: Clock;
  /** Cryptographically secure bytes (`wasi:random/random`). */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Where the guest's stdout and stderr go: log lines for the gateway, the terminal for `loopgate run`. */
  readonly output: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  /** The guest's side of its workload's network: its role decides what it may do. */
  readonly network: GuestNetwork;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
}
