/** The bounds of the listener. Each names the attack it stops and why that number. */

/** Every bound of the listener; tests make them small. */
export interface ListenerLimits {
  /** Open connections; more are refused at accept. Stops a client from using up the file descriptors (10,000 fit below usual hard limits). */
  readonly connectionsMax: number;
  /** Request line and header together (431 past it). Stops memory by huge headers; browsers and proxies stay below 16 KiB. */
  readonly headerBytesMax: number;
  /** How long a client may take to send its header (408). Stops slow-header attacks that keep connections half open. */
  readonly headersTimeoutMs: number;
  /** How long it may take to send the whole request (408). Stops slow bodies; five minutes let 1 GiB pass at 4 MiB/s. */
  readonly requestTimeoutMs: number;
  /** How long a connection is kept without a request. Stops idle connections from filling `connectionsMax`. */
  readonly keepAliveTimeoutMs: number;
  /** How long a response may wait for a client that does not read, also when its guest is done. Stops slow readers from keeping instances and connections. */
  readonly responseStallTimeoutMs: number;
  /** Request body bytes held for a guest that has not read them, chunks counted as 64 at least. One window: what a fast client may be ahead of its guest. */
  readonly bodyWindowBytes: number;
  /** Body bytes read and thrown away after an answer that did not want them, before the connection is closed instead. */
  readonly discardBytesMax: number;
  /** Requests of a connection that wait behind the one being served, before it is not read any more. Stops pipelining floods; clients that pipeline at all send a few. */
  readonly aheadRequestsMax: number;
  /** The same over all connections, past which the one that sends is cut: one read can hold 2,500 requests, at 3 KB each in memory. */
  readonly aheadRequestsTotalMax: number;
  /** Open streams of a connection of HTTP/2; more are refused, to be tried again. Stops one connection from holding all instances; browsers open as many as they get, and ask for a hundred. */
  readonly streamsMax: number;
  /** The same over all connections. Stops what each stream may hold, a window of its request and a piece of its answer, from being a hundred times that of each connection. */
  readonly streamsTotalMax: number;
  /** How long a connection is still read after its last answer, so that what comes does not reset the answer on its way. */
  readonly lingerMs: number;
  /** How long `close` lets requests in flight finish. */
  readonly drainTimeoutMs: number;
}

/** What a gateway runs with. */
export const LISTENER_LIMITS: ListenerLimits = {
  connectionsMax: 10_000,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 5_000,
  responseStallTimeoutMs: 60_000,
  bodyWindowBytes: 64 * 1024,
  discardBytesMax: 1024 * 1024,
  aheadRequestsMax: 16,
  aheadRequestsTotalMax: 16_384,
  streamsMax: 100,
  streamsTotalMax: 10_000,
  lingerMs: 2_000,
  drainTimeoutMs: 10_000,
};
