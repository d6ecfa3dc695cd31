/** How the resolver reaches a name server: channels that are handed in, so that tests need no real network. */
import type { SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/** Datagrams first, a stream for what does not fit or may be forged. */
export type DnsChannelKind = "udp" | "tcp";

/** Whom to talk to, and whom to tell. No callback runs before `OpenDnsChannel` has returned, and none after `close`. */
export interface OpenDnsChannelOptions {
  readonly kind: DnsChannelKind;
  readonly server: SocketAddress;
  /** Counts `resolverSockets` until the system has closed the socket. */
  readonly counters: LiveCounters;
  /** A whole message that came from `server` itself. */
  readonly onMessage: (bytes: Uint8Array) => void;
  /** Nothing more will come; at most once. */
  readonly onFailed: (reason: string) => void;
}

/** One socket of its own, from a port of its own. */
export interface DnsChannel {
  /** Sends one message, once there is a connection. */
  send(message: Uint8Array): void;
  /** Exactly once, also after `onFailed`. */
  close(): void;
}

/** Opens a channel; it never throws for what the network does. */
export type OpenDnsChannel = (options: OpenDnsChannelOptions) => DnsChannel;
