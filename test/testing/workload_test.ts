/** Whole workloads under test: what their files say holds, and what is outside is a script. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Attempt,
  http,
  tcp,
  type TestedWorkload,
  testWorkload,
  type TestWorkloadOptions,
} from "../../src/testing/mod.ts";
import { componentBytes, type FolderContent, memoryFiles } from "../support/gateway_harness.ts";
import type { Step } from "../support/traveller.ts";

async function openShop(content: FolderContent, options: TestWorkloadOptions = {}): Promise<TestedWorkload> {
  const reader = memoryFiles({
    "shop/traveller.wasm": await componentBytes("traveller"),
    "shop/all.route.jsonc": { match: { path: "/*" }, component: "traveller.wasm" },
    ...content,
  });
  return await testWorkload("w/shop", { reader, ...options });
}

async function travel(workload: TestedWorkload, path: string, ...steps: readonly Step[]): Promise<unknown> {
  return await (await workload.fetch(path, { method: "POST", body: JSON.stringify(steps) })).json();
}

const MAIL: Step = { do: "tcp", address: [192, 0, 2, 7], port: 25 };
const API: Step = { do: "http", scheme: "https", authority: "api.example.com" };

test("testWorkload: each route has the policy of its file, below the operator's ceiling", async () => {
  await using workload = await openShop({
    "gateway.jsonc": { net: { allow: ["public"], deny: ["*:25"] } },
    "shop/api.route.jsonc": { match: { path: "/api" }, component: "traveller.wasm", net: ["https://api.example.com"] },
  }, {
    network: { "192.0.2.7:587": tcp.hangs() },
    http: { "GET https://api.example.com/": http.answers("open") },
  });
  const submission: Step = { do: "tcp", address: [192, 0, 2, 7], port: 587 };
  assert.deepEqual(await travel(workload, "/", MAIL, submission), ["access-denied", "connected"]);
  assert.deepEqual(await travel(workload, "/api", submission, API), ["access-denied", { status: 200, body: "open" }]);
  const seen = workload.attempts().map(({ guest, operation, target, verdict }: Attempt) =>
    [guest, operation, target, verdict].join(" ")
  );
  assert.deepEqual(seen, [
    "all tcp-connect 192.0.2.7:25 denied",
    "all tcp-connect 192.0.2.7:587 answered",
    "api tcp-connect 192.0.2.7:587 denied",
    "api http-request GET https://api.example.com/ answered",
  ]);
});

test("testWorkload: a host and a method that no route has are the gateway's own answers", async () => {
  await using workload = await openShop({
    "shop/all.route.jsonc": {
      match: { host: "shop.example.com", path: "/here", methods: ["POST"] },
      component: "traveller.wasm",
    },
  });
  assert.equal((await workload.fetch("/here")).status, 404);
  assert.equal((await workload.fetch("http://shop.example.com/there")).status, 404);
  const response = await workload.fetch("http://shop.example.com/here");
  assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
});

test("testWorkload: what is wrong with its files is told with its place", async () => {
  await assert.rejects(openShop({ "shop/workload.jsonc": { nett: [] } }), {
    code: "ERR_CONFIG",
    message: /the key "nett"[^]*w\/shop\/workload\.jsonc:1:2/,
  });
  await assert.rejects(
    openShop({ "gateway.jsonc": { net: { allow: [] } }, "shop/workload.jsonc": { net: ["public"] } }),
    {
      code: "ERR_CONFIG",
    },
  );
});

test("testWorkload: faults of its neighbours are their own", async () => {
  await using workload = await openShop({ "other/workload.jsonc": "{" });
  assert.equal(workload.serviceState, undefined);
});

test("testWorkload: a service that does not start is told with what it said", async () => {
  const limits = { start: "1s" };
  const service = { component: "service.wasm", ready: { tcp: 7778 }, restart: { policy: "never" }, limits };
  await assert.rejects(
    openShop({
      "shop/service.wasm": await componentBytes("service_leet"),
      "shop/workload.jsonc": { service },
    }),
    { code: "ERR_SERVICE_DOWN", message: /Cannot test "w\/shop": its service is not ready/ },
  );
});

test("testWorkload: the environment of a test stands over the files'", async () => {
  await using workload = await openShop({
    "shop/probe.wasm": await componentBytes("probe"),
    "shop/workload.jsonc": { env: { ONE: "file", TWO: "file" } },
    "shop/probe.route.jsonc": { match: { path: "/environment" }, component: "probe.wasm" },
  }, { env: { TWO: "test" } });
  const { env } = await (await workload.fetch("/environment")).json() as { readonly env: unknown };
  assert.deepEqual(env, [["ONE", "file"], ["TWO", "test"]]);
});
