/** Tells the operator about denials: each target once in a while, and never more of them in memory than a bound. */
import type { Clock } from "../base/clock.ts";
import { formatSocketAddress, type SocketAddress } from "../base/ip_address.ts";
import type { DenialDecision } from "../telemetry/denial_counts.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { EgressDecision } from "./access.ts";

/** Within this time the same denial is one line. */
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
  readonly decision: DenialDecision;
}

/** The denial of a connection or datagram to an address outside. */
export function egressDenial(operation: string, remote: SocketAddress, by: EgressDecision): Denial {
  const { rule, decision = "no-rule" } = by;
  return { operation, target: formatSocketAddress(remote), rule, decision };
}

/** Gets every denial, also those without a line. */
export interface CountDenials {
  add(guest: GuestLabel, denial: Denial): void;
}

/** Where denials are told and counted. */
export interface DenialLogOptions {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  /** The gateway's; counted are all, also those without a line. */
  readonly denials?: CountDenials;
}

/** What is remembered of a denial. */
interface Reported {
  readonly guest: GuestLabel;
  readonly denial: Denial;
  /** When its line was written. */
  readonly atNs: bigint;
  /** How often it came again since. */
  repeats: number;
}

/**
 * Writes a line for each denial, and one with a count for what came again within 10 s: with the next denial of any kind
 * after that time, or at the end. So the counts of all lines add up to the denials.
 */
export class DenialLog {
  readonly #clock: Clock;
  readonly #emit: EmitEvent;
  readonly #counts: CountDenials | undefined;
  /** The oldest first. */
  readonly #reported = new Map<string, Reported>();

  constructor({ clock, emit, denials }: DenialLogOptions) {
    this.#clock = clock;
    this.#emit = emit;
    this.#counts = denials;
  }

  /** Denials that are remembered now. */
  get size(): number {
    return this.#reported.size;
  }

  report(guest: GuestLabel, denial: Denial): void {
    this.#counts?.add(guest, denial);
    const key = JSON.stringify([guest.role, guest.route ?? null, denial.operation, denial.target]);
    const nowNs = this.#clock.monotonicNs();
    const last = this.#reported.get(key);
    if (last !== undefined && nowNs - last.atNs < REPEAT_NS) {
      last.repeats++;
      return;
    }
    // This line tells of its own repeats as well.
    this.#reported.delete(key);
    this.#tellOlderThan(nowNs - REPEAT_NS);
    this.#write(guest, denial, 1 + (last?.repeats ?? 0));
    this.#reported.set(key, { guest, denial, atNs: nowNs, repeats: 0 });
    for (const oldest of this.#reported.keys()) {
      if (this.#reported.size <= TARGETS_MAX) break;
      this.#forget(oldest);
    }
  }

  /** Tells what was held back. */
  close(): void {
    for (const key of this.#reported.keys()) this.#forget(key);
  }

  #tellOlderThan(ns: bigint): void {
    for (const [key, { atNs }] of this.#reported) {
      if (atNs > ns) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    const reported = this.#reported.get(key);
    this.#reported.delete(key);
    if (reported !== undefined && reported.repeats > 0) {
      this.#write(reported.guest, reported.denial, reported.repeats);
    }
  }

  #write(guest: GuestLabel, { operation, target, rule }: Denial, count: number): void {
    this.#emit({ kind: "denied", guest, operation, target, rule, ...(count > 1 && { count }) });
  }
}
