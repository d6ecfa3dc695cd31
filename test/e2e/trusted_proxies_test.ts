/** What a guest reads of its client behind a proxy, over real connections. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, startHarness } from "../support/http_harness.ts";
import { rawRequest, statusOf } from "../support/raw_client.ts";
import { routeContent, watchFolder, within } from "../support/watched_folder.ts";

const SPOOFED = [
  "X-Forwarded-For: 203.0.113.1, 192.0.2.7",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: shop.example",
];

/** `scheme authority` and the fields that tell of the client. */
async function seenBehind(trustedProxies: readonly string[], fields: readonly string[]): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  const harness = await startHarness(async (exchange) => {
    const { scheme, authority, headers } = exchange.head;
    const lines = headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString("latin1")}`);
    seen = [`${scheme} ${authority}`, ...lines.filter((line) => /^(?:x-)?forwarded/.test(line)).toSorted()];
    answer(exchange, 200, "ok");
  }, { trustedProxies });
  const received = await rawRequest(harness.port, ["GET / HTTP/1.1", "Host: own.example", ...fields].join("\r\n"));
  await harness.close();
  return statusOf(received) === 200 ? seen : [String(statusOf(received))];
}

test("trusted proxies: without one, whoever is connected is the client, whatever it says", async () => {
  for (const trusted of [[], ["10.0.0.0/8"]]) {
    assert.deepEqual(await seenBehind(trusted, [...SPOOFED, "Forwarded: for=203.0.113.1;proto=https"]), [
      "http own.example",
      'forwarded: for=127.0.0.1;proto=http;host="own.example"',
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-host: own.example",
      "x-forwarded-proto: http",
    ]);
  }
});

test("trusted proxies: a guest reads what they say in one form, and what the client made up nowhere", async () => {
  assert.deepEqual(await seenBehind(["127.0.0.0/8"], SPOOFED), [
    "https own.example",
    'forwarded: for=192.0.2.7;proto=https;host="shop.example"',
    "x-forwarded-for: 192.0.2.7",
    "x-forwarded-host: shop.example",
    "x-forwarded-proto: https",
  ]);
});

test("trusted proxies: a request that says two things is refused", async () => {
  assert.deepEqual(await seenBehind(["127.0.0.1"], [...SPOOFED, "Forwarded: for=203.0.113.1"]), ["400"]);
  assert.deepEqual(await seenBehind(["127.0.0.1"], ['Forwarded: for="']), ["400"]);
});

test("trusted proxies: a changed list counts from the next request on, for gateway.fetch too", async () => {
  const watched = await watchFolder(within("one", await routeContent("one", "1")));
  const { gateway } = watched;
  // Only from a trusted proxy the field is read at all.
  const statuses = async (): Promise<readonly number[]> => {
    const head = 'GET /environment HTTP/1.1\r\nHost: one.example\r\nForwarded: for="';
    const received = await rawRequest(gateway.address.port, head);
    const request = new Request("http://one.example/environment", { headers: { forwarded: 'for="' } });
    const fetched = await Promise.all(["127.0.0.1", "192.0.2.1"].map(async (remoteAddress) => {
      const response = await gateway.fetch(request, { remoteAddress });
      await response.text();
      return response.status;
    }));
    return [statusOf(received), ...fetched];
  };
  assert.deepEqual(await statuses(), [200, 200, 200]);
  await watched.folder.write("gateway.jsonc", { trustedProxies: ["127.0.0.1"] });
  await watched.untilReloads(1);
  assert.deepEqual(await statuses(), [400, 400, 200]);
  assert.deepEqual(await watched.close(), {});
});
