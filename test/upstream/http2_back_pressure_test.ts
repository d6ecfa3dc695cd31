/** A client of HTTP/2 with huge windows that reads nothing: Node holds the writer back, Deno does not. When Deno's test fails, HTTP/2 is nearer. */
import assert from "node:assert/strict";
import { createServer, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { frame, GET } from "../support/http2_frames.ts";

const STREAMS = 50;
const WRITTEN_BYTES_MAX = 128 * 1024 * 1024;
/** What the windows of a moderate client would let pass, and the system takes. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

test("upstream: a client of HTTP/2 that reads nothing holds its writer back on Node, not on Deno", async () => {
  let written = 0;
  const server = createServer();
  server.on("session", (session) => session.on("error", () => {}));
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    const piece = new Uint8Array(16_384);
    const write = (): void => {
      while (!stream.destroyed && written < WRITTEN_BYTES_MAX) {
        written += piece.length;
        if (!stream.write(piece)) return void stream.once("drain", write);
      }
    };
    write();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {}).pause();
  client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  // INITIAL_WINDOW_SIZE, and the window of the connection.
  client.write(frame(4, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])));
  client.write(frame(8, 0, 0, Buffer.from([0x7f, 0xfe, 0, 0])));
  for (let count = 0; count < STREAMS; count++) client.write(frame(1, 5, 2 * count + 1, GET));
  let before = -1;
  // Until nothing more is taken.
  for (let same = 0; same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    same = written === before && before > 0 ? same + 1 : 0;
    before = written;
  }
  if ("Deno" in globalThis) assert.ok(before > HELD_BYTES_MAX, `${before}`);
  else assert.ok(before < HELD_BYTES_MAX, `${before}`);
  client.destroy();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
});
