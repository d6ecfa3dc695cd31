/** Makes the event loop of Deno look at its sockets: a byte that goes through a connection of the process with itself. */

/** What is used of Deno. */
interface Connection {
  readonly localAddr: { readonly port: number };
  readonly remoteAddr: { readonly port: number };
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Opens connections on the loopback address. */
export interface WakerSockets {
  connect(options: { readonly hostname: string; readonly port: number }): Promise<Connection>;
  listen(options: { readonly hostname: string; readonly port: number }): {
    readonly addr: { readonly port: number };
    accept(): Promise<Connection>;
    close(): void;
  };
}

/** Two ends of one connection. */
interface Pair {
  readonly from: Connection;
  readonly to: Connection;
}

const HOSTNAME = "127.0.0.1";

/** Calls back when the event loop has looked at its sockets. */
export class LoopWaker {
  readonly #sockets: WakerSockets;
  /** What is used until there is a connection, and if there can be none. */
  readonly #instead: (fire: () => void) => void;
  readonly #byte = new Uint8Array(1);
  readonly #received = new Uint8Array(1);
  #pair: Pair | undefined;
  #isOpening = false;
  #isSending = false;
  #waiting: (() => void)[] = [];

  constructor(sockets: WakerSockets, instead: (fire: () => void) => void) {
    this.#sockets = sockets;
    this.#instead = instead;
  }

  /** Calls `fire` once, after sockets that were ready were served. */
  wake(fire: () => void): void {
    if (this.#pair === undefined) {
      if (!this.#isOpening) void this.#open();
      this.#instead(fire);
      return;
    }
    this.#waiting.push(fire);
    // Who comes while a byte is under way waits for the next: the loop may have looked already.
    if (!this.#isSending) void this.#sendAll(this.#pair);
  }

  /** Never rejects. A connection that fails is given up, for good. */
  async #sendAll(pair: Pair): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const fires = this.#waiting;
      this.#waiting = [];
      if (this.#pair !== undefined && !await this.#send(pair)) {
        this.#pair = undefined;
        closeBoth(pair);
      }
      // Each on its own: what one throws is nobody else's.
      for (const fire of fires) setImmediate(fire);
    }
    this.#isSending = false;
  }

  /** False: somebody outside ended the connection. */
  async #send({ from, to }: Pair): Promise<boolean> {
    try {
      // In this order: the byte is not there yet, so the loop has to be told that it came.
      const received = to.read(this.#received);
      const [count] = await Promise.all([received, from.write(this.#byte)]);
      return count !== null;
    } catch {
      return false;
    }
  }

  /** Once. Without the right to open connections, or a port, `instead` remains. */
  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const listener = this.#sockets.listen({ hostname: HOSTNAME, port: 0 });
      const { port } = listener.addr;
      const [from, to] = await Promise.all([
        this.#sockets.connect({ hostname: HOSTNAME, port }),
        listener.accept(),
      ]).finally(() => listener.close());
      // Another process may have been quicker.
      if (to.remoteAddr.port === from.localAddr.port) this.#pair = { from, to };
      else closeBoth({ from, to });
    } catch {
      // `instead` is slower, and right.
    }
  }
}

function closeBoth({ from, to }: Pair): void {
  from.close();
  to.close();
}
