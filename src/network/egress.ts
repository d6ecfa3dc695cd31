/** How the core reaches the outside: a dialler that is handed in, so that tests need no real network. */
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { HttpClient, HttpClientOptions } from "./http_client.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { ConnectAttempt, EndKind } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";
import type { SocketOptions } from "./socket_options.ts";

/** Where to connect, with what, and whom to tell. */
export interface DialEgressOptions {
  /** A judged address, never a name. */
  readonly remote: SocketAddress;
  /** The socket's, live: a later change acts where it can. */
  readonly options: TcpOptions;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** The outcome is known now. */
  readonly onOutcome: () => void;
  /**
   * Called once: the attempt was given up, or its connection ended or lost its last handle, and nothing is held
   * any more. A connection that was closed is released when its last bytes are out.
   */
  readonly onReleased: () => void;
}

/** A connection to the outside, on its way or open. */
export interface EgressAttempt extends ConnectAttempt {
  /**
   * It is not allowed any more: it is reset at once, and its guest, which lives on, is told. A connect that is under way
   * fails with `access-denied`; of an open connection what was received can be read, then it was reset. Idempotent.
   */
  revoke(): void;
}

/** Starts a connection to the outside; it never throws for what the network does. */
export type DialEgress = (options: DialEgressOptions) => EgressAttempt;

/** For which peer, with what, and whom to tell. Nothing is called before `openUdp` has returned. */
export interface OpenUdpOptions {
  /** A judged address, never a name. */
  readonly remote: SocketAddress;
  /** The guest socket's, live. */
  readonly options: SocketOptions;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** A datagram of that peer and of nobody else; the callee owns it. */
  readonly onDatagram: (data: Uint8Array) => void;
  /** A datagram could not be sent or was refused, or nothing can be sent at all; then `onReleased` follows. */
  readonly onFailed: (code: SocketErrorCode) => void;
  /** The system took a datagram: `unsentBytes` is less. */
  readonly onSent: () => void;
  /** Called once: no system socket is held any more. */
  readonly onReleased: () => void;
}

/** The way to one UDP peer outside. */
export interface EgressUdp {
  /** What the system has not taken yet, `DATAGRAM_COST_BYTES` for each datagram included. */
  readonly unsentBytes: number;
  /** Sends a copy, in order. Never throws for what the network does. */
  send(data: Uint8Array): void;
  /** The hop limit changed. */
  optionsChanged(): void;
  /** "close" first sends what was handed over, "reset" drops it. Idempotent. */
  end(how: EndKind): void;
}

/** Opens the way to a peer; it never throws for what the network does. */
export type OpenUdp = (options: OpenUdpOptions) => EgressUdp;

/** What a guest's requests need of a client. */
export type GuestHttpClient = Pick<HttpClient, "send" | "recheck" | "reset" | "destroy">;

/** The way out. Nothing is dialled or sent that the guest's `GuestAccess` has not judged. */
export interface Egress {
  readonly dial: DialEgress;
  /**
   * Where the system is to connect to for a judged address, in wasi:http; without it: there. Tests lead it to servers
   * of their own.
   */
  readonly locate?: (judged: SocketAddress) => SocketAddress;
  /**
   * Sends the requests of one guest; without it `HttpClient` does. What it is given judges each target (`dial`), so that a
   * test which answers requests by itself asks the policy all the same.
   */
  readonly openHttpClient?: (options: HttpClientOptions, label: GuestLabel) => GuestHttpClient;
  /** Without it UDP to the outside is denied, and nobody is asked about it. */
  readonly openUdp?: OpenUdp;
}
