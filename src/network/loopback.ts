/**
 * The private loopback of one workload: its ports, its listeners, the connections between them and their limits.
 * It is a plain object in memory; no operating-system socket is ever opened for it.
 */
import type { Clock } from "../base/clock.ts";
import { type IpFamily, isUnspecified, LOOPBACK_V4, LOOPBACK_V6, type SocketAddress } from "../base/ip_address.ts";
import { WaitList } from "../base/waitable.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { ByteBudget } from "./byte_budget.ts";
import type { ByteTotal } from "./byte_total.ts";
import { openLoopbackConnection } from "./loopback_connection.ts";
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN, type PortHold, PortTable } from "./port_table.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { ConnectAttempt, EndKind, TcpConnection } from "./tcp_connection.ts";
import type { TcpListener, WaitingClient } from "./tcp_listener.ts";
import type { TcpOptions } from "./tcp_options.ts";
import { UdpLoopback } from "./udp_loopback.ts";

/** Stops a guest from holding buffers and objects without end; a thousand at once is what one busy route needs. */
const CONNECTIONS_MAX = 1024;
/** Stops a thousand connections at 2 MiB each way from taking the process's memory. */
const IN_FLIGHT_BYTES_MAX = 64 * 1024 * 1024;
/** How long a client waits for room in a full backlog: what Linux's six SYN retries come to. */
export const CONNECT_TIMEOUT_MS = 127_000;

/** What the loopback needs of the world: time, counters and randomness. */
export interface LoopbackOptions {
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** A number from 49152 to 65535; the default is random. */
  readonly randomPort?: () => number;
  /** Bytes in flight of all workloads; without it there are no others. */
  readonly total?: ByteTotal | undefined;
}

/** A connect from a held port to a loopback address. */
export interface DialLoopbackOptions {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly options: TcpOptions;
  /** The outcome is known now. */
  readonly onOutcome: () => void;
  /** Called once: the attempt was given up, or the client's end is gone. */
  readonly onReleased: () => void;
}

/** A TCP port that a socket holds. */
export type TcpPortHold = PortHold<TcpListener>;

/** Ports, listeners and connections of one workload. Who holds something of it releases it. */
export class Loopback {
  /** The datagrams of the same loopback: ports of their own, but one bound on the bytes in flight. */
  readonly udp: UdpLoopback;
  readonly #clock: Clock;
  readonly #counters: LiveCounters;
  readonly #ports: Readonly<Record<IpFamily, PortTable<TcpListener>>>;
  readonly #budget: ByteBudget;
  /** Those with a client that waits, in the order in which they began to have one. */
  readonly #crowded = new Set<TcpListener>();
  readonly #listening = new Map<number, WaitList>();
  #connections = 0;

  constructor({ clock, counters, randomPort = randomEphemeralPort, total }: LoopbackOptions) {
    this.#budget = new ByteBudget(IN_FLIGHT_BYTES_MAX, total);
    this.#clock = clock;
    this.#counters = counters;
    this.#ports = { ipv4: new PortTable(randomPort), ipv6: new PortTable(randomPort) };
    this.udp = new UdpLoopback({ budget: this.#budget, randomPort });
  }

  /** Ports, connections and bytes that are held now; all zero after every test. */
  get usage(): { readonly ports: number; readonly connections: number; readonly bytes: number } {
    return {
      ports: this.#ports.ipv4.size + this.#ports.ipv6.size + this.udp.ports,
      connections: this.#connections,
      bytes: this.#budget.used,
    };
  }

  /** undefined when the port is taken. */
  hold(address: SocketAddress): TcpPortHold | undefined {
    return this.#ports[address.address.family].hold(address);
  }

  startListening(hold: TcpPortHold, listener: TcpListener): void {
    hold.listener = listener;
    this.#listening.get(hold.address.port)?.wakeAll();
  }

  stopListening(hold: TcpPortHold): void {
    const { listener } = hold;
    if (listener === undefined) return;
    hold.listener = undefined;
    this.#crowded.delete(listener);
    listener.close();
  }

  /** Ports that something listens on, in order. */
  get listening(): readonly number[] {
    const ports = new Set([...this.#ports.ipv4.listening(), ...this.#ports.ipv6.listening()]);
    return [...ports].toSorted((a, b) => a - b);
  }

  isListening(port: number): boolean {
    return this.#ports.ipv4.isListening(port) || this.#ports.ipv6.isListening(port);
  }

  /** Calls `wake` once, soon after something listens on `port`; soon when something already does. */
  onListening(port: number, wake: () => void): () => void {
    const waiting = this.#listening.get(port) ?? new WaitList();
    this.#listening.set(port, waiting);
    const forgetEmpty = (): void => {
      if (waiting.size === 0 && this.#listening.get(port) === waiting) this.#listening.delete(port);
    };
    const cancel = waiting.add(() => {
      forgetEmpty();
      wake();
    });
    if (this.isListening(port)) waiting.wakeAll();
    return () => {
      cancel();
      forgetEmpty();
    };
  }

  /** There may be room in `listener`'s backlog again: an accept, or a larger backlog. */
  admitTo(listener: TcpListener): void {
    while (listener.hasRoom && this.#connections < CONNECTIONS_MAX) {
      const client = listener.firstWaiting;
      if (client === undefined) {
        this.#crowded.delete(listener);
        return;
      }
      listener.removeWaiting(client);
      client.admit();
    }
  }

  /** Connected once it is in the backlog, before anybody accepts it. */
  dial(options: DialLoopbackOptions): ConnectAttempt {
    const listener = this.#ports[options.remote.address.family].listenerAt(options.remote);
    const attempt = new LoopbackAttempt(options);
    if (listener === undefined) {
      attempt.settle("connection-refused");
    } else if (listener.hasRoom && listener.firstWaiting === undefined && this.#connections < CONNECTIONS_MAX) {
      attempt.settle(this.#connect(listener, options));
    } else {
      this.#wait(listener, options, attempt);
    }
    return attempt;
  }

  #wait(listener: TcpListener, options: DialLoopbackOptions, attempt: LoopbackAttempt): void {
    const stop = (): void => {
      cancelTimer();
      this.#counters.add("timers", -1);
      listener.removeWaiting(client);
    };
    const settle = (outcome: TcpConnection | SocketErrorCode): void => {
      stop();
      attempt.settle(outcome);
    };
    const client: WaitingClient = {
      admit: () => settle(this.#connect(listener, options)),
      refuse: () => settle("connection-refused"),
    };
    const cancelTimer = this.#clock.startTimer(CONNECT_TIMEOUT_MS, () => settle("timeout"));
    this.#counters.add("timers", 1);
    attempt.stopWaiting = stop;
    listener.addWaiting(client);
    this.#crowded.add(listener);
  }

  #connect(listener: TcpListener, { local, remote, options, onReleased }: DialLoopbackOptions): TcpConnection {
    this.#connections++;
    this.#counters.add("loopbackConnections", 1);
    const { client, server } = openLoopbackConnection({
      budget: this.#budget,
      clientAddress: local,
      serverAddress: remote,
      clientOptions: options,
      serverOptions: listener.options,
      onEnded: () => this.#connectionEnded(),
    });
    client.onReleased = onReleased;
    listener.push(server);
    return client;
  }

  #connectionEnded(): void {
    this.#connections--;
    this.#counters.add("loopbackConnections", -1);
    // The one that is served goes to the end of the line, so that no listener waits for ever behind another.
    for (const listener of this.#crowded) {
      if (this.#connections >= CONNECTIONS_MAX) return;
      if (!listener.hasRoom) continue;
      this.#crowded.delete(listener);
      this.admitTo(listener);
      if (listener.firstWaiting !== undefined) this.#crowded.add(listener);
    }
  }
}

/** What a wildcard-bound or unbound client of the loopback has as its own address. */
export function loopbackAddressOf(family: IpFamily): SocketAddress["address"] {
  return family === "ipv4" ? LOOPBACK_V4 : LOOPBACK_V6;
}

/** The local address that a client bound to `bound` connects from. */
export function clientAddressFor({ address, port }: SocketAddress): SocketAddress {
  return isUnspecified(address) ? { address: loopbackAddressOf(address.family), port } : { address, port };
}

class LoopbackAttempt implements ConnectAttempt {
  /** Ends the wait for room. */
  stopWaiting: (() => void) | undefined;
  readonly #options: DialLoopbackOptions;
  #outcome: TcpConnection | SocketErrorCode | undefined;
  #isAbandoned = false;

  constructor(options: DialLoopbackOptions) {
    this.#options = options;
  }

  outcome(): TcpConnection | SocketErrorCode | undefined {
    return this.#outcome;
  }

  settle(outcome: TcpConnection | SocketErrorCode): void {
    this.#outcome = outcome;
    this.#options.onOutcome();
  }

  abandon(how: EndKind): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    if (typeof this.#outcome === "object") {
      this.#outcome.end(how);
      return;
    }
    if (this.#outcome === undefined) this.stopWaiting?.();
    this.#outcome = "connection-aborted";
    this.#options.onReleased();
  }
}

/** Drawn many at a time: asking the system for each was half the cost of a connection. */
const randomNumbers = new Uint16Array(512);
let randomNumbersLeft = 0;

function randomEphemeralPort(): number {
  if (randomNumbersLeft === 0) {
    crypto.getRandomValues(randomNumbers);
    randomNumbersLeft = randomNumbers.length;
  }
  randomNumbersLeft--;
  // The range is a power of two long, so the remainder is as random as the number.
  return EPHEMERAL_PORT_MIN + ((randomNumbers[randomNumbersLeft] ?? 0) % (EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1));
}
