/**
 * One workload's network with a service and a component, as the contract of UDP (`udp_contract.ts`) drives it. The core
 * and the host classes each give a driver, so that one table of cases holds for both.
 */
import assert from "node:assert/strict";
import { formatSocketAddress, type IpFamily } from "../../src/base/ip_address.ts";
import type { GuestRole } from "../../src/network/access.ts";
import type { NetworkAccess } from "./guest_access.ts";
import { accessOf, boundsOf } from "./guest_access.ts";
import type { GuestNetwork } from "../../src/network/guest_network.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import type { GatewayEvent, GuestLabel } from "../../src/telemetry/events.ts";
import { LIVE_KINDS, LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeClock } from "./fake_clock.ts";
import { type Code, expectValue, familyOf } from "./tcp_bench.ts";
import { UdpOutside } from "./udp_outside.ts";

export const ROLES = ["component", "service"] as const satisfies readonly GuestRole[];

/** What is sent: its text, or so many bytes, and to whom unless the stream says it. */
export type Sent = readonly [data: string | number, to?: string | undefined];

/** A socket under test. Addresses are text; errors are codes. */
export interface DrivenUdp {
  startBind(address: string): Code;
  finishBind(): Code;
  stream(remote?: string): DrivenUdpStreams | string;
  /** The address, or the error code. */
  local(): string;
  remote(): string;
  family(): string;
  get(option: UdpOption): bigint;
  set(option: UdpOption, value: bigint): Code;
  isReady(): boolean;
  drop(): void;
}

export type UdpOption = "hopLimit" | "receiveBuffer" | "sendBuffer";

export interface DrivenUdpStreams {
  readonly incoming: DrivenIncoming;
  readonly outgoing: DrivenOutgoing;
  /** Drops both. */
  readonly drop: () => void;
}

export interface DrivenIncoming {
  /** "text < sender" of each datagram ("12 bytes < sender" of one over 100 bytes), or the error code. */
  receive(datagramsMax?: number): string[] | string;
  isReady(): boolean;
  /** Resolves when a wait on the stream ends. */
  whenReady(): Promise<void>;
}

export interface DrivenOutgoing {
  permit(): number | string;
  /** Asks for a permit before; how many were sent, or the error code. */
  send(...datagrams: readonly Sent[]): number | string;
  isReady(): boolean;
  whenReady(): Promise<void>;
}

export interface UdpDriver {
  /** Made once for each guest. */
  open(guest: GuestNetwork, bench: UdpBench): { create(family: IpFamily): DrivenUdp | string };
}

export interface UdpBenchOptions {
  /** Of the workload and of each guest; no bounds of their own by default. */
  readonly connectionsMax?: number;
  readonly socketsMax?: number;
  readonly driver: UdpDriver;
  readonly access?: NetworkAccess;
  /** What UDP may reach outside, as text; nothing by default. */
  readonly allowed?: readonly string[];
  /** False: there is an egress, but without a way for UDP. */
  readonly hasUdpEgress?: boolean;
}

export type Opened = DrivenUdpStreams & { readonly socket: DrivenUdp };

export class UdpBench {
  readonly clock = new FakeClock();
  readonly counters = new LiveCounters();
  readonly events: GatewayEvent[] = [];
  /** The limits that were met, as "role limit". */
  readonly limited: string[] = [];
  readonly outside = new UdpOutside();
  /** What the policy was asked about. */
  readonly asked: string[] = [];
  readonly network: WorkloadNetwork;
  readonly guests: Readonly<Record<GuestRole, GuestNetwork>>;
  readonly #made: Readonly<Record<GuestRole, { create(family: IpFamily): DrivenUdp | string }>>;

  constructor({ driver, access = "default", allowed = [], hasUdpEgress = true, ...rest }: UdpBenchOptions) {
    const bounds = boundsOf(rest);
    this.network = new WorkloadNetwork({
      workload: "demo",
      clock: this.clock,
      counters: this.counters,
      emit: (event) => this.events.push(event),
      onLimit: (guest, limit) => this.limited.push(`${guest?.role} ${limit}`),
      ...bounds.workload,
      egress: {
        dial: () => assert.fail("no TCP is expected"),
        ...(hasUdpEgress ? { openUdp: this.outside.open } : {}),
      },
    });
    const guestAccess = accessOf(access, (remote, protocol) => {
      this.asked.push(`${protocol} ${formatSocketAddress(remote)}`);
      return { isAllowed: allowed.includes(formatSocketAddress(remote)), rule: "the test's list" };
    });
    const label = (role: GuestRole): GuestLabel => ({ workload: "demo", role });
    this.guests = {
      service: this.network.openGuest("service", label("service"), { access: guestAccess, ...bounds.guest }),
      component: this.network.openGuest("component", label("component"), { access: guestAccess, ...bounds.guest }),
    };
    this.#made = {
      service: driver.open(this.guests.service, this),
      component: driver.open(this.guests.component, this),
    };
  }

  tryCreate(role: GuestRole, family: IpFamily = "ipv4"): DrivenUdp | string {
    return this.#made[role].create(family);
  }

  create(role: GuestRole, family: IpFamily = "ipv4"): DrivenUdp {
    return expectValue(this.tryCreate(role, family));
  }

  bind(role: GuestRole, address: string): DrivenUdp {
    const socket = this.create(role, familyOf(address));
    assert.equal(socket.startBind(address), undefined);
    assert.equal(socket.finishBind(), undefined);
    return socket;
  }

  /** A bound socket with its streams. */
  open(role: GuestRole, address: string, remote?: string): Opened {
    const socket = this.bind(role, address);
    return { socket, ...expectValue(socket.stream(remote)) };
  }

  /** The denials that were reported, as "operation target". */
  get denials(): string[] {
    return this.events.flatMap((event) => (event.kind === "denied" ? [`${event.operation} ${event.target}`] : []));
  }

  /** Everything ends, and nothing is left anywhere. */
  assertIdleAfterRelease(): void {
    this.guests.service.release("close");
    this.guests.component.release("reset");
    this.assertIdle();
  }

  assertIdle(): void {
    assert.deepEqual(this.network.usage, { sockets: 0, ports: 0, connections: 0, bytes: 0 });
    // What the guest's handles count (streams, pollables) goes with the guest, which a test of the core has none of.
    for (const kind of LIVE_KINDS) {
      if (kind !== "streams" && kind !== "pollables") assert.equal(this.counters.get(kind), 0, kind);
    }
    assert.equal(this.clock.timersArmed, 0);
    assert.equal(this.outside.held, 0);
  }
}
