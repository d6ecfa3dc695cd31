/** How a connection of HTTP/1 is not read: its socket is paused, and stays so whatever `node:http` asks of it. */
import type { Socket } from "node:net";
import type { BodyFlow } from "./body_flow.ts";
import { ConnectionReading, type HoldReason } from "./connection_reading.ts";
import type { ReadTurns } from "./read_turns.ts";
import { resetSocket } from "../base/reset_socket.ts";

/** Owned by its connection. */
export class SocketHold implements BodyFlow {
  readonly #socket: Socket;
  readonly #reading: ConnectionReading;
  /** The socket's own, once it was held: not all of them have that of their class. */
  #resume: (() => Socket) | undefined;

  constructor(socket: Socket, turns: ReadTurns) {
    this.#socket = socket;
    this.#reading = new ConnectionReading({ turns, stop: () => this.#pause(), goOn: () => this.#goOn() });
  }

  /** Nothing is read. */
  get isHeld(): boolean {
    return this.#reading.isStopped;
  }

  holdBody(): void {
    this.hold("body");
  }

  releaseBody(): void {
    this.release("body");
  }

  countPart(bytes: number): void {
    this.#reading.count(bytes);
  }

  cut(): void {
    resetSocket(this.#socket);
  }

  /** Reads no further. */
  hold(why: HoldReason): void {
    this.#reading.hold(why);
  }

  release(why: HoldReason): void {
    this.#reading.release(why);
  }

  /** From here on what comes is read and thrown away, or the socket has gone. Idempotent. */
  end(): void {
    this.#reading.end();
  }

  /** node:http resumes the socket at the end of every message, so `resume` has to be deaf meanwhile. */
  #pause(): void {
    this.#resume ??= this.#socket.resume.bind(this.#socket);
    this.#socket.resume = () => this.#socket;
    this.#socket.pause();
  }

  #goOn(): void {
    if (this.#resume === undefined) return;
    this.#socket.resume = this.#resume;
    this.#resume();
  }
}
