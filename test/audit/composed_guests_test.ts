/**
 * Two real components made one by a real composer, behind the gateway: a middleware in front of the probe. What the
 * inner one does, good or broken, is what a client sees as if it stood alone.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ToolchainMissing } from "../../scripts/guest_build/toolchain.ts";
import { closeToNothing, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { RawClient } from "../support/raw_client.ts";
import { componentPath, quickJsGuestPath } from "./components.ts";
import { compose } from "./composer.ts";

let harness: GatewayHarness;
let missing: string | undefined;

before(async () => {
  const inner = await componentPath("probe");
  const composed = await compose(await quickJsGuestPath("gate"), [inner]).catch((error: unknown) => {
    if (!(error instanceof ToolchainMissing)) throw error;
    missing = error.message;
  });
  if (composed === undefined) return;
  harness = await startTestGateway({
    "w/all.route.jsonc": { match: { path: "/*" }, component: "composed.wasm", env: { COLOUR: "red" }, args: ["one"] },
    "w/composed.wasm": composed,
  }, { limits: { route: { wallMs: 3_000 } } });
});

after(async () => {
  if (missing === undefined) assert.deepEqual(await closeToNothing(harness), {});
});

const LONG = "0123456789abcdef".repeat(60_000);

const ROWS: readonly {
  readonly name: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
  readonly answer: string | RegExp;
}[] = [
  { name: "the middleware answers itself", path: "/forbidden/x", status: 403, answer: "" },
  { name: "the inner handler answers", path: "/plain", status: 200, answer: "/plain" },
  { name: "an answer that streams", path: "/tick", status: 200, answer: "tick 1\ntick 2\ntick 3\n" },
  { name: "both see one environment", path: "/environment", status: 200, answer: /^\{"env":\[\["COLOUR","red"\]\]/ },
  { name: "a body both ways at once", path: "/echo", body: LONG, status: 200, answer: LONG },
  { name: "no answer", path: "/no-answer", status: 500, answer: /problem|status/ },
  { name: "a trap of the inner one", path: "/trap", status: 500, answer: /status/ },
  { name: "an exit of the inner one", path: "/exit", status: 500, answer: /status/ },
  { name: "an error-code", path: "/error-code", status: 502, answer: /status/ },
  { name: "an inner one that hangs", path: "/hang", status: 504, answer: /status/ },
  { name: "a trap after the end", path: "/trap-after-end", status: 200, answer: "whole" },
  { name: "the loopback", path: "/connect", status: 200, answer: "connection-refused" },
  { name: "a bind", path: "/bind", status: 200, answer: "access-denied" },
];

for (const { name, path, body, status, answer } of ROWS) {
  test(`composed guests: ${name}: ${path} is ${status}`, async (t) => {
    if (missing !== undefined) return t.skip(missing);
    const response = await fetch(harness.url + path, body === undefined ? {} : { method: "POST", body });
    const text = await response.text();
    assert.equal(response.status, status, text);
    if (typeof answer === "string") assert.equal(text, answer);
    else assert.match(text, answer);
    await harness.backToIdle();
  });
}

test("composed guests: a trap of the inner one after the head breaks the answer off", async (t) => {
  if (missing !== undefined) return t.skip(missing);
  const client = new RawClient(harness.port).send("GET /trap-after-head HTTP/1.1\r\nHost: a.example\r\n\r\n");
  assert.match(await client.untilClosed(), /^HTTP\/1\.1 200 OK\r\n.*6\r\na part\r\n$/s);
  await harness.backToIdle();
});

test("composed guests: 100 requests at once, each with instances of its own", async (t) => {
  if (missing !== undefined) return t.skip(missing);
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => (await fetch(`${harness.url}/x${index}`)).text()),
  );
  assert.deepEqual(answers, Array.from({ length: 100 }, (_, index) => `/x${index}`));
  await harness.backToIdle();
});
