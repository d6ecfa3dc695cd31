/** A TLS socket that is paused: Node reads no further, Deno does. When Deno's test fails, `HeldBackWire` can go. */
import assert from "node:assert/strict";
import { createServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import { testPem } from "../support/transport.ts";

const SENT_BYTES = 32 * 1024 * 1024;
const HELD_BYTES_MAX = 8 * 1024 * 1024;

test("upstream: a paused TLS socket holds its peer back on Node, not on Deno", async () => {
  let readBytes = (): number => 0;
  let end = (): void => {};
  const server = createServer({ cert: testPem("good"), key: testPem("good.key") }, (socket) => {
    socket.on("error", () => {});
    // As node:http does for a request whose body nobody reads.
    socket.on("data", () => socket.pause());
    readBytes = () => socket.bytesRead;
    end = () => void socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", ca: testPem("ca"), servername: "good.test" });
  client.on("error", () => {});
  client.write(new Uint8Array(SENT_BYTES));
  let before = -1;
  // Until nothing more comes.
  for (let same = 0; same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    same = readBytes() === before && before > 0 ? same + 1 : 0;
    before = readBytes();
  }
  if ("Deno" in globalThis) assert.ok(before > HELD_BYTES_MAX, `${before}`);
  else assert.ok(before < HELD_BYTES_MAX, `${before}`);
  client.destroy();
  end();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
});
