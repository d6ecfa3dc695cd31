/** A connection that is not read: too much was sent ahead, the body of its request waits for its guest, or others have their turn. */
import type { Socket } from "node:net";
import type { BodyFlow, ReadTurns } from "./body_flow.ts";
import { resetSocket } from "../base/reset_socket.ts";

type HoldReason = "ahead" | "body" | "turn";

/** Owned by its connection. */
export class SocketHold implements BodyFlow {
  readonly #socket: Socket;
  readonly #turns: ReadTurns;
  readonly #reasons = { ahead: false, body: false, turn: false };
  #isHeld = false;
  #isOver = false;
  /** The socket's own, once it was held: not all of them have that of their class. */
  #resume: (() => Socket) | undefined;
  /** Gives up the wait for a turn to read. */
  #cancelTurn: (() => void) | undefined;

  constructor(socket: Socket, turns: ReadTurns) {
    this.#socket = socket;
    this.#turns = turns;
  }

  /** Nothing is read. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  holdBody(): void {
    this.hold("body");
  }

  releaseBody(isDear: boolean): void {
    if (isDear) this.takeTurn();
    this.release("body");
  }

  takeTurn(): void {
    if (this.#cancelTurn !== undefined || this.#isOver) return;
    this.hold("turn");
    this.#cancelTurn = this.#turns.wait(() => {
      this.#cancelTurn = undefined;
      this.release("turn");
    });
  }

  cut(): void {
    resetSocket(this.#socket);
  }

  /** Reads no further. node:http resumes the socket at the end of every message, so `resume` has to be deaf meanwhile. */
  hold(why: HoldReason): void {
    this.#reasons[why] = true;
    if (this.#isHeld || this.#isOver) return;
    this.#isHeld = true;
    this.#resume ??= this.#socket.resume.bind(this.#socket);
    this.#socket.resume = () => this.#socket;
    this.#socket.pause();
  }

  release(why: HoldReason): void {
    this.#reasons[why] = false;
    if (
      this.#resume === undefined || !this.#isHeld || this.#reasons.ahead || this.#reasons.body || this.#reasons.turn
    ) return;
    this.#isHeld = false;
    this.#socket.resume = this.#resume;
    this.#resume();
  }

  /** From here on what comes is read and thrown away, or the socket has gone. Idempotent. */
  end(): void {
    this.#isOver = true;
    this.#cancelTurn?.();
    this.release("ahead");
    this.release("body");
    this.release("turn");
  }
}
