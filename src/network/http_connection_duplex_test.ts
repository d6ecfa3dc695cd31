/** The private loopback as a stream of the runtime, and HTTP over it: no socket of the system is involved. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { LOOPBACK_V4 } from "../base/ip_address.ts";
import { untilReady } from "../base/waitable.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { answerOf, bodyOf, fieldsOf, readAll, requestTo, textOf, WIRES } from "../../test/support/http_client_bench.ts";
import { ByteBudget } from "./byte_budget.ts";
import { HttpClient } from "./http_client.ts";
import { ConnectionDuplex } from "./http_connection_duplex.ts";
import { ConnectionSlots } from "./connection_slots.ts";
import type { DialOutcome } from "./http_message.ts";
import { type LoopbackEnd, openLoopbackConnection } from "./loopback_connection.ts";
import { TcpOptions } from "./tcp_options.ts";
import { TlsTrust } from "./tls_trust.ts";

interface Pair {
  readonly client: LoopbackEnd;
  readonly server: LoopbackEnd;
  readonly budget: ByteBudget;
  isEnded(): boolean;
}

function openPair(): Pair {
  const budget = new ByteBudget(1_000_000);
  let isEnded = false;
  const ends = openLoopbackConnection({
    budget,
    clientAddress: { address: LOOPBACK_V4, port: 50_000 },
    serverAddress: { address: LOOPBACK_V4, port: 8080 },
    clientOptions: new TcpOptions(),
    serverOptions: new TcpOptions(),
    onEnded: () => isEnded = true,
  });
  return { ...ends, budget, isEnded: () => isEnded };
}

async function readServer({ server }: Pair): Promise<string> {
  let text = "";
  for (;;) {
    await untilReady(server.input);
    const read = server.input.read(1_000_000);
    if (!(read instanceof Uint8Array)) return `${text}|${read === "closed" ? read : read.failed.networkCode}`;
    text += new TextDecoder().decode(read);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

test("ConnectionDuplex: both directions, half-closed by either side, then all is gone", async () => {
  const pair = openPair();
  const duplex = new ConnectionDuplex(pair.client);
  let received = "";
  duplex.on("data", (chunk) => received += String(chunk));
  const closed = new Promise((resolve) => duplex.once("close", resolve));
  duplex.end("question");
  assert.equal(await readServer(pair), "question|closed");
  await turn();
  assert.equal(duplex.destroyed, false, "the peer can still answer");
  pair.server.output.permit();
  pair.server.output.write(new TextEncoder().encode("answer"));
  pair.server.end("close");
  await closed;
  assert.equal(received, "answer");
  assert.equal(pair.isEnded(), true);
});

test("ConnectionDuplex: a write is done when the connection has taken it, not before", async () => {
  const pair = openPair();
  const duplex = new ConnectionDuplex(pair.client);
  const bytes = 300_000;
  let isDone = false;
  duplex.write(new Uint8Array(bytes), () => isDone = true);
  await turn();
  assert.equal(isDone, false);
  // What one direction may hold: send and receive buffer.
  assert.equal(pair.budget.left, 1_000_000 - 131_072);
  let read = 0;
  while (read < bytes) {
    await untilReady(pair.server.input);
    const part = pair.server.input.read(50_000);
    assert.ok(part instanceof Uint8Array);
    read += part.length;
  }
  await turn();
  assert.equal(isDone, true);
  duplex.destroy();
  pair.server.end("close");
});

test("ConnectionDuplex: nothing is read that nobody asked for", async () => {
  const pair = openPair();
  const duplex = new ConnectionDuplex(pair.client);
  pair.server.output.permit();
  pair.server.output.write(new Uint8Array(131_072));
  await turn();
  assert.equal(pair.budget.left, 1_000_000 - 131_072);
  duplex.resume();
  await turn();
  assert.equal(pair.budget.left, 1_000_000);
  duplex.pause();
  duplex.destroy();
  pair.server.end("close");
});

test("ConnectionDuplex: a reset of the peer is ECONNRESET, a peer that reads no more EPIPE", async () => {
  for (const how of ["reset", "close"] as const) {
    const pair = openPair();
    const duplex = new ConnectionDuplex(pair.client);
    const failed = new Promise<Error & { readonly code?: string }>((resolve) => duplex.once("error", resolve));
    pair.server.end(how);
    if (how === "close") duplex.write("x");
    else duplex.resume();
    assert.equal((await failed).code, how === "reset" ? "ECONNRESET" : "EPIPE");
    await turn();
    assert.equal(pair.isEnded(), true);
  }
});

test("ConnectionDuplex: destroy closes, with an error too; resetAndDestroy resets", async () => {
  for (
    const [how, expected] of [["destroy", "half|closed"], ["error", "half|closed"], [
      "reset",
      "half|connection-reset",
    ]] as const
  ) {
    const pair = openPair();
    const duplex = new ConnectionDuplex(pair.client);
    duplex.on("error", () => {});
    duplex.write("half");
    if (how === "reset") duplex.resetAndDestroy();
    else duplex.destroy(how === "error" ? new Error("over") : undefined);
    assert.equal(await readServer(pair), expected, how);
    pair.server.end("close");
    assert.equal(pair.isEnded(), true);
    assert.equal(pair.budget.left, 1_000_000);
  }
});

/** A client whose every target is on the private loopback, where `serve` gets a stream of ours as well. */
function clientOf(serve: (socket: ConnectionDuplex) => void, pairs: Pair[]): HttpClient {
  return new HttpClient({
    dial: (): Promise<DialOutcome> => {
      const pair = openPair();
      pairs.push(pair);
      serve(new ConnectionDuplex(pair.server));
      return Promise.resolve({ connection: pair.client });
    },
    stillAllowed: () => false,
    trust: new TlsTrust(),
    slots: new ConnectionSlots(10),
    clock: systemClock,
    counters: new LiveCounters(),
    cdnId: "gateway.test",
  });
}

function serveWith(server: Server): (socket: ConnectionDuplex) => void {
  return (socket) => server.emit("connection", socket as unknown as Socket);
}

for (const wire of WIRES) {
  test(`http over the private loopback, ${wire}: bodies and trailers, with back-pressure`, async () => {
    const server = createServer((request, response) => {
      let bytes = 0;
      request.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      request.on("end", () => {
        response.writeHead(200, { trailer: "x-bytes", "x-host": request.headers.host ?? "" });
        response.write(new Uint8Array(bytes));
        response.addTrailers({ "x-bytes": String(bytes) });
        response.end();
      });
    });
    const pairs: Pair[] = [];
    const client = clientOf(serveWith(server), pairs);
    for (const length of [10, 1_000_000]) {
      const body = bodyOf("x".repeat(length));
      const answer = await answerOf(client.send(requestTo(8080, { host: "localhost", method: "POST", body }, wire)));
      assert.ok(textOf(answer.headers)?.includes("x-host: localhost:8080"));
      assert.equal((await readAll(answer.body)).length, length + "|closed".length);
      assert.deepEqual(textOf(answer.trailers()), [`x-bytes: ${length}`]);
      await turn();
    }
    client.destroy();
    for (let turns = 0; turns < 50 && !pairs.every((pair) => pair.isEnded()); turns++) await turn();
    assert.ok(
      pairs.every((pair) => pair.isEnded() && pair.budget.left === 1_000_000),
      "nothing is left of the connections",
    );
    server.close();
  });
}

test("http over the private loopback: a service that traps half-way through is no whole answer", async () => {
  const pairs: Pair[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200, {});
    response.write("half");
    setTimeout(() => pairs[0]?.server.end("reset"), 5);
  });
  const client = clientOf(serveWith(server), pairs);
  const answer = await answerOf(client.send(requestTo(8080, { host: "localhost", headers: fieldsOf(["x-a", "1"]) })));
  assert.equal(await readAll(answer.body), "half|HTTP-response-incomplete");
  client.destroy();
  server.close();
});

test("http over the private loopback: a kept connection that has just ended: nothing was sent, so another one is opened", async () => {
  const pairs: Pair[] = [];
  const client = clientOf((socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.startsWith("GET") || text.includes("whole")) {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      }
    });
    socket.on("end", () => socket.end());
  }, pairs);
  await readAll((await answerOf(client.send(requestTo(8080, { host: "localhost" })))).body);
  await turn();
  pairs[0]?.server.end("close");
  // In the same turn: the client cannot know it yet.
  const pending = client.send(requestTo(8080, { host: "localhost", method: "POST", body: bodyOf("whole") }));
  assert.equal(pairs.length, 1);
  assert.equal(await readAll((await answerOf(pending)).body), "ok|closed");
  assert.equal(pairs.length, 2);
  client.destroy();
});

test("http over the private loopback: one connection for several requests, until its idle limit or the client's end", async () => {
  const pairs: Pair[] = [];
  const client = clientOf((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
    socket.on("end", () => socket.end());
  }, pairs);
  for (let request = 0; request < 3; request++) {
    const answer = await answerOf(client.send(requestTo(8080, { host: "localhost" })));
    assert.equal(await readAll(answer.body), "ok|closed");
    await turn();
  }
  assert.deepEqual([pairs.length, client.idleConnections], [1, 1]);
  await client.close();
  await turn();
  await turn();
  assert.equal(pairs[0]?.isEnded(), true);
});
