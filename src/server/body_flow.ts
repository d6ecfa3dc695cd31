/**
 * How the body of a request holds its connection back. The socket is held, and not the stream of the request: what the parser
 * finds in a piece that was read already goes on to `RequestBody`, which keeps bytes, where a stream keeps an object for each
 * chunk, some 500 bytes for one of one byte.
 */

/** The connection, as the body of its request sees it. */
export interface BodyFlow {
  /** Nothing more is read, up to `releaseBody`. What was read already still comes. Idempotent. */
  holdBody(): void;
  /** Reads on, where reading it is dear when it has its turn. Idempotent. */
  releaseBody(): void;
  /** So many bytes have come in one part: of many small ones reading is dear. */
  countPart(bytes: number): void;
  /** Breaks off what carries the request. Not only closed: a client that does not read would keep what it was sent in the system's memory. */
  cut(): void;
}
