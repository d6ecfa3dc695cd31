/**
 * Whether a connection of HTTP/2 is read. What is small costs as much as what is large: a piece of 64 KiB has 6,500 frames with a
 * byte of a body each, which take 40 ms, and windows count their bytes alone.
 */
import type { Socket } from "node:net";
import type { ReadTurns } from "./body_flow.ts";
import { CHEAP_CHUNKS_MAX, SMALL_CHUNK_BYTES } from "./request_body.ts";

/** What is used of the handle that `node:http2` reads from, past the socket: that cannot be paused any more. */
interface ReadHandle {
  readonly readStop: () => unknown;
  readonly readStart: () => unknown;
}

/** Owned by its connection. */
export class Http2Reading {
  readonly #socket: Socket;
  readonly #turns: ReadTurns;
  #smallFrames = 0;
  /** Gives up the wait for a turn to read. */
  #cancelTurn: (() => void) | undefined;

  constructor(socket: Socket, turns: ReadTurns) {
    this.#socket = socket;
    this.#turns = turns;
    socket.on("close", () => this.#cancelTurn?.());
  }

  /** A frame with so many bytes of a body has come: after many small ones others have their turn. */
  count(bytes: number): void {
    if (bytes >= SMALL_CHUNK_BYTES) return;
    this.#smallFrames++;
    if (this.#smallFrames < CHEAP_CHUNKS_MAX || this.#cancelTurn !== undefined) return;
    const handle = this.#handle();
    if (handle === undefined) return;
    this.#smallFrames = 0;
    // What was read already still comes.
    handle.readStop();
    this.#cancelTurn = this.#turns.wait(() => {
      this.#cancelTurn = undefined;
      this.#handle()?.readStart();
    });
  }

  /** Undefined: the socket has gone. */
  #handle(): ReadHandle | undefined {
    return (this.#socket as { readonly _handle?: ReadHandle | null })._handle ?? undefined;
  }
}
