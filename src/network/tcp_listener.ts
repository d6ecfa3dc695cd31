/** What one listening socket has: the connections nobody accepted yet, and the clients that wait for room. */
import type { LoopbackEnd } from "./loopback_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";

/** A client that waits for room in a backlog. */
export interface WaitingClient {
  /** Puts its connection into the queue. */
  admit(): void;
  /** The listener is gone. */
  refuse(): void;
}

/** The backlog of a listening socket, and the line in front of it. */
export class TcpListener {
  /** The listening socket's; a connection that nobody accepted yet uses them. */
  readonly options: TcpOptions;
  readonly #onQueued: () => void;
  #queue: LoopbackEnd[] = [];
  #waiting = new Set<WaitingClient>();

  /** `onQueued` is called for each connection that enters the queue. */
  constructor(options: TcpOptions, onQueued: () => void) {
    this.options = options;
    this.#onQueued = onQueued;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get hasRoom(): boolean {
    return this.#queue.length < this.options.backlog;
  }

  get firstWaiting(): WaitingClient | undefined {
    return this.#waiting.values().next().value;
  }

  push(end: LoopbackEnd): void {
    this.#queue.push(end);
    this.#onQueued();
  }

  take(): LoopbackEnd | undefined {
    return this.#queue.shift();
  }

  addWaiting(client: WaitingClient): void {
    this.#waiting.add(client);
  }

  removeWaiting(client: WaitingClient): void {
    this.#waiting.delete(client);
  }

  /** Resets what is queued and refuses what waits. */
  close(): void {
    const [queue, waiting] = [this.#queue, [...this.#waiting]];
    this.#queue = [];
    this.#waiting.clear();
    for (const client of waiting) client.refuse();
    for (const end of queue) end.end("reset");
  }
}
