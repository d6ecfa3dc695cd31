/** A client that sends exactly the bytes it is told to, for what a well-behaved client never does. */
import type { Socket } from "node:net";
import { connectTo } from "./transport.ts";

/** One TCP connection as text of latin1. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** Resolves when the listener would read what is sent: over TLS after the handshake. */
  readonly opened: Promise<void>;
  #received = "";
  #onData: (() => void) | undefined;
  #isClosed = false;

  constructor(port: number) {
    this.socket = connectTo(port);
    this.opened = new Promise((resolve) =>
      this.socket.once("encrypted" in this.socket ? "secureConnect" : "connect", resolve)
    );
    this.socket.on("data", (chunk: Uint8Array) => {
      this.#received += Buffer.from(chunk).toString("latin1");
      this.#onData?.();
    });
    // A reset is one of the answers that tests expect.
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.#isClosed = true;
        this.#onData?.();
        resolve();
      });
    });
  }

  /** Everything received so far. */
  get received(): string {
    return this.#received;
  }

  send(text: string): this {
    this.socket.write(Buffer.from(text, "latin1"));
    return this;
  }

  /** Waits until `isEnough` holds for what was received, or the connection is closed. */
  async until(isEnough: (received: string) => boolean): Promise<string> {
    while (!isEnough(this.#received) && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#onData = resolve;
      });
    }
    return this.#received;
  }

  /** Everything that comes until the other side closes. */
  async untilClosed(): Promise<string> {
    await this.closed;
    return this.#received;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The status of an answer. */
export function statusOf(response: string): number {
  return Number(response.split(" ", 2)[1]);
}

/** What follows the head of an answer. */
export function bodyOf(response: string): string {
  return response.slice(response.indexOf("\r\n\r\n") + 4);
}

/** Sends one request and gives everything that comes back until the connection closes (the request asks for that). */
export async function rawRequest(port: number, head: string, body = ""): Promise<string> {
  const client = new RawClient(port);
  client.send(`${head}\r\nConnection: close\r\n\r\n${body}`);
  return await client.untilClosed();
}
