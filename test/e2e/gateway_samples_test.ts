/** The sample workloads, as `npm start` serves them. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { componentBytes, isIdle, settledCounters } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { processClock } from "../support/process_clock.ts";

const WORKLOADS = fileURLToPath(new URL("../../workloads", import.meta.url));
const AT_ONCE = 1000;

const LEET: Readonly<Record<string, string>> = { a: "4", e: "3", i: "1", o: "0", s: "5", t: "7", l: "1" };

function leet(text: string): string {
  return text.replace(/[aeiostl]/gi, (letter) => LEET[letter.toLowerCase()] ?? letter);
}

/** A test that fails closes its gateway too, so that its process can end. */
async function startSamples(t: TestContext, clock: Clock = systemClock) {
  await componentBytes("service_leet");
  const gateway = await startGateway({ folder: WORKLOADS, listen: { host: "127.0.0.1", port: 0 }, clock });
  t.after(() => gateway.close());
  await eventually(() => gateway.serviceState("service-tcp") === "ready");
  return gateway;
}

test("hello answers on its path and below", async (t) => {
  const gateway = await startSamples(t);
  for (const path of ["/hello", "/hello/there"]) {
    const response = await fetch(gateway.url + path);
    assert.equal(response.status, 200);
    assert.match(await response.text(), new RegExp(`^Hello from Loopgate at ${path}`));
  }
});

test("service-tcp answers each request by its service", async (t) => {
  const gateway = await startSamples(t);
  const rows:
    readonly (readonly [method: string, path: string, body: string | null, status: number, answer: RegExp])[] = [
      ["GET", "/", null, 200, /<form/],
      ["POST", "/task", '{"payload":"Leet Speak"}', 200, /^1337 5p34k$/],
      ["POST", "/task", "{", 400, /./],
      ["POST", "/task", '{"payload":1}', 400, /./],
      ["GET", "/nope", null, 404, /^Not found/],
    ];
  for (const [method, path, body, status, answer] of rows) {
    await t.test(`${method} ${path} ${body ?? ""}`, async () => {
      const response = await fetch(gateway.url + path, { method, body });
      assert.equal(response.status, status);
      assert.match((await response.text()).trim(), answer);
    });
  }
});

test(`${AT_ONCE} requests at once go through the service and leave nothing behind`, async (t) => {
  // They have the limits of the sample, and may wait for a place in its queue for some seconds.
  const gateway = await startSamples(t, processClock);
  const idle = await settledCounters(gateway);
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => {
    const payload = `Test message ${index} aeiostl`;
    const response = await fetch(`${gateway.url}/task`, { method: "POST", body: JSON.stringify({ payload }) });
    const text = await response.text();
    return text.trim() === leet(payload) ? String(response.status) : `${response.status} ${text}`;
  }));
  // How many of each: a thousand of a kind say no more than one.
  const counts = Object.fromEntries(Map.groupBy(answers, String).entries().map(([what, all]) => [what, all.length]));
  assert.deepEqual(counts, { 200: AT_ONCE });
  await eventually(() => isIdle(gateway, idle));
  await gateway.close();
  assert.deepEqual(Object.entries(gateway.counters()).filter(([, count]) => count !== 0), []);
});
