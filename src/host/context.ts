/** What one guest instance gets from the gateway. The host classes see this and nothing else of the outside. */
import type { Clock } from "../base/clock.ts";
import type { HostBudget } from "../component/guest_meter.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import type { GuestEgress } from "./egress/guest_egress.ts";
import type { FieldBudget } from "./http/field_budget.ts";
import type { HeldBudget } from "./http/held_budget.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { SpanParent } from "../telemetry/trace.ts";
import type { OnLimit } from "../telemetry/limit_log.ts";
import type { GuestMounts } from "../volume/mount.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/**
 * One for each guest instance. What is of a request changes when the next one begins (`instance/guest_context.ts`), so host
 * functions read `network`, `egress`, `mounts`, `output`, `incomingCdnLoop`, `trace` and `scope` when they are called and never when they are bound.
 */
export interface HostContext {
  readonly label: GuestLabel;
  /** `wasi:cli/environment.get-environment`, in order. */
  readonly env: readonly (readonly [string, string])[];
  /** `wasi:cli/environment.get-arguments`; the first is the program's name, as in `argv`. */
  readonly args: readonly string[];
  readonly clock: Clock;
  /** Exactly `length` cryptographically secure bytes (`wasi:random/random`), at most `RANDOM_BYTES_MAX`, owned by the caller. */
  readonly randomBytes: (length: number) => Uint8Array;
  /**
   * Where the guest's stdout and stderr go: log lines for the gateway (`cli/line_output.ts`), the terminal for
   * `loopgate run`. `bytes` may be a view of the guest's memory and is valid only during the call.
   */
  readonly output: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  /** The guest's side of its workload's network: its role decides what it may do. */
  readonly network: GuestNetwork;
  /** Its component's way to the outside for requests and names; without one both are denied. */
  readonly egress?: GuestEgress | undefined;
  /** The CDN-Loop values of the request that it answers; a service answers none. */
  readonly incomingCdnLoop?: readonly Uint8Array[] | undefined;
  /** Its volumes; undefined: it has none. */
  readonly mounts?: GuestMounts | undefined;
  /** What it asks of others belongs there; undefined: there are no traces. */
  readonly trace?: SpanParent | undefined;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  /** Counts that the guest met a limit, and tells the operator now and then. Cheap; never throws. */
  readonly onLimit: OnLimit;
  /** Counts what the host keeps for the guest against the memory of the process. Default: nobody counts. */
  readonly memory?: Pick<HostBudget, "hold" | "letGo"> | undefined;
  /** Where budgets of the guest are kept: a new one for each request of a recycled instance. Default: one for each context. */
  readonly scope?: GuestScope;
}

/** What a guest may hold over all of its resources of a kind; made when it is first asked for. */
export class GuestScope {
  fields: FieldBudget | undefined = undefined;
  held: HeldBudget | undefined = undefined;
}

const SCOPES: WeakMap<object, GuestScope> = new WeakMap();

/** Of a context that has none of its own. */
export function scopeOf(context: Pick<HostContext, "scope">): GuestScope {
  if (context.scope !== undefined) return context.scope;
  let scope = SCOPES.get(context);
  if (scope === undefined) SCOPES.set(context, scope = new GuestScope());
  return scope;
}
