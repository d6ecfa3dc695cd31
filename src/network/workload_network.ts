/**
 * The network of one workload: the private loopback that its service and components share, the way to the
 * outside, the limits, and the record of what was denied.
 */
import type { Clock } from "../base/clock.ts";
import { LinkedList, ListEntry } from "../base/linked_list.ts";
import { WORKLOAD_TOTALS } from "../base/limits.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import type { ReportLimit } from "../telemetry/limit_log.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { type EgressDecision, type EgressProtocol, type GuestAccess, type GuestRole, LOOPBACK_ONLY } from "./access.ts";
import type { ByteTotal } from "./byte_total.ts";
import { ConnectionSlots, type Slots } from "./connection_slots.ts";
import { type CountDenials, type Denial, DenialLog, egressDenial } from "./denial_log.ts";
import type { DialEgressOptions, Egress, EgressUdp, OpenUdpOptions } from "./egress.ts";
import { GuestNetwork, type GuestNetworkHost, type OnReach, type SocketKind } from "./guest_network.ts";
import { Loopback } from "./loopback.ts";
import type { ConnectAttempt, EndKind } from "./tcp_connection.ts";

/**
 * Sockets that were created and not accepted, for the service and for all components together: a service cannot starve
 * its components, nor they it. A guest that may have more by its own limit raises it.
 */
const OPEN_SOCKETS_MAX = 1024;

/** What the networks of all workloads have together. */
export interface NetworkTotals {
  readonly loopbackBytes: ByteTotal;
  /** To the outside. */
  readonly connections: ConnectionSlots;
}

/** What a workload's network needs of the gateway. */
export interface WorkloadNetworkOptions {
  readonly workload: string;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  /** Counts every denial, for the whole gateway. */
  readonly denials?: CountDenials;
  /** Connections to the outside, of HTTP, TCP and UDP peers together. */
  readonly connectionsMax?: number;
  /** What it shares with all other workloads; without it there are none. */
  readonly totals?: NetworkTotals | undefined;
  /** Counts and tells what met a limit; without it nobody is told. */
  readonly onLimit?: ReportLimit;
  /** Is told where guests go, before they get there. */
  readonly onReach?: OnReach;
  /** The way out; without it nothing but the loopback is reachable, whatever the access of a guest says. */
  readonly egress?: Egress;
  /** A number from 49152 to 65535 for ports that nobody chose; the default is random. */
  readonly randomPort?: () => number;
}

/** What a guest may do, beyond what its role allows. */
export interface OpenGuestOptions {
  /** Without it: the private loopback. */
  readonly access?: GuestAccess;
  /** Open sockets at a time; without it as many as its role may have. */
  readonly socketsMax?: number;
}

/** Something to the outside that holds a system socket. */
interface Outside {
  readonly guest: GuestNetwork;
  readonly remote: SocketAddress;
  readonly protocol: EgressProtocol;
  readonly end: (how: EndKind) => void;
  /** Ends it while its guest lives on. */
  readonly revoke: () => void;
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
  /** Guests with open sockets. No `Map`, as in `PortTable`. */
  readonly #guests = new LinkedList<GuestNetwork>();
  /** Everything to the outside that still holds an OS socket; a dropped one may have bytes to deliver. */
  readonly #outside = new Set<Outside>();
  readonly #connections: ConnectionSlots;
  readonly #openSockets: Record<GuestRole, number> = { service: 0, component: 0 };
  #isClosed = false;

  constructor(options: WorkloadNetworkOptions) {
    this.workload = options.workload;
    this.#options = options;
    const { connectionsMax = WORKLOAD_TOTALS.connectionsMax, totals } = options;
    this.#loopback = new Loopback({ ...options, total: totals?.loopbackBytes });
    this.#denials = new DenialLog(options);
    this.#connections = new ConnectionSlots(connectionsMax, totals?.connections);
    this.#host = {
      loopback: this.#loopback,
      decideEgress: (access, { remote, protocol }) => this.#decideEgress(access, remote, protocol),
      dialEgress: (guest, dial) => this.#dialEgress(guest, dial),
      openUdp: (guest, open) => this.#openUdp(guest, open),
      deny: (label, denial) => this.deny(label, denial),
      limited: (label, limit, detail) => this.#limited(label, limit, detail),
      opening: (guest, kind) => this.#opening(guest, kind),
      closed: (guest, kind) => this.#closed(guest, kind),
      onReach: options.onReach,
    };
  }

  /** What is held now: all zero when no guest has anything open. */
  get usage(): {
    readonly sockets: number;
    readonly ports: number;
    readonly connections: number;
    readonly bytes: number;
  } {
    const sockets = this.#guests.toArray().reduce((sum, { openSockets }) => sum + openSockets, 0);
    return { sockets, ...this.#loopback.usage };
  }

  /** Connections to the outside now. */
  get connections(): number {
    return this.#connections.taken;
  }

  /** The network of one guest instance. Whoever opens it calls `release` when the guest ends, however it ends. */
  openGuest(role: GuestRole, label: GuestLabel, options: OpenGuestOptions = {}): GuestNetwork {
    const { access = LOOPBACK_ONLY, socketsMax = Number.POSITIVE_INFINITY } = options;
    return new GuestNetwork({ host: this.#host, role, label, access, socketsMax });
  }

  /** The workload's share of connections, as a client of `label` has it: what it does not get is told as its. */
  slotsFor(label: GuestLabel): Slots {
    return {
      take: () => this.#takeConnection(label),
      offer: (evict) => this.#connections.offer(evict),
    };
  }

  /**
   * What `access` allows has changed: open connections and peers that it denies now are reset, and their guests, which
   * live on, are told. Where it allows no network at all, the sockets of the private loopback go as well.
   */
  recheck(access: GuestAccess): void {
    for (const outside of this.#outside) {
      const { guest, remote, protocol } = outside;
      if (guest.access !== access) continue;
      const decision = this.#decideEgress(access, remote, protocol);
      if (decision.isAllowed) continue;
      this.deny(guest.label, egressDenial(protocol === "tcp" ? "tcp-connect" : "udp-send", remote, decision));
      // Its system socket goes now; what its guest still holds goes with the guest.
      this.#outside.delete(outside);
      outside.revoke();
    }
    if (access.off === undefined) return;
    for (const guest of this.#guests.toArray()) {
      if (guest.access === access) guest.release("reset");
    }
  }

  /** Reports to the operator that something of a guest was denied. */
  deny(label: GuestLabel, denial: Denial): void {
    this.#denials.report(label, denial);
  }

  /** TCP ports of the private loopback that something listens on, in order. */
  get listening(): readonly number[] {
    return this.#loopback.listening;
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
    for (const guest of this.#guests.toArray()) guest.release("reset");
    for (const { end } of this.#outside) end("reset");
    this.#denials.close();
  }

  #decideEgress(access: GuestAccess, remote: SocketAddress, protocol: EgressProtocol): EgressDecision {
    const { egress } = this.#options;
    if (egress === undefined) {
      return { isAllowed: false, rule: "there is no way out of this workload", decision: "off" };
    }
    if (protocol === "udp" && egress.openUdp === undefined) {
      return { isAllowed: false, rule: "there is no way out of this workload for UDP", decision: "off" };
    }
    return access.decide(remote, protocol);
  }

  #dialEgress(
    guest: GuestNetwork,
    dial: Omit<DialEgressOptions, "clock" | "counters">,
  ): ConnectAttempt | undefined {
    const { egress, clock, counters } = this.#options;
    if (egress === undefined) throw new TypeError("Cannot dial: there is no egress, expected a denial before");
    const releaseSlot = this.#takeConnection(guest.label);
    if (releaseSlot === undefined) return undefined;
    this.#options.onReach?.(guest.label, { protocol: "tcp", remote: dial.remote, where: "outside" });
    const attempt = egress.dial({
      ...dial,
      clock,
      counters,
      onReleased: () => {
        releaseSlot();
        this.#outside.delete(outside);
        dial.onReleased();
      },
    });
    const outside: Outside = {
      guest,
      remote: dial.remote,
      protocol: "tcp",
      end: (how) => attempt.abandon(how),
      revoke: () => attempt.revoke(),
    };
    this.#outside.add(outside);
    return attempt;
  }

  #openUdp(guest: GuestNetwork, open: Omit<OpenUdpOptions, "clock" | "counters">): EgressUdp | undefined {
    const { egress, clock, counters } = this.#options;
    if (egress?.openUdp === undefined) {
      throw new TypeError("Cannot send: there is no egress for UDP, expected a denial before");
    }
    const releaseSlot = this.#takeConnection(guest.label);
    if (releaseSlot === undefined) return undefined;
    this.#options.onReach?.(guest.label, { protocol: "udp", remote: open.remote, where: "outside" });
    const peer = egress.openUdp({
      ...open,
      clock,
      counters,
      onReleased: () => {
        releaseSlot();
        this.#outside.delete(outside);
        open.onReleased();
      },
    });
    const outside: Outside = {
      guest,
      remote: open.remote,
      protocol: "udp",
      end: (how) => peer.end(how),
      revoke: () => {
        open.onFailed("access-denied");
        peer.end("reset");
      },
    };
    this.#outside.add(outside);
    return peer;
  }

  #takeConnection(label: GuestLabel): (() => void) | undefined {
    const release = this.#connections.take();
    if (release !== undefined) return release;
    if (this.#connections.isFull) {
      this.#limited(label, "connections", `the workload has ${this.#connections.taken} connections, as many as it may`);
    } else {
      const all = this.#options.totals?.connections.taken ?? 0;
      this.#limited(label, "processConnections", `all workloads together have ${all} connections, as many as they may`);
    }
    return undefined;
  }

  #limited(label: GuestLabel, limit: LimitName, detail: string): void {
    this.#options.onLimit?.(label, limit, detail);
  }

  #opening(guest: GuestNetwork, kind: SocketKind): boolean {
    if (kind !== "accepted") {
      if (this.#isClosed) return false;
      const open = this.#openSockets[guest.role];
      const ownMax = Number.isFinite(guest.socketsMax) ? guest.socketsMax : 0;
      if (open >= Math.max(OPEN_SOCKETS_MAX, ownMax)) {
        const whose = guest.role === "service" ? "the service has" : "the workload with all its components has";
        this.#limited(guest.label, "sockets", `${whose} ${open} sockets open, as many as it may`);
        return false;
      }
      this.#openSockets[guest.role]++;
    }
    this.#options.counters.add(kind === "udp" ? "udpSockets" : "tcpSockets", 1);
    guest.entry ??= new ListEntry(guest);
    if (guest.entry.list === undefined) this.#guests.append(guest.entry);
    return true;
  }

  #closed(guest: GuestNetwork, kind: SocketKind): void {
    if (kind !== "accepted") this.#openSockets[guest.role]--;
    this.#options.counters.add(kind === "udp" ? "udpSockets" : "tcpSockets", -1);
    if (guest.openSockets === 0 && guest.entry !== undefined) this.#guests.remove(guest.entry);
  }
}
