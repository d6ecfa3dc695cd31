/** A connection as its socket sees it, be it on the private loopback or to the outside. */
import type { ByteSink, ByteSource, StreamFailure } from "../base/byte_stream.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { SocketErrorCode } from "./socket_error.ts";

/** "close" delivers what was written, "reset" makes sure that the peer does not take it for the whole. */
export type EndKind = "close" | "reset";

/** One side of an established connection. */
export interface TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Disposing it only says that its handle is gone. */
  readonly input: ByteSource;
  readonly output: ByteSink;
  shutdown(how: "receive" | "send" | "both"): void;
  /** The socket's handle is gone. The connection ends when both streams are gone as well. */
  dropSocket(): void;
  /** A buffer size of the socket changed: a writer may have room now. */
  buffersChanged(): void;
  /** An option other than the buffer sizes changed. */
  optionsChanged(): void;
  /** Ends it for this side at once, whatever handles are left. Idempotent. */
  end(how: EndKind): void;
}

/** A connection on its way. The one who started it is told when `outcome` may have changed. */
export interface ConnectAttempt {
  /** undefined while under way. */
  outcome(): TcpConnection | SocketErrorCode | undefined;
  /** Gives it up, or ends what came of it. What it holds is then released, and its owner told. Idempotent. */
  abandon(how: EndKind): void;
}

/** What a guest is told about a peer that went away without an end. */
export const CONNECTION_RESET: StreamFailure = {
  message: "The peer reset the connection",
  networkCode: "connection-reset",
};

const HANDLE_BITS = { socket: 1, input: 2, output: 4 } as const;

/**
 * The three handles of a connection: socket, input and output. Only when all are gone is the connection
 * closed; fewer of the three change nothing, so that guests may drop them in any order.
 */
export class ConnectionHandles {
  /** One bit for each. */
  #held = HANDLE_BITS.socket | HANDLE_BITS.input | HANDLE_BITS.output;
  readonly #onAllGone: () => void;

  constructor(onAllGone: () => void) {
    this.#onAllGone = onAllGone;
  }

  drop(handle: keyof typeof HANDLE_BITS): void {
    const left = this.#held & ~HANDLE_BITS[handle];
    if (left === this.#held) return;
    this.#held = left;
    if (left === 0) this.#onAllGone();
  }
}
