/** What a guest has open to the outside, and may not have any more since a file has changed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { LOOPBACK_V4 } from "../../src/base/ip_address.ts";
import { dialEgressTcp } from "../../src/network/egress_tcp.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { requestHost } from "../support/request_host.ts";
import { type WatchedGateway, watchFolder } from "../support/watched_folder.ts";

const OUTSIDE = "203.0.113.1";
const OPEN = { net: [`http://${OUTSIDE}`] };
const CLOSED = { net: [] };
/** It is dialled, and never answered. */
const SILENT = JSON.stringify([{ do: "http", authority: OUTSIDE, path: "/silent" }]);
const DENIED_LATER = '["later: HTTP-request-denied"]';
const DENIED_AT_ONCE = '["at once: HTTP-request-denied"]';

function route(name: string, version = "1"): unknown {
  return { match: { host: "*", path: `/${name}` }, component: "traveller.wasm", env: { VERSION: version } };
}

interface Travelling {
  readonly watched: WatchedGateway;
  /** What the guest of a route says of the silent server, once it knows. */
  readonly ask: (name: string) => Promise<string>;
  /** Waits until so many requests have arrived outside. */
  readonly untilOutside: (count: number) => Promise<void>;
}

/** A workload with the routes "a" and "b", which may reach one server outside. */
async function travelling(body: (travelling: Travelling) => Promise<void>): Promise<void> {
  let arrived = 0;
  const server = createServer(() => void arrived++).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const here = { address: LOOPBACK_V4, port: address.port };
  const watched = await watchFolder({
    "out/workload.jsonc": OPEN,
    "out/a.route.jsonc": route("a"),
    "out/b.route.jsonc": route("b"),
    "out/traveller.wasm": await componentBytes("traveller"),
  }, { egress: { locate: () => here, dial: (options) => dialEgressTcp({ ...options, remote: here }) } });
  try {
    await body({
      watched,
      ask: async (name) => {
        const options = { method: "POST", body: SILENT };
        return await (await requestHost(`${watched.gateway.url}/${name}`, "any.example", options)).text();
      },
      untilOutside: (count) => eventually(() => arrived >= count),
    });
  } finally {
    const left = await watched.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(left, {});
  }
}

test("policy: what is under way and not allowed any more ends at once, and nothing new begins", async () => {
  await travelling(async ({ watched, ask, untilOutside }) => {
    const underWay = [ask("a"), ask("b")];
    await untilOutside(2);
    await watched.folder.write("out/workload.jsonc", CLOSED);
    assert.deepEqual(await Promise.all(underWay), [DENIED_LATER, DENIED_LATER]);
    assert.equal(await ask("a"), DENIED_AT_ONCE);
    const denied = watched.gateway.metrics().denied.filter(({ workload }) => workload === "out");
    assert.equal(denied.reduce((sum, { total }) => sum + total, 0), 3);
  });
});

test("policy: a change reaches versions that were draining before it", async () => {
  await travelling(async ({ watched, ask, untilOutside }) => {
    const first = ask("a");
    await untilOutside(1);
    await watched.folder.write("out/a.route.jsonc", route("a", "2"));
    await watched.untilReloads(1);
    const second = ask("a");
    await untilOutside(2);
    await watched.folder.write("out/workload.jsonc", CLOSED);
    assert.deepEqual(await Promise.all([first, second]), [DENIED_LATER, DENIED_LATER]);
  });
});

test("policy: requests of a route that was taken away finish under its own, as far as the operator allows", async () => {
  await travelling(async ({ watched, ask, untilOutside }) => {
    let isOver = false;
    const kept = ask("a").finally(() => (isOver = true));
    const other = ask("b");
    await untilOutside(2);
    await watched.folder.remove("out/a.route.jsonc");
    await watched.untilReloads(1);
    assert.equal((await requestHost(`${watched.gateway.url}/a`, "any.example")).status, 404);
    await watched.folder.write("out/workload.jsonc", CLOSED);
    assert.equal(await other, DENIED_LATER);
    assert.equal(isOver, false);
    await watched.folder.write("gateway.jsonc", CLOSED);
    assert.equal(await kept, DENIED_LATER);
  });
});

test("policy: what drains of a workload that was taken away ends when the operator closes the way", async () => {
  await travelling(async ({ watched, ask, untilOutside }) => {
    const underWay = ask("a");
    await untilOutside(1);
    await watched.folder.remove("out");
    await watched.untilReloads(1);
    await watched.folder.write("gateway.jsonc", CLOSED);
    assert.equal(await underWay, DENIED_LATER);
  });
});

test("policy: a version that is kept since it has faults, and what drained before it, are cut by the operator too", async () => {
  await travelling(async ({ watched, ask, untilOutside }) => {
    const first = ask("a");
    await untilOutside(1);
    await watched.folder.write("out/a.route.jsonc", route("a", "2"));
    await watched.untilReloads(1);
    const second = ask("a");
    await untilOutside(2);
    // It asks for more than the operator gives now.
    await watched.folder.write("gateway.jsonc", CLOSED);
    // The operator's file is replaced, and the workload is not.
    assert.equal((await watched.untilReloads(3)).outcome, "kept");
    assert.deepEqual(await Promise.all([first, second]), [DENIED_LATER, DENIED_LATER]);
    assert.equal(await ask("b"), DENIED_AT_ONCE);
  });
});
