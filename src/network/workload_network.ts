/**
 * The network of one workload: the private loopback that its service and components share, the way to the
 * outside, the limits, and the record of what was denied.
 */
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { DenialCounts } from "../telemetry/denial_counts.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { type EgressDecision, type EgressProtocol, type GuestAccess, type GuestRole, LOOPBACK_ONLY } from "./access.ts";
import { type Denial, DenialLog } from "./denial_log.ts";
import type { DialEgressOptions, Egress, EgressUdp, OpenUdpOptions } from "./egress.ts";
import { GuestNetwork, type GuestNetworkHost, type SocketKind } from "./guest_network.ts";
import { Loopback } from "./loopback.ts";
import type { ConnectAttempt, EndKind } from "./tcp_connection.ts";

/** Stops one role from taking the process's sockets: a service cannot starve its components, nor they it. */
const OPEN_SOCKETS_MAX = 1024;

/** What a workload's network needs of the gateway. */
export interface WorkloadNetworkOptions {
  readonly workload: string;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  /** Counts every denial, for the whole gateway. */
  readonly denials?: DenialCounts;
  /** The way out; without it nothing but the loopback is reachable, whatever the access of a guest says. */
  readonly egress?: Egress;
  /** A number from 49152 to 65535 for ports that nobody chose; the default is random. */
  readonly randomPort?: () => number;
}

/**
 * @example
 * const network = new WorkloadNetwork({ workload: "demo", clock, counters, emit });
 * const service = network.openGuest("service", { workload: "demo", role: "service" });
 * network.onListening(7777, () => console.log("ready"));
 */
export class WorkloadNetwork {
  readonly workload: string;
  readonly #options: WorkloadNetworkOptions;
  readonly #loopback: Loopback;
  readonly #denials: DenialLog;
  readonly #host: GuestNetworkHost;
  /** Guests with open sockets, and how many. */
  readonly #guests = new Map<GuestNetwork, number>();
  /** Everything to the outside that still holds an OS socket; a dropped one may have bytes to deliver. */
  readonly #outside = new Set<(how: EndKind) => void>();
  readonly #openSockets: Record<GuestRole, number> = { service: 0, component: 0 };
  #isClosed = false;

  constructor(options: WorkloadNetworkOptions) {
    this.workload = options.workload;
    this.#options = options;
    this.#loopback = new Loopback(options);
    this.#denials = new DenialLog(options);
    this.#host = {
      loopback: this.#loopback,
      decideEgress: (access, { remote, protocol }) => this.#decideEgress(access, remote, protocol),
      dialEgress: (dial) => this.#dialEgress(dial),
      openUdp: (open) => this.#openUdp(open),
      deny: (label, denial) => this.deny(label, denial),
      opening: (guest, kind) => this.#opening(guest, kind),
      closed: (guest, kind) => this.#closed(guest, kind),
    };
  }

  /** What is held now: all zero when no guest has anything open. */
  get usage(): {
    readonly sockets: number;
    readonly ports: number;
    readonly connections: number;
    readonly bytes: number;
  } {
    const sockets = [...this.#guests.values()].reduce((sum, count) => sum + count, 0);
    return { sockets, ...this.#loopback.usage };
  }

  /**
   * The network of one guest instance. Whoever opens it calls `release` when the guest ends, however it ends.
   * Without `access` it is the private loopback.
   */
  openGuest(role: GuestRole, label: GuestLabel, access: GuestAccess = LOOPBACK_ONLY): GuestNetwork {
    return new GuestNetwork({ host: this.#host, role, label, access });
  }

  /** Reports to the operator that something of a guest was denied. */
  deny(label: GuestLabel, denial: Denial): void {
    this.#denials.report(label, denial);
  }

  /** True while something listens on TCP `port` of any loopback address. */
  isListening(port: number): boolean {
    return this.#loopback.isListening(port);
  }

  /** Calls `wake` once, soon after something listens on `port`. Returns the function that withdraws the request. */
  onListening(port: number, wake: () => void): () => void {
    return this.#loopback.onListening(port, wake);
  }

  /** Resets whatever is still open; no socket opens afterwards. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const guest of this.#guests.keys()) guest.release("reset");
    for (const end of this.#outside) end("reset");
    this.#denials.close();
  }

  #decideEgress(access: GuestAccess, remote: SocketAddress, protocol: EgressProtocol): EgressDecision {
    const { egress } = this.#options;
    if (egress === undefined) return { isAllowed: false, rule: "there is no way out of this workload" };
    if (protocol === "udp" && egress.openUdp === undefined) {
      return { isAllowed: false, rule: "there is no way out of this workload for UDP" };
    }
    return access.decide(remote, protocol);
  }

  #dialEgress(dial: Omit<DialEgressOptions, "clock" | "counters">): ConnectAttempt {
    const { egress, clock, counters } = this.#options;
    if (egress === undefined) throw new TypeError("Cannot dial: there is no egress, expected a denial before");
    const attempt = egress.dial({
      ...dial,
      clock,
      counters,
      onReleased: () => {
        this.#outside.delete(end);
        dial.onReleased();
      },
    });
    const end = (how: EndKind): void => attempt.abandon(how);
    this.#outside.add(end);
    return attempt;
  }

  #openUdp(open: Omit<OpenUdpOptions, "clock" | "counters">): EgressUdp {
    const { egress, clock, counters } = this.#options;
    if (egress?.openUdp === undefined) {
      throw new TypeError("Cannot send: there is no egress for UDP, expected a denial before");
    }
    const peer = egress.openUdp({
      ...open,
      clock,
      counters,
      onReleased: () => {
        this.#outside.delete(end);
        open.onReleased();
      },
    });
    const end = (how: EndKind): void => peer.end(how);
    this.#outside.add(end);
    return peer;
  }

  #opening(guest: GuestNetwork, kind: SocketKind): boolean {
    if (kind !== "accepted") {
      if (this.#isClosed || this.#openSockets[guest.role] >= OPEN_SOCKETS_MAX) return false;
      this.#openSockets[guest.role]++;
    }
    this.#options.counters.add(kind === "udp" ? "udpSockets" : "tcpSockets", 1);
    this.#guests.set(guest, (this.#guests.get(guest) ?? 0) + 1);
    return true;
  }

  #closed(guest: GuestNetwork, kind: SocketKind): void {
    if (kind !== "accepted") this.#openSockets[guest.role]--;
    this.#options.counters.add(kind === "udp" ? "udpSockets" : "tcpSockets", -1);
    const left = (this.#guests.get(guest) ?? 1) - 1;
    if (left === 0) this.#guests.delete(guest);
    else this.#guests.set(guest, left);
  }
}
