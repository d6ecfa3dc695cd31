/** TLS on the listener, with real clients: who gets which certificate, what changes under connections, and who gets none. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { answer, eventually, startHarness } from "../support/http_harness.ts";
import { speakTls, testPem } from "../support/transport.ts";
import { routeContent, type WatchedGateway, watchFolder, within } from "../support/watched_folder.ts";

/** An open connection of a client that trusts the tests' own authority. */
async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", ca: testPem("ca"), servername: "good.test", ...options });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** The status of the answer to a GET on an open connection. */
async function ask(socket: TLSSocket, target: string): Promise<number> {
  let received = "";
  socket.on("data", (bytes: Uint8Array) => void (received += new TextDecoder().decode(bytes)));
  socket.write(`GET ${target} HTTP/1.1\r\nHost: one.example\r\n\r\n`);
  // What is left of the answer before it stands in front.
  await eventually(() => /HTTP\/1\.1 .*\}/s.test(received) || socket.destroyed);
  socket.removeAllListeners("data");
  return Number(/HTTP\/1\.1 ([0-9]{3})/.exec(received)?.[1]);
}

function serialOf(socket: TLSSocket): string {
  return socket.getPeerCertificate().serialNumber;
}

async function watchedTls(): Promise<WatchedGateway> {
  return await watchFolder({
    ...within("one", await routeContent("one", "1")),
    "gateway.jsonc": { tls: { certificate: "certs/chain.pem", key: "certs/key.pem" } },
    "certs/chain.pem": testPem("good"),
    "certs/key.pem": testPem("good.key"),
  });
}

test("tls: guests are served, in no version before 1.2 and with no old cipher, and nobody in plain", async () => {
  const watched = await watchedTls();
  const { port } = watched.gateway.address;
  assert.equal(watched.gateway.url, `https://127.0.0.1:${port}`);
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = await secure(port, { maxVersion: version, ALPNProtocols: ["h2", "http/1.1"] });
    assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], [version, "http/1.1"]);
    assert.equal(await ask(socket, "/environment"), 200);
    assert.equal(await ask(socket, "https://one.example/environment"), 200);
    assert.equal(await ask(socket, "http://one.example/environment"), 421);
    socket.destroy();
  }
  // Deno's clients have none of these.
  if (!("Deno" in globalThis)) {
    const old = { maxVersion: "TLSv1.2", minVersion: "TLSv1", rejectUnauthorized: false } as const;
    const refused = [
      { ...old, maxVersion: "TLSv1.1" },
      { ...old, ciphers: "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA:AES128-GCM-SHA256" },
    ] as const;
    for (const options of refused) {
      const ciphers = `${"ciphers" in options ? options.ciphers : "ALL"}:@SECLEVEL=0`;
      await assert.rejects(secure(port, { ...options, ciphers }), /alert|no protocols|ECONNRESET/);
    }
    (await secure(port, { ...old, ciphers: "ALL:@SECLEVEL=0" })).destroy();
  }
  const plain = connect(port, "127.0.0.1");
  let received = "";
  plain.on("data", (bytes: Uint8Array) => void (received += new TextDecoder().decode(bytes)));
  plain.on("error", () => {});
  plain.write("GET /environment HTTP/1.1\r\nHost: one.example\r\n\r\n");
  await new Promise((resolve) => plain.on("close", resolve));
  assert.ok(!received.includes("HTTP/1.1"), received);
  assert.deepEqual(await watched.close(), {});
});

test(
  "tls: new files serve new connections, and open ones go on; broken files change nothing and say why",
  async () => {
    const watched = await watchedTls();
    const { port } = watched.gateway.address;
    const open = await secure(port);
    const first = serialOf(open);
    assert.equal(await ask(open, "/environment"), 200);
    await watched.folder.write("certs/chain.pem", testPem("nameless"));
    const kept = await watched.untilReloads(1);
    assert.deepEqual([kept.outcome, kept.workload], ["kept", undefined]);
    assert.match(kept.detail ?? "", /Cannot use "tls": ".*key\.pem" is not the key of the first certificate/);
    const still = await secure(port);
    assert.equal(serialOf(still), first);
    still.destroy();
    await watched.folder.write("certs/key.pem", testPem("nameless.key"));
    const replaced = await watched.untilReloads(2);
    assert.deepEqual([replaced.outcome, replaced.workload], ["replaced", undefined]);
    const later = await secure(port, { checkServerIdentity: () => undefined });
    assert.notEqual(serialOf(later), first);
    assert.equal(await ask(later, "/environment"), 200);
    later.destroy();
    open.destroy();
    assert.deepEqual(watched.reloads(), ["kept", "replaced"], "no workload was built anew");
    assert.deepEqual(await watched.close(), {});
  },
);

test("tls: certificates that clients will not like are told of, at the start and when they change", async () => {
  const watched = await watchFolder({
    ...within("one", await routeContent("one", "1")),
    "gateway.jsonc": { tls: { certificate: "chain.pem", key: "key.pem" } },
    "chain.pem": testPem("expired"),
    "key.pem": testPem("expired.key"),
  });
  const told = (): readonly string[] =>
    watched.events.flatMap((event) => (event.kind === "certificate" ? [event.detail] : []));
  // The files of tests are made with the rights that most files have.
  const isOpen = /every user of this machine can read/;
  assert.equal(told().length, 2);
  assert.match(told()[0] ?? "", /^expired at [0-9-]+T/);
  assert.match(told()[1] ?? "", isOpen);
  const [endMs = Infinity] = watched.gateway.metrics().certificatesEndMs;
  assert.ok(endMs < Date.now());
  const socket = await secure(watched.gateway.address.port, { rejectUnauthorized: false });
  assert.equal(await ask(socket, "/environment"), 200, "the client decides");
  socket.destroy();
  await watched.folder.write("key.pem", testPem("good.key"));
  await watched.folder.write("chain.pem", testPem("good"));
  await eventually(() => told().length === 3);
  assert.match(told()[2] ?? "", isOpen);
  const [laterMs = 0] = watched.gateway.metrics().certificatesEndMs;
  assert.ok(laterMs > Date.now());
  assert.deepEqual(await watched.close(), {});
});

test("tls: a client gets the certificate that has the name it asks for, else the first", async () => {
  const watched = await watchFolder({
    ...within("one", await routeContent("one", "1")),
    "gateway.jsonc": {
      tls: [{ certificate: "nameless.pem", key: "nameless.key.pem" }, { certificate: "good.pem", key: "good.key.pem" }],
    },
    ...Object.fromEntries(
      ["nameless", "nameless.key", "good", "good.key"].map((name) => [`${name}.pem`, testPem(name)]),
    ),
  });
  const { port } = watched.gateway.address;
  const serials = [];
  for (const servername of ["good.test", "a.wild.test", "other.test", ""]) {
    const socket = await secure(port, { servername, checkServerIdentity: () => undefined });
    serials.push(serialOf(socket));
    socket.destroy();
  }
  const [named, wild, other, none] = serials;
  assert.equal(named, wild);
  assert.equal(other, none);
  assert.notEqual(named, other);
  assert.deepEqual(await watched.close(), {});
});

test(
  "tls: who does not finish its handshake counts as a connection, and has the time of a header",
  async () => {
    speakTls();
    const harness = await startHarness(async (exchange) => answer(exchange, 200, exchange.head.scheme), {
      limits: { headersTimeoutMs: 200, connectionsMax: 2 },
    });
    const silent = [connect(harness.port, "127.0.0.1"), connect(harness.port, "127.0.0.1")];
    const closed = silent.map((socket) => new Promise((resolve) => socket.on("error", () => {}).on("close", resolve)));
    await eventually(() => harness.listener.connectionCount === 2);
    await assert.rejects(secure(harness.port), "there is no room");
    await Promise.all(closed);
    await eventually(() => harness.listener.connectionCount === 0);
    const garbage = connect(harness.port, "127.0.0.1");
    garbage.on("error", () => {}).resume();
    garbage.write("\x16\x03\x01\xff\xff garbage");
    await new Promise((resolve) => garbage.on("close", resolve));
    await eventually(() => harness.listener.connectionCount === 0);
    const socket = await secure(harness.port);
    let received = "";
    socket.on("data", (bytes: Uint8Array) => void (received += new TextDecoder().decode(bytes)));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    assert.match(received, /\r\n\r\nhttps$/);
    const late = connect(harness.port, "127.0.0.1");
    late.on("error", () => {});
    await eventually(() => harness.listener.connectionCount === 1);
    await harness.close();
    assert.equal(harness.listener.connectionCount, 0);
    late.destroy();
  },
);

test("tls: who shakes hands when the listener is to close is served, and who is silent does not hold it up", async () => {
  speakTls();
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "{}"));
  const silent = connect(harness.port, "127.0.0.1");
  silent.on("error", () => {});
  const raw = connect(harness.port, "127.0.0.1");
  await eventually(() => harness.listener.connectionCount === 2);
  const accepted = harness.listener.acceptWaiting();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const socket = await secure(harness.port, { socket: raw });
  assert.equal(await ask(socket, "/"), 200);
  const leftMs = await accepted;
  assert.ok(leftMs > 5_000, `${leftMs}`);
  await harness.close();
  silent.destroy();
  socket.destroy();
});

/** A record of TLS (RFC 8446 section 5.1). */
function tlsRecord(type: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]);
}

test("tls: floods before a handshake end their connection", async (t) => {
  speakTls();
  const harness = await startHarness(async (exchange) => answer(exchange, 200, "{}"));
  const hello = tlsRecord(22, Buffer.concat([Buffer.from([1, 255, 255, 255]), new Uint8Array(16_000)]));
  const rows: readonly (readonly [name: string, first: Uint8Array, again: Uint8Array])[] = [
    ["a hello of 16 MiB", hello, tlsRecord(22, new Uint8Array(16_000))],
    ["empty records", tlsRecord(22, new Uint8Array()), tlsRecord(22, new Uint8Array())],
    ["warnings", tlsRecord(21, Buffer.from([1, 90])), tlsRecord(21, Buffer.from([1, 90]))],
    ["changes of ciphers", tlsRecord(20, Buffer.from([1])), tlsRecord(20, Buffer.from([1]))],
    ["data", tlsRecord(23, new Uint8Array(16_000)), tlsRecord(23, new Uint8Array(16_000))],
  ];
  for (const [name, first, again] of rows) {
    await t.test(name, async () => {
      const client = connect(harness.port, "127.0.0.1");
      const closed = new Promise((resolve) => client.on("error", () => {}).on("close", resolve));
      client.write(first);
      const piece = Buffer.concat(Array.from({ length: 4 + 8_000 / again.length }, () => again));
      const send = (): void => {
        while (!client.destroyed) if (!client.write(piece)) return void client.once("drain", send);
      };
      send();
      client.resume();
      await closed;
      await eventually(() => harness.listener.connectionCount === 0);
    });
  }
  await harness.close();
});

test("tls: garbage behind a handshake, and bytes behind its end, end the connection", async () => {
  speakTls();
  const harness = await startHarness(async (exchange) => {
    await new Promise<void>((resolve) => void exchange.onClientGone(resolve));
  });
  const garbage = new TextEncoder().encode(`\x17\x03\x03\x00\x20${"x".repeat(32)}`);
  for (const isEnded of [false, true]) {
    const raw = connect(harness.port, "127.0.0.1");
    raw.on("error", () => {});
    const socket = await secure(harness.port, { socket: raw });
    socket.on("error", () => {}).resume();
    socket.write("GET / HTTP/1.1\r\nHost: one.example\r\n\r\n");
    await eventually(() => harness.counters.get("requests") === 1);
    if (isEnded) socket.end();
    // Past TLS of the client.
    const feed = setInterval(() => void (raw.writable && raw.write(garbage)), 5);
    await eventually(() => harness.counters.get("requests") === 0 && harness.listener.connectionCount === 0);
    clearInterval(feed);
    raw.destroy();
  }
  await harness.close();
});
