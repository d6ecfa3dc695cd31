/** The words of the HTTP client: what is sent, what comes back. Structurally those of the host's exchange. */
import type { ByteSource } from "../base/byte_stream.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { Waitable } from "../base/waitable.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import type { TcpConnection } from "./tcp_connection.ts";

/** Field lines in their order; values are raw bytes. */
export type HttpFields = readonly (readonly [name: string, value: Uint8Array])[];

/** Where a request goes. What was judged, dialled, sent as Host and checked in the certificate is this and nothing else. */
export interface HttpTarget {
  readonly scheme: "http" | "https";
  /** A name (ASCII, lower case), an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string;
  /** 1 to 65535, the scheme's default filled in. */
  readonly port: number;
}

/** A request as `HttpClient.send` takes it. */
export interface HttpRequest extends HttpTarget {
  readonly method: string;
  /** Path and query; "" is "/". */
  readonly path: string;
  /**
   * Without fields of the connection (`host`, `connection`, `transfer-encoding`...), at most one content-length.
   * The body must then have exactly that length; without one it is sent chunked.
   */
  readonly headers: HttpFields;
  /** Read to its end, or disposed. undefined: no body. */
  readonly body: ByteSource | undefined;
  /**
   * Asked once, after the body read "closed". Given only when trailers may come: such a request has a connection of its
   * own (`http_wire_node.ts`), and one with a content-length loses them, because only chunked bodies have trailers.
   */
  readonly trailers?: () => HttpFields | undefined;
  /**
   * The CDN-Loop values of the request that is being answered while this one is made, if there is one. A guest need not
   * pass them on by itself, so whoever runs it does (`http_cdn_loop.ts`).
   */
  readonly incomingCdnLoop?: readonly Uint8Array[];
  /** Each undefined one is the client's own limit, which also is the longest there is. */
  readonly connectTimeoutMs?: number | undefined;
  readonly firstByteTimeoutMs?: number | undefined;
  readonly betweenBytesTimeoutMs?: number | undefined;
}

/** The final answer; 1xx are skipped. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HttpFields;
  /** Reads "closed" after the last byte, else once a failure with `httpCode`. Disposing it early ends the connection. */
  readonly body: ByteSource;
  /** What followed the body; known once it has read "closed". */
  trailers(): HttpFields | undefined;
}

/** A request under way. Ready when `result()` would return something. */
export interface PendingExchange extends Waitable {
  /** undefined while it is under way; afterwards always the same. */
  result(): HttpAnswer | { readonly failed: HttpFailure } | undefined;
  /** Nobody wants it any more: cancels it, the answer's body included. Idempotent. */
  dispose(): void;
}

/**
 * What `dial` found: addresses that were judged, in the order in which to try them; a connection on the private loopback,
 * which then is the client's; or why not.
 */
export type DialOutcome =
  | { readonly addresses: readonly SocketAddress[] }
  | { readonly connection: TcpConnection }
  | { readonly failed: HttpFailure };

/** Judges and resolves `target`. `signal` aborts when nobody waits any more. Must not reject. */
export type DialHttp = (target: HttpTarget, signal: AbortSignal) => Promise<DialOutcome>;

/** Whether a target may still be used; with `address`, over a connection to it. Without it none is known, or it is the private loopback. */
export type RecheckHttp = (target: HttpTarget, address: SocketAddress | undefined) => boolean;

/** Whether a connection that was opened for `target` earlier may still be used. Pure and cheap. */
export type StillAllowed = (target: HttpTarget, address: SocketAddress) => boolean;
