/**
 * Whether a client takes what waits for it. A socket tells of a write when all of it has gone, and one of 64 KiB is long for a slow client:
 * who read 12 KB a second through a small buffer was taken for one that reads nothing, so the system is asked.
 */
import type { Socket } from "node:net";

/** A client that takes less within `responseStallTimeout` takes nothing: a byte a minute would keep a guest and its connection for ever. */
export const TAKEN_BYTES_MIN = 1024;

/** What is used of a socket. */
export type WatchedSocket = Pick<Socket, "bytesWritten" | "writableLength">;

/** What Node has below it: bytes that were given to the system's side, and those that wait there; on Node alone. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  /** Of TLS: the connection that carries it. */
  readonly _parent?: Handle;
}

/** Owned by its connection. */
export class StallWatch {
  readonly #socket: WatchedSocket;
  /** When the client last took enough. */
  #takenBytes = 0;
  #stalledMs = 0;

  constructor(socket: WatchedSocket) {
    this.#socket = socket;
  }

  /** `elapsedMs` have passed; returns for how long the client has taken as good as nothing of what waits for it. */
  stalledMs(elapsedMs: number): number {
    const takenBytes = takenBytesOf(this.#socket);
    if (this.#socket.writableLength > 0 && takenBytes - this.#takenBytes < TAKEN_BYTES_MIN) {
      this.#stalledMs += elapsedMs;
    } else {
      this.#stalledMs = 0;
      this.#takenBytes = takenBytes;
    }
    return this.#stalledMs;
  }
}

function takenBytesOf(socket: WatchedSocket): number {
  const own = (socket as { readonly _handle?: Handle | null })._handle;
  const { bytesWritten, writeQueueSize } = own?._parent ?? own ?? {};
  if (bytesWritten === undefined || writeQueueSize === undefined) return socket.bytesWritten - socket.writableLength;
  return bytesWritten - writeQueueSize;
}
