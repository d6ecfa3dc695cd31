/** The admin page in a browser: it runs its script under its own policy, and draws what the gateway says. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startGateway } from "../../src/gateway/gateway.ts";
import { rawRequest } from "../support/raw_client.ts";
import { componentBytes, memoryFiles } from "../support/gateway_harness.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const chromium = ["chromium", "chromium-browser", "google-chrome"].find((name) => {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

test("admin page: Chromium shows workloads, networks and requests", {
  skip: chromium === undefined ? "there is no Chromium" : false,
}, async () => {
  const files = memoryFiles({
    "shop/workload.jsonc": { service: { component: "service.wasm", ready: { tcp: 7777 } } },
    // Markup in a path must stay text.
    "shop/odd.route.jsonc": { match: { path: "/&lt;odd" }, component: "api.wasm" },
    "shop/task.route.jsonc": { match: { path: "/task", methods: ["POST"] }, component: "api.wasm" },
    "shop/probe.route.jsonc": { match: { host: "probe.example", path: "/*" }, component: "probe.wasm" },
    "shop/probe.wasm": await componentBytes("probe"),
    "shop/api.wasm": await componentBytes("http_api"),
    "shop/service.wasm": await componentBytes("service_leet"),
    "broken/all.route.jsonc": { match: { path: "/<b>x" }, component: "gone.wasm" },
  });
  const gateway = await startGateway({ folder: "w", files, listen: LOCAL, admin: LOCAL, startWith: "sound" });
  try {
    const answer = await fetch(`${gateway.url}/task`, { method: "POST", body: '{"payload":"hello"}' });
    assert.equal(await answer.text(), "h3110");
    const trapped = await rawRequest(gateway.address.port, "GET /trap HTTP/1.1\r\nHost: probe.example");
    assert.match(trapped, /^HTTP\/1\.1 500/);
    const page = await domOf(`http://127.0.0.1:${gateway.adminAddress?.port}/`);
    for (
      const text of [
        "shop",
        "service <tspan",
        ">ready<",
        "listens on 7777",
        "POST /task",
        "any /&amp;lt;odd",
        "any probe.example/*",
        "outside: 0 open, ",
        "0 restarts of the service",
        ">500 LG7011<",
        "1 failed<",
        '<b>broken </b><span class="bad">left out </span>w/broken/all.route.jsonc:1:',
        "requests by duration, up to so many ms",
      ]
    ) {
      assert.ok(page.includes(text), `${text}\n${page}`);
    }
    assert.match(page, /<td>task<\/td><td class="number">0<\/td><td class="number">1<\/td>/);
  } finally {
    await gateway.close();
  }
});

test("admin page: of many workloads each is a line, and the failed one comes first, open", {
  skip: chromium === undefined ? "there is no Chromium" : false,
}, async () => {
  const [handler, service] = [await componentBytes("probe"), await componentBytes("service_leet")];
  const restart = { policy: "never" };
  const tenants = Array.from({ length: 13 }, (_, index) => `tenant-${index}`);
  const files = memoryFiles({
    "zebra/workload.jsonc": {
      service: { component: "s.wasm", ready: { tcp: 9 }, restart, limits: { start: "50ms" } },
    },
    "zebra/s.wasm": service,
    ...Object.fromEntries(tenants.flatMap((name) => [
      [`${name}/all.route.jsonc`, { match: { path: `/${name}` }, component: "h.wasm" }],
      [`${name}/h.wasm`, handler],
    ])),
  });
  const gateway = await startGateway({ folder: "w", files, listen: LOCAL, admin: LOCAL });
  try {
    const page = await domOf(`http://127.0.0.1:${gateway.adminAddress?.port}/`);
    assert.match(page, /<span class="good">ready<\/span>, <a class="bad" href="#workload-zebra">zebra failed<\/a>/);
    const names = [...page.matchAll(/<article id="workload-([^"]+)"/g)].map(([, name]) => name);
    assert.deepEqual(names, ["zebra", ...tenants.toSorted()]);
    assert.equal(page.split("<details open").length, 2, "the failed one alone");
    assert.match(page, /14 workloads/);
  } finally {
    await gateway.close();
  }
});

/** The page's elements after its script has run for a while. */
async function domOf(url: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), "loopgate-page-"));
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--virtual-time-budget=3000",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(chromium ?? "", [...flags, "--dump-dom", url], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => text += chunk.toString());
  await new Promise((resolve) => child.on("close", resolve));
  rmSync(profile, { recursive: true, force: true });
  return text;
}
