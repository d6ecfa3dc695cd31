/** Clients that ask for more than they read, and what that costs the gateway. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ResponseBody } from "../../src/host/http/exchange.ts";
import { eventually, startHarness, steady } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";
import { flood, writeAll } from "../support/write_body.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";

test("many clients that do not read cost a window each, and are cut when they go on", async () => {
  let [begun, written] = [0, 0];
  const harness = await startHarness((exchange) => {
    begun++;
    return flood(exchange.respond({ status: 200, headers: [] }), (bytes) => written += bytes);
  }, { limits: { responseStallTimeoutMs: 1_500 } });
  const count = 150;
  const before = process.memoryUsage().rss;
  const clients = Array.from({ length: count }, () => {
    const client = new RawClient(harness.port);
    client.socket.pause();
    return client.send(GET);
  });
  // On a busy machine the first are cut before the last are served.
  await eventually(() => begun === count);
  await steady(() => written);
  // Twice what was seen with the other ends in the same process; without back-pressure it is gigabytes.
  const growth = process.memoryUsage().rss - before;
  assert.ok(growth < count * 2_000_000, `${growth}`);
  await eventually(() => harness.listener.connectionCount === 0);
  assert.equal(harness.counters.get("requests"), 0);
  const causes = new Set(harness.events.map((event) => event.kind === "request" ? event.cause : event.kind));
  assert.deepEqual([...causes], ["the client read nothing for 1500ms; listener.responseStallTimeout of gateway.jsonc"]);
  for (const client of clients) client.destroy();
  await harness.close();
});

test("a client that does not read the end of a finished answer is cut too", async () => {
  let written = 0;
  let sink: ResponseBody | undefined;
  const harness = await startHarness(async (exchange) => {
    sink = exchange.respond({ status: 200, headers: [] });
    await flood(sink, (bytes) => written += bytes);
  }, { limits: { responseStallTimeoutMs: 500 } });
  const client = new RawClient(harness.port);
  client.socket.pause();
  client.send(GET);
  // The system takes no more: what the answer ends with stays in the gateway.
  await steady(() => written);
  sink?.finish(undefined);
  await harness.idle();
  const [line] = harness.events.filter((event) => event.kind === "request");
  assert.equal(line?.cause, "the client read nothing for 500ms; listener.responseStallTimeout of gateway.jsonc");
  client.destroy();
  await eventually(() => harness.listener.connectionCount === 0);
  await harness.close();
});

test("a client that reads slowly, but reads, gets everything", async () => {
  const size = 8_000_000;
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: [] });
    await writeAll(sink, size);
    sink.finish(undefined);
  }, { limits: { responseStallTimeoutMs: 1_500 } });
  const client = new RawClient(harness.port).send(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  // In steps that take longer together than a client may read nothing. The system tells of room when a third of its buffer is
  // free, which is a dozen of them.
  client.socket.on("data", () => {
    client.socket.pause();
    setTimeout(() => client.socket.resume(), 15);
  });
  const { length } = await client.untilClosed();
  assert.ok(length > size, `${length} bytes`);
  await harness.idle();
  await harness.close();
});

const isLong = process.env["LOOPGATE_LONG_TESTS"] === "1";

test("a thousand clients that do not read (ten thousand with LOOPGATE_LONG_TESTS=1)", async () => {
  const count = isLong ? 10_000 : 1_000;
  // As many as a route serves at a time.
  let places = 256;
  const harness = await startHarness(async (exchange) => {
    if (places === 0) return { kind: "overloaded", detail: "the test's route is full" };
    places--;
    await flood(exchange.respond({ status: 200, headers: [] }), () => {});
    places++;
    return undefined;
  }, { limits: { keepAliveTimeoutMs: 600_000, responseStallTimeoutMs: 600_000 } });
  const before = process.memoryUsage().rss;
  const script = fileURLToPath(new URL("../support/slow_clients.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const clients = spawn(process.execPath, [...flags, script, String(harness.port), String(count)], { stdio: "ignore" });
  await eventually(() => harness.listener.connectionCount === count);
  await eventually(() => places === 0);
  const growth = process.memoryUsage().rss - before;
  assert.ok(growth < count * 64_000, `${growth}`);
  clients.kill("SIGKILL");
  await once(clients, "exit");
  await eventually(() => harness.listener.connectionCount === 0);
  await harness.idle();
  assert.equal(places, 256);
  await harness.close();
});
