/**
 * The context of one instance, over all of its requests. The engine binds host functions once, at instantiation, and
 * what is of a request (its network, its output, its budgets) must not outlive it: so host functions are bound to this
 * object, and a request's own part is put in when it begins and taken out when it ends.
 */
import type { Clock } from "../base/clock.ts";
import type { GuestMounts } from "../volume/mount.ts";
import { GuestScope, type HostContext } from "../host/context.ts";
import type { GuestEgress } from "../host/egress/guest_egress.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { SpanParent } from "../telemetry/trace.ts";
import type { OnLimit } from "../telemetry/limit_log.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/** What is a request's alone, or a service's life long. */
export interface RequestSide {
  /** Its own side of the workload's network. */
  readonly network: GuestNetwork;
  /** Its component's way to the outside; without one requests and names are denied. */
  readonly egress?: GuestEgress | undefined;
  /** The CDN-Loop values of the request that it answers. */
  readonly incomingCdnLoop?: (() => readonly Uint8Array[]) | undefined;
  readonly output: HostContext["output"];
}

/** What is the same for all requests of an instance. */
export type InstanceSide =
  & Pick<
    HostContext,
    "label" | "env" | "args" | "clock" | "randomBytes" | "counters" | "emit" | "onLimit"
  >
  & {
    /** Makes the volumes of the instance, when it first asks for them; without it there are none. */
    readonly openMounts?: (() => GuestMounts) | undefined;
  };

/** Between two requests it answers for nothing: a guest that runs then is a fault of the gateway. */
export class GuestContext implements HostContext {
  readonly label: GuestLabel;
  readonly env: HostContext["env"];
  readonly args: HostContext["args"];
  readonly clock: Clock;
  readonly randomBytes: HostContext["randomBytes"];
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  readonly onLimit: OnLimit;
  /** Of the instance, once there is one. */
  memory: HostContext["memory"];
  /** What it does now belongs there; undefined: there are no traces. */
  trace: SpanParent | undefined;
  readonly #openMounts: (() => GuestMounts) | undefined;
  #mounts: GuestMounts | undefined;
  #request: RequestSide | undefined;
  #scope = new GuestScope();

  constructor(side: InstanceSide) {
    this.label = side.label;
    this.env = side.env;
    this.args = side.args;
    this.clock = side.clock;
    this.randomBytes = side.randomBytes;
    this.counters = side.counters;
    this.emit = side.emit;
    this.onLimit = side.onLimit;
    this.#openMounts = side.openMounts;
  }

  /** Of the instance, from its first state to the next: what one request wrote to them, no other one reads. */
  get mounts(): GuestMounts | undefined {
    return this.#mounts ??= this.#openMounts?.();
  }

  get network(): GuestNetwork {
    return this.#current().network;
  }

  get egress(): GuestEgress | undefined {
    return this.#current().egress;
  }

  get incomingCdnLoop(): readonly Uint8Array[] | undefined {
    return this.#current().incomingCdnLoop?.();
  }

  get output(): HostContext["output"] {
    return this.#current().output;
  }

  /** What budgets are kept by: as long as the guest can have anything that counts against them. */
  get scope(): GuestScope {
    return this.#scope;
  }

  /** A request (or the life of a service) begins. */
  begin(request: RequestSide): void {
    if (this.#request !== undefined) throw new TypeError("Cannot begin a request: the last one has not ended");
    this.#request = request;
  }

  /** It ended. With `isRecycled` the guest has nothing of it any more, and its budgets begin anew. */
  end(isRecycled: boolean): void {
    this.#request = undefined;
    this.trace = undefined;
    if (!isRecycled) return;
    this.#scope = new GuestScope();
    this.#mounts?.close();
    this.#mounts = undefined;
  }

  #current(): RequestSide {
    if (this.#request === undefined) throw new TypeError("Cannot serve a guest: it has no request, expected one");
    return this.#request;
  }
}
