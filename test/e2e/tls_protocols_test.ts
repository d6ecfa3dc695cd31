/** What a client may choose in its handshake, and not afterwards. On Node, where there are two protocols. */
import assert from "node:assert/strict";
import { connect, type ConnectionOptions } from "node:tls";
import { answer, startHarness } from "../support/http_harness.ts";
import { http2Test } from "../support/http2_client.ts";
import { assertIdle } from "../support/http2_server.ts";
import { speakTls, testPem } from "../support/transport.ts";

speakTls();

const GET = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";

/** What came of a handshake, and of a request of HTTP/1.1 behind it. */
interface Outcome {
  readonly protocol: string | false | null;
  readonly received: string;
  readonly error: string | undefined;
}

async function shake(port: number, options: ConnectionOptions): Promise<Outcome> {
  // Who says no name gets the first certificate, which is for another one.
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca: testPem("ca"),
    checkServerIdentity: () => undefined,
    ...options,
  });
  let [received, error] = ["", undefined as string | undefined];
  let protocol: Outcome["protocol"] = null;
  socket.on("data", (bytes: Uint8Array) => (received += Buffer.from(bytes).toString("latin1")));
  socket.on("error", (cause: Error) => (error = cause.message));
  socket.on("secureConnect", () => {
    protocol = socket.alpnProtocol;
    socket.write(GET);
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return { protocol, received, error };
}

http2Test(
  "tls: who offers nothing that is spoken here is refused, who offers nothing at all gets HTTP/1.1",
  async (t) => {
    const harness = await startHarness(async (exchange) => answer(exchange, 200, "served"), { http2: true });
    const rows: readonly (readonly [name: string, options: ConnectionOptions, protocol: string | false | null])[] = [
      ["no protocol and no name", {}, false],
      ["HTTP/1.1 behind an unknown one", { ALPNProtocols: ["foo", "http/1.1"], servername: "good.test" }, "http/1.1"],
      ["an unknown one", { ALPNProtocols: ["foo"], servername: "good.test" }, null],
      ["HTTP/1.0", { ALPNProtocols: ["http/1.0"], servername: "good.test" }, null],
      ["HTTP/2 in plain", { ALPNProtocols: ["h2c"], servername: "good.test" }, null],
    ];
    for (const [name, options, protocol] of rows) {
      await t.test(name, async () => {
        harness.events.length = 0;
        const outcome = await shake(harness.port, options);
        assert.equal(outcome.protocol, protocol);
        if (protocol === null) assert.match(outcome.error ?? "", /no application protocol/);
        else assert.match(outcome.received, /^HTTP\/1\.1 200 [^]*served$/);
        await assertIdle(harness);
        assert.equal(harness.events.length, protocol === null ? 0 : 1);
      });
    }
    await t.test("HTTP/2, and then speaks HTTP/1.1", async () => {
      const outcome = await shake(harness.port, { ALPNProtocols: ["h2"], servername: "good.test" });
      assert.equal(outcome.protocol, "h2");
      assert.doesNotMatch(outcome.received, /HTTP\/1\.1/);
      await assertIdle(harness);
    });
    await harness.close();
  },
);

http2Test("tls: no client shakes hands again on its connection, which costs it little and a server much", async () => {
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "served"), { http2: true });
  const socket = connect({
    port: harness.port,
    host: "127.0.0.1",
    ca: testPem("ca"),
    servername: "good.test",
    // The last version that has it.
    maxVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
  });
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  assert.equal(socket.getProtocol(), "TLSv1.2");
  const refused = new Promise<Error>((resolve) => socket.once("error", resolve));
  socket.renegotiate({}, () => {});
  assert.match((await refused).message, /no renegotiation/);
  await assertIdle(harness);
  await harness.close();
});
