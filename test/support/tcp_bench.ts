/**
 * One workload's network with a service and a component, as the contract of TCP (`tcp_contract.ts`) drives it.
 * The core and the host classes each give a driver, so that one table of cases holds for both.
 */
import assert from "node:assert/strict";
import { type IpFamily, parseIpAddress, type SocketAddress } from "../../src/base/ip_address.ts";
import type { GuestRole } from "../../src/network/access.ts";
import type { NetworkAccess } from "./guest_access.ts";
import { accessOf, boundsOf } from "./guest_access.ts";
import type { DialEgress } from "../../src/network/egress.ts";
import type { GuestNetwork } from "../../src/network/guest_network.ts";
import { type NetworkTotals, WorkloadNetwork } from "../../src/network/workload_network.ts";
import type { GatewayEvent, GuestLabel } from "../../src/telemetry/events.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeClock } from "./fake_clock.ts";

/** An error code, or `fallback` when there was none. */
export type Code = string | undefined;

export type TcpOption =
  | "backlog"
  | "keepAliveEnabled"
  | "keepAliveIdle"
  | "keepAliveInterval"
  | "keepAliveCount"
  | "hopLimit"
  | "receiveBuffer"
  | "sendBuffer";

/** A socket under test. Addresses are text; errors are codes. */
export interface DrivenSocket {
  startBind(address: string): Code;
  finishBind(): Code;
  startConnect(address: string): Code;
  finishConnect(): DrivenStreams | string;
  startListen(): Code;
  finishListen(): Code;
  accept(): (DrivenStreams & { readonly socket: DrivenSocket }) | string;
  /** The address, or the error code. */
  local(): string;
  remote(): string;
  isListening(): boolean;
  family(): string;
  get(option: Exclude<TcpOption, "backlog">): bigint;
  set(option: TcpOption, value: bigint): Code;
  isReady(): boolean;
  /** Resolves when a wait on the socket ends. */
  whenReady(): Promise<void>;
  shutdown(how: "receive" | "send" | "both"): Code;
  drop(): void;
}

export interface DrivenStreams {
  readonly input: DrivenInput;
  readonly output: DrivenOutput;
}

export interface DrivenInput {
  /** The text read, "" when nothing is there, "closed", or "failed: <network-error-code>". */
  read(bytesMax?: number): string;
  isReady(): boolean;
  drop(): void;
}

export interface DrivenOutput {
  /** The permit, "closed", or "failed: <network-error-code>". */
  permit(): number | string;
  /** Asks for a permit and writes all of `text`. */
  write(text: string): Code;
  isReady(): boolean;
  drop(): void;
}

export interface TcpDriver {
  /** Made once for each guest. */
  open(guest: GuestNetwork, bench: TcpBench): { create(family: IpFamily): DrivenSocket | string };
}

export interface BenchOptions {
  /** Of the workload and of each guest; no bounds of their own by default. */
  readonly connectionsMax?: number;
  readonly socketsMax?: number;
  readonly driver: TcpDriver;
  /** What it shares with other workloads. */
  readonly totals?: NetworkTotals;
  readonly access?: NetworkAccess;
  /** What may be reached outside, as text, and how; by default nothing. */
  readonly egress?: { readonly allowed: readonly string[]; readonly dial: DialEgress };
}

export class TcpBench {
  readonly clock = new FakeClock();
  readonly counters = new LiveCounters();
  readonly events: GatewayEvent[] = [];
  /** The limits that were met, as "role limit". */
  readonly limited: string[] = [];
  readonly network: WorkloadNetwork;
  readonly guests: Readonly<Record<GuestRole, GuestNetwork>>;
  readonly #made: Readonly<Record<GuestRole, { create(family: IpFamily): DrivenSocket | string }>>;

  constructor({ driver, totals, access = "default", egress, ...rest }: BenchOptions) {
    const bounds = boundsOf(rest);
    this.network = new WorkloadNetwork({
      workload: "demo",
      clock: this.clock,
      counters: this.counters,
      emit: (event) => this.events.push(event),
      onLimit: (guest, limit) => this.limited.push(`${guest?.role} ${limit}`),
      totals,
      ...bounds.workload,
      ...(egress === undefined ? {} : {
        egress: { dial: egress.dial },
      }),
    });
    const guestAccess = accessOf(
      access,
      (remote) => ({ isAllowed: egress?.allowed.includes(text(remote)) === true, rule: "the test's list" }),
    );
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

  tryCreate(role: GuestRole, family: IpFamily = "ipv4"): DrivenSocket | string {
    return this.#made[role].create(family);
  }

  create(role: GuestRole, family: IpFamily = "ipv4"): DrivenSocket {
    return expectValue(this.tryCreate(role, family));
  }

  bind(role: GuestRole, address: string): DrivenSocket {
    const socket = this.create(role, familyOf(address));
    assert.equal(socket.startBind(address), undefined);
    assert.equal(socket.finishBind(), undefined);
    return socket;
  }

  listen(address: string, backlog?: number): DrivenSocket {
    const socket = this.bind("service", address);
    if (backlog !== undefined) assert.equal(socket.set("backlog", BigInt(backlog)), undefined);
    assert.equal(socket.startListen(), undefined);
    assert.equal(socket.finishListen(), undefined);
    return socket;
  }

  /** A started connect. */
  dial(address: string, role: GuestRole = "component"): DrivenSocket {
    const socket = this.create(role, familyOf(address));
    assert.equal(socket.startConnect(address), undefined);
    return socket;
  }

  connect(address: string, role: GuestRole = "component"): DrivenStreams & { readonly socket: DrivenSocket } {
    const socket = this.dial(address, role);
    return { socket, ...expectValue(socket.finishConnect()) };
  }

  /** A client of the component and the service's side of it. */
  pair(address = "127.0.0.1:7777") {
    const listener = this.listen(address);
    const client = this.connect(address);
    const server = expectValue(listener.accept());
    return { listener, client, server };
  }

  /** Everything ends, and nothing is left anywhere. */
  assertIdleAfterRelease(): void {
    this.guests.service.release("close");
    this.guests.component.release("close");
    this.assertIdle();
  }

  assertIdle(): void {
    assert.deepEqual(this.network.usage, { sockets: 0, ports: 0, connections: 0, bytes: 0 });
    for (const kind of ["tcpSockets", "loopbackConnections", "egressConnections", "timers"] as const) {
      assert.equal(this.counters.get(kind), 0, kind);
    }
    assert.equal(this.clock.timersArmed, 0);
  }

  /** The denials that were reported, as "operation target". */
  get denials(): string[] {
    return this.events.flatMap((event) => (event.kind === "denied" ? [`${event.operation} ${event.target}`] : []));
  }
}

/** "127.0.0.1:80" or "[::1]:80". */
export function parseAddress(address: string): SocketAddress {
  const [, host = "", port = ""] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(address) ?? [];
  const ip = parseIpAddress(host);
  assert.ok(ip, `a test's address: ${address}`);
  return { address: ip, port: Number(port) };
}

export function familyOf(address: string): IpFamily {
  return parseAddress(address).address.family;
}

export function expectValue<T extends object>(answer: T | string): T {
  if (typeof answer === "string") assert.fail(`the error ${answer}`);
  return answer;
}

function text({ address, port }: SocketAddress): string {
  return address.family === "ipv4" ? `${address.bytes.join(".")}:${port}` : `v6:${port}`;
}
