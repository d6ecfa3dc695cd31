/** Guests that compute, log or grow without end, behind a real socket: they are stopped, and their neighbours serve on. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { compileComponent } from "../../src/component/engine.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { GuestMeter } from "../../src/component/guest_meter.ts";
import { openExchange } from "../../src/host/http/open_exchange.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { FakeExchange } from "../support/fake_exchange.ts";
import { closeToNothing, componentBytes, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { fakeContext } from "../support/host_context.ts";
import { eventually } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";

let harness: GatewayHarness;

before(async () => {
  const route = (host: string, limits: object) => ({ match: { path: "/*", host }, component: "probe.wasm", limits });
  harness = await startTestGateway({
    "probe/short.route.jsonc": route("short.example", { cpu: "100ms" }),
    "probe/long.route.jsonc": route("long.example", { cpu: "60s", wall: "60s" }),
    "probe/walled.route.jsonc": route("walled.example", { cpu: "60s", wall: "200ms" }),
    "probe/quiet.route.jsonc": route("quiet.example", { logRate: "64KiB" }),
    "probe/small.route.jsonc": route("small.example", { memory: "4MiB" }),
    "probe/probe.wasm": await componentBytes("probe"),
    "hello/hello.route.jsonc": { match: { path: "/hello" }, component: "hello.wasm" },
    "hello/hello.wasm": await componentBytes("hello"),
  });
});

after(async () => {
  assert.deepEqual(await closeToNothing(harness), {});
});

async function get(host: string, path: string): Promise<string> {
  const client = new RawClient(harness.port);
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return await client.untilClosed();
}

/** How often the route met the limit, without what others did. */
function counted(route: string, limit: string): number {
  const found = harness.gateway.metrics().limited.find((count) => count.route === route && count.limit === limit);
  return found?.total ?? 0;
}

test("a guest that computes without end: 504 at its limit, while its neighbour answers", async () => {
  const spinning = Array.from({ length: 8 }, () => get("short.example", "/spin"));
  let answers = 0;
  const isOver = Promise.all(spinning).then(() => true);
  while (!(await Promise.race([isOver, Promise.resolve(false)]))) {
    assert.equal((await fetch(`${harness.url}/hello`)).status, 200);
    answers++;
  }
  for (const answer of await Promise.all(spinning)) assert.match(answer, /^HTTP\/1\.1 504 /);
  assert.ok(answers > 8, `${answers} answers of the neighbour`);
  assert.equal(counted("short", "cpu"), 8);
  await harness.backToIdle();
  // Each says what it computed.
  const computed = harness.events.flatMap((event) =>
    event.kind === "request" && event.route === "short" ? [event.cpuMs ?? 0] : []
  );
  assert.deepEqual(computed.filter((cpuMs) => cpuMs <= 100), []);
});

test("a guest that computes on after its answer is counted with all that it computes", async () => {
  const seconds = () => harness.gateway.metrics().requests.find(({ route }) => route === "short")?.cpuSecondsTotal ?? 0;
  const before = seconds();
  assert.match(await get("short.example", "/spin-after-end"), /^HTTP\/1\.1 200 [^]*whole/);
  await eventually(() => counted("short", "cpu") === 9);
  assert.ok(seconds() - before > 0.1, `${seconds() - before} s`);
  await harness.backToIdle();
});

test("a guest that computes ends with its wall limit", async () => {
  assert.match(await get("walled.example", "/spin"), /^HTTP\/1\.1 504 /);
  assert.deepEqual([counted("walled", "wall"), counted("walled", "cpu")], [1, 0]);
  await harness.backToIdle();
});

test("a guest that computes ends when its client goes", async () => {
  const clients = Array.from(
    { length: 4 },
    () => new RawClient(harness.port).send("GET /spin HTTP/1.1\r\nHost: long.example\r\n\r\n"),
  );
  await eventually(() => harness.gateway.counters().instances === 4);
  for (const client of clients) client.destroy();
  await harness.backToIdle();
  assert.equal(counted("long", "cpu"), 0);
});

test("a guest that logs without end has its rate of lines, and one line that says how many were dropped", async () => {
  assert.match(await get("quiet.example", "/chatter"), /said/);
  await harness.backToIdle();
  const lines = harness.events.filter((event) => event.kind === "guest-output" && event.guest.route === "quiet");
  const dropped = counted("quiet", "logRate");
  assert.equal(lines.length + dropped, 2_000_000);
  // A burst of 1,024 lines, and as many for each second that it took.
  assert.ok(lines.length >= 1024 && lines.length < 100_000, `${lines.length} lines`);
  const told = harness.events.filter((event) => event.kind === "limited" && event.limit === "logRate");
  assert.equal(told.reduce((sum, event) => sum + (event.kind === "limited" ? event.count ?? 1 : 0), 0), dropped);
  assert.ok(told.length < 60, `${told.length} lines about it`);
});

test("a guest that asks for more memory than its route has does not get it", async () => {
  assert.match(await get("small.example", "/leak"), /^HTTP\/1\.1 500 /);
  assert.notEqual(counted("small", "memory"), 0);
  assert.match(await get("small.example", "/x"), /^HTTP\/1\.1 200 /);
  await harness.backToIdle();
});

/** Ticks come every 50 us to 500 us of computing: so many are far from a slice. */
const TICKS_MAX = 3;

for (const [name, path] of [["rust_http_probe", "/env"], ["rust_http_api", "/"]] as const) {
  test(
    `a small request to a guest of ${name} never comes near the end of a slice`,
    { skip: !hasGuests(name) },
    async () => {
      const component = await compileComponent(await guestBytes(name), { suspending: SUSPENDING });
      const context = fakeContext();
      let ticks = 0;
      const meter: GuestMeter = {
        resume() {},
        pause() {},
        check: () => {
          ticks++;
          return "continue";
        },
        turn: () => Promise.reject(new Error("nobody asked for a turn")),
      };
      const instance = await component.instantiate(createHostImports(context), { meter });
      for (let request = 0; request < 10; request++) {
        ticks = 0;
        const exchange = new FakeExchange({ pathWithQuery: path });
        const opened = openExchange(exchange, context);
        const handle = instance.findInterface("wasi:http/incoming-handler")?.["handle"] as ExportedFunction;
        await handle(opened.request, opened.responseOut);
        opened.settle("the request is over");
        assert.equal(exchange.status, 200);
        assert.ok(ticks <= TICKS_MAX, `${ticks} ticks`);
      }
      instance.dispose();
    },
  );
}
