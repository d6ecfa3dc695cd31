/** Clients of HTTP/2 over TLS: one that sends exactly the frames it is told to, and a well-behaved one. */
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { collectFrames, FRAME, frame, PREFACE, type SeenFrame, uint32 } from "./http2_frames.ts";
import { testPem } from "./transport.ts";

/** A test of HTTP/2. There is none on Deno, which refuses it: `test/e2e/http2_guest_test.ts` holds that. */
export const http2Test = ("Deno" in globalThis ? () => {} : test) as typeof test;

/** An open connection to a listener of this machine that offers these protocols. */
export async function secureClient(port: number, protocols: readonly string[] = ["h2"]): Promise<TLSSocket> {
  const socket = connectTls({
    port,
    host: "127.0.0.1",
    ca: testPem("ca"),
    servername: "good.test",
    ALPNProtocols: [...protocols],
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  socket.setNoDelay(true);
  // A reset is one of the answers that tests expect.
  socket.on("error", () => {});
  return socket;
}

/** One that sends what it is told to. */
export class FrameClient {
  readonly socket: TLSSocket;
  readonly seen: readonly SeenFrame[];
  readonly closed: Promise<void>;
  isClosed = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    this.seen = collectFrames(socket);
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  /** One that has shaken hands, and said nothing yet. */
  static async connect(port: number): Promise<FrameClient> {
    return new FrameClient(await secureClient(port));
  }

  /** One that has said its preface and these settings: names of two bytes, values of four. */
  static async open(port: number, settings: Uint8Array = new Uint8Array()): Promise<FrameClient> {
    return (await this.connect(port)).send(Buffer.from(PREFACE), frame(FRAME.settings, 0, 0, settings));
  }

  send(...frames: readonly Uint8Array[]): this {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** Sends it again and again, as fast as it is taken, up to the end of the connection or so many bytes. */
  async flood(piece: Uint8Array, bytesMax: number): Promise<number> {
    let sent = 0;
    while (!this.isClosed && this.socket.writable && sent < bytesMax) {
      sent += piece.length;
      if (this.socket.write(piece)) continue;
      await Promise.race([new Promise((resolve) => this.socket.once("drain", resolve)), this.closed]);
    }
    return sent;
  }

  /** Waits until it holds; a connection that is closed changes nothing more. */
  async until(isSo: (seen: readonly SeenFrame[]) => boolean): Promise<readonly SeenFrame[]> {
    while (!isSo(this.seen) && !this.isClosed) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.seen;
  }

  framesOf(type: number, stream?: number): readonly SeenFrame[] {
    return this.seen.filter((each) => each.type === type && (stream === undefined || each.stream === stream));
  }

  /** Codes with which the other side has reset a stream. */
  resetCodes(stream: number): readonly number[] {
    return this.framesOf(FRAME.reset, stream).map(({ payload }) => Buffer.from(payload).readUInt32BE(0));
  }

  /** The code of the last GOAWAY; undefined: there was none. */
  get goawayCode(): number | undefined {
    const last = this.framesOf(FRAME.goaway).at(-1);
    return last && Buffer.from(last.payload).readUInt32BE(4);
  }

  /** Makes the windows of the connection and of streams larger. */
  widen(bytes: number, ...streams: readonly number[]): this {
    return this.send(...[0, ...streams].map((stream) => frame(FRAME.windowUpdate, 0, stream, uint32(bytes))));
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** What came back. */
export interface Http2Answer {
  readonly status: number | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
  readonly trailers: Readonly<Record<string, unknown>> | undefined;
  /** The code with which the stream was closed. */
  readonly code: number;
}

/** A well-behaved client. */
export async function politeClient(port: number): Promise<ClientHttp2Session> {
  const socket = await secureClient(port);
  const session = connectHttp2(`https://good.test:${port}`, { createConnection: () => socket });
  session.on("error", () => {});
  return session;
}

/** Asks for something, and waits for all of the answer. */
export async function ask(
  session: ClientHttp2Session,
  head: OutgoingHttpHeaders,
  { body, trailers }: { readonly body?: Uint8Array; readonly trailers?: OutgoingHttpHeaders } = {},
): Promise<Http2Answer> {
  const stream = session.request(head, { endStream: body === undefined, waitForTrailers: trailers !== undefined });
  const pieces: Uint8Array[] = [];
  let fields: Record<string, unknown> = {};
  let cameAfter: Record<string, unknown> | undefined;
  stream.on("response", (came) => (fields = { ...came }));
  stream.on("trailers", (came) => (cameAfter = { ...came }));
  stream.on("data", (bytes: Uint8Array) => void pieces.push(bytes));
  stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
  stream.on("error", () => {});
  const closed = new Promise((resolve) => stream.on("close", resolve));
  if (body !== undefined) stream.end(body);
  await closed;
  return {
    status: fields[":status"] as number | undefined,
    fields,
    body: Buffer.concat(pieces),
    trailers: cameAfter,
    code: stream.rstCode,
  };
}
