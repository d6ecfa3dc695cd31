/**
 * What carries TLS on Deno: encrypted bytes go on only while the decrypted side takes some. Deno 2.9 itself reads a TLS socket on
 * that is paused, so that a client could fill the memory of the process; `test/upstream` tells when it no longer does.
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/** What is ahead of TLS besides one piece of the socket. */
const BUFFER_BYTES = 16 * 1024;

/** A duplex over an accepted socket. */
export class HeldBackWire extends Duplex {
  readonly #raw: Socket;
  /** TLS has room for what is decrypted. */
  #hasRoom = true;
  /** This stream has been asked for more. */
  #isWanted = false;
  /** A piece went on in this turn: Deno decrypts it in a later one, and only then it is known whether there is room. */
  #isTurnTaken = false;

  /** TLS was ended by the other side: what it still sends is nothing. */
  #isOver = false;

  constructor(raw: Socket) {
    super({ highWaterMark: BUFFER_BYTES, allowHalfOpen: true });
    this.#raw = raw;
    raw.pause();
    raw.on("data", (bytes: Uint8Array) => {
      if (this.#isOver) return;
      this.#isWanted = this.push(bytes);
      this.#isTurnTaken = true;
      this.#look();
      setImmediate(() => {
        this.#isTurnTaken = false;
        this.#look();
      });
    });
    raw.on("end", () => this.push(null));
    raw.on("close", () => this.destroy());
  }

  /** Whether the decrypted side takes more. */
  set hasRoom(value: boolean) {
    this.#hasRoom = value;
    this.#look();
  }

  /** Nothing more is decrypted: reads on for the end alone. */
  finish(): void {
    this.#isOver = true;
    this.#raw.resume();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#look();
  }

  override _write(bytes: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#raw.write(bytes)) done();
    // Its end is told by `close`, after which nobody waits.
    else this.#raw.once("drain", done);
  }

  override _final(done: () => void): void {
    this.#raw.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }

  #look(): void {
    if (this.#isOver) return;
    if (this.#hasRoom && this.#isWanted && !this.#isTurnTaken) this.#raw.resume();
    else this.#raw.pause();
  }
}

/**
 * Lets `secure`, which runs over `wire`, say when it has room: by what every readable stream does. Paused, Deno decrypts into a
 * buffer of its own that has no bound, so that a pause counts at once and not only when the stream is full.
 */
export function holdBack(secure: TLSSocket, wire: HeldBackWire): void {
  const [push, read] = [secure.push.bind(secure), secure._read.bind(secure)];
  const [pause, resume] = [secure.pause.bind(secure), secure.resume.bind(secure)];
  secure.push = (bytes: unknown, encoding?: BufferEncoding) => {
    const hasRoom = push(bytes, encoding);
    if (bytes === null) wire.finish();
    else if (!hasRoom) wire.hasRoom = false;
    return hasRoom;
  };
  secure._read = (size: number) => {
    wire.hasRoom = true;
    read(size);
  };
  secure.pause = () => {
    wire.hasRoom = false;
    return pause();
  };
  secure.resume = () => {
    wire.hasRoom = true;
    return resume();
  };
}
