/** Tells the operator about denials: each target once in a while, and never more of them in memory than a bound. */
import type { Clock } from "../base/clock.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";

/** Within this time the same denial is reported once. */
const REPEAT_NS = 10_000_000_000n;
/** Stops a guest that walks through addresses from filling the memory; the oldest target is forgotten first. */
const TARGETS_MAX = 1024;

/** What was denied, and by what. */
export interface Denial {
  /** `tcp-connect`, `udp-send`, `http-request`, `resolve-addresses`... */
  readonly operation: string;
  readonly target: string;
  /** The rule or default that decided, and what would allow it. */
  readonly rule: string;
}

/** Remembers what was reported lately, and reports the rest. */
export class DenialLog {
  readonly #clock: Clock;
  readonly #emit: EmitEvent;
  /** When each denial was last reported, the oldest report first. */
  #reportedNs = new Map<string, bigint>();

  constructor(options: { readonly clock: Clock; readonly emit: EmitEvent }) {
    this.#clock = options.clock;
    this.#emit = options.emit;
  }

  /** Denials that are remembered now. */
  get size(): number {
    return this.#reportedNs.size;
  }

  report(guest: GuestLabel, denial: Denial): void {
    const key = JSON.stringify([guest.role, guest.route ?? null, denial.operation, denial.target]);
    const nowNs = this.#clock.monotonicNs();
    const lastNs = this.#reportedNs.get(key);
    if (lastNs !== undefined && nowNs - lastNs < REPEAT_NS) return;
    this.#reportedNs.delete(key);
    this.#reportedNs.set(key, nowNs);
    for (const oldest of this.#reportedNs.keys()) {
      if (this.#reportedNs.size <= TARGETS_MAX) break;
      this.#reportedNs.delete(oldest);
    }
    this.#emit({ kind: "denied", guest, ...denial });
  }
}
