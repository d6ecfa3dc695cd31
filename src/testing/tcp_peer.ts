/** The other end of a guest's connection, as a script (or a test that is the client of a service) speaks over it. */
import { untilReady } from "../base/waitable.ts";
import type { Clock } from "../base/clock.ts";
import type { TcpConnection } from "../network/tcp_connection.ts";
import type { LiveAttempt } from "./attempts.ts";
import { ScriptError } from "./script_error.ts";
import { type Bytes, bytesOf } from "./test_bytes.ts";

const READ_BYTES = 65_536;
const NEWLINE = 0x0a;

/** What a peer is made of. */
export interface TcpPeerOptions {
  readonly connection: TcpConnection;
  readonly clock: Clock;
  readonly attempt?: LiveAttempt | undefined;
  /** Runs a wait for the guest or for time. */
  readonly wait: <T>(promise: Promise<T>) => Promise<T>;
}

/**
 * One end of a connection. Reads wait for the guest; writes wait until the guest's buffers have room.
 *
 * @example
 * const script = tcp.talks(async (peer) => {
 *   await peer.write("220 ready\r\n");
 *   const command = await peer.readLine();
 *   await peer.write(command === "QUIT" ? "221 bye\r\n" : "500 what?\r\n");
 * });
 */
export class TcpPeer {
  readonly #options: TcpPeerOptions;
  #rest: Uint8Array = new Uint8Array(0);

  /** `tcp` makes them. */
  constructor(options: TcpPeerOptions) {
    this.#options = options;
  }

  /** The next bytes, some at least; undefined when the guest has ended its side, or reset the connection. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = new Uint8Array(0);
      return rest;
    }
    const { input } = this.#options.connection;
    for (;;) {
      const ready = untilReady(input);
      if (ready !== undefined) await this.#options.wait(ready);
      const bytes = input.read(READ_BYTES);
      if (!(bytes instanceof Uint8Array)) return undefined;
      if (bytes.length === 0) continue;
      this.#options.attempt?.sent.add(bytes);
      return bytes;
    }
  }

  /** Exactly `length` bytes, or fewer when they end before. */
  async readBytes(length: number): Promise<Uint8Array> {
    return this.#split(await this.#readUntil((bytes) => (bytes.length >= length ? length : -1)));
  }

  /** The next line without its end (`\n` or `\r\n`), or what is left before the end; undefined at the end. */
  async readLine(): Promise<string | undefined> {
    const found = await this.#readUntil((bytes) => bytes.indexOf(NEWLINE) + 1 || -1);
    if (found.bytes.length === 0) return undefined;
    const line = new TextDecoder().decode(this.#split(found));
    return line.replace(/\r?\n$/, "");
  }

  /** Everything until the guest ends its side, as text. */
  async readText(): Promise<string> {
    return new TextDecoder().decode(this.#split(await this.#readUntil(() => -1)));
  }

  /** Resolves when the guest's side has taken it; to false when the guest takes nothing any more. */
  async write(data: Bytes): Promise<boolean> {
    const { connection: { output }, wait, attempt } = this.#options;
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length;) {
      const ready = untilReady(output);
      if (ready !== undefined) await wait(ready);
      const permit = output.permit();
      if (typeof permit !== "number") return false;
      const part = bytes.slice(at, at + permit);
      if (output.write(part) !== undefined) return false;
      attempt?.received.add(part);
      at += part.length;
    }
    return true;
  }

  /** Nothing more will be written: the guest reads the end. Reading goes on. */
  end(): void {
    this.#options.connection.shutdown("send");
  }

  /** Ends both sides in order. */
  close(): void {
    this.#options.connection.end("close");
  }

  /** Ends both sides with a reset: the guest's next read fails with `connection-reset`. */
  reset(): void {
    this.#options.connection.end("reset");
  }

  /** Lets so much of the guest's time pass. */
  async wait(ms: number): Promise<void> {
    const { clock, wait } = this.#options;
    if (!(ms >= 0)) throw new ScriptError(`Cannot wait ${ms} ms: expected 0 or more`);
    await wait(new Promise<void>((resolve) => void clock.startTimer(ms, resolve)));
  }

  /** Reads until `find` knows where to cut (its result is more than -1), or to the end. */
  async #readUntil(find: (bytes: Uint8Array) => number): Promise<{ readonly bytes: Uint8Array; readonly cut: number }> {
    let bytes: Uint8Array = new Uint8Array(0);
    for (;;) {
      const cut = find(bytes);
      if (cut >= 0) return { bytes, cut };
      const more = await this.read();
      if (more === undefined) return { bytes, cut: bytes.length };
      const joined = new Uint8Array(bytes.length + more.length);
      joined.set(bytes);
      joined.set(more, bytes.length);
      bytes = joined;
    }
  }

  #split({ bytes, cut }: { readonly bytes: Uint8Array; readonly cut: number }): Uint8Array {
    this.#rest = bytes.subarray(cut);
    return bytes.subarray(0, cut);
  }
}
