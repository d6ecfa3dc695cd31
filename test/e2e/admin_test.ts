/** The admin listener of a running gateway: health, metrics, the state of workloads, and who may not reach it. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { startGateway } from "../../src/gateway/gateway.ts";
import { componentBytes, memoryFiles } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };

async function folder(net: unknown = []): Promise<ReturnType<typeof memoryFiles>> {
  return memoryFiles({
    "shop/workload.jsonc": { service: { component: "service.wasm", ready: { tcp: 7777 } }, net },
    "shop/task.route.jsonc": { match: { path: "/task", methods: ["POST"] }, component: "api.wasm" },
    "shop/api.wasm": await componentBytes("http_api"),
    "shop/service.wasm": await componentBytes("service_leet"),
  });
}

interface Status {
  readonly workloads: readonly {
    readonly name: string;
    readonly service: { readonly state: string; readonly restarts: number };
    readonly network: { readonly listening: readonly number[] };
    readonly routes: readonly { readonly name: string; readonly inside: number }[];
  }[];
  readonly totals: { readonly requests: readonly { readonly route?: string; readonly total: number }[] };
}

test("admin: health, metrics and workloads of a gateway that serves", async () => {
  await using gateway = await opened();
  const admin = `http://127.0.0.1:${gateway.adminPort}`;
  await eventually(async () => (await fetch(`${admin}/readyz`)).status === 200);
  const answer = await fetch(`${gateway.url}/task`, { method: "POST", body: '{"payload":"hello"}' });
  assert.equal(await answer.text(), "h3110");
  assert.equal(await (await fetch(`${admin}/healthz`)).text(), "ok\n");
  const status = await (await fetch(`${admin}/workloads`)).json() as Status;
  const [shop] = status.workloads;
  assert.deepEqual([shop?.name, shop?.service.state, shop?.service.restarts], ["shop", "ready", 0]);
  assert.deepEqual(shop?.network.listening, [7777]);
  assert.deepEqual(shop?.routes.map(({ name, inside }) => [name, inside]), [["task", 0]]);
  await eventually(async () => {
    const text = await (await fetch(`${admin}/metrics`)).text();
    return /^loopgate_requests_total\{.*route="task".*\} 1$/m.test(text);
  });
  const metrics = await fetch(`${admin}/metrics`);
  assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await metrics.text();
  assert.match(text, /^loopgate_service_up\{workload="shop"\} 1$/m);
  const computed = /^loopgate_service_cpu_seconds_total\{workload="shop"\} (\S+)$/m.exec(text)?.[1];
  assert.ok(Number(computed) > 0, `the service has computed ${computed} s`);
  assert.match(text, /^loopgate_live\{kind="workloads"\} 1$/m);
  const page = await fetch(`${admin}/`);
  assert.match(await page.text(), /<title>Loopgate<\/title>/);
  for (const file of ["page.js", "picture.js", "elements.js", "page.css"]) {
    assert.equal((await fetch(`${admin}/${file}`)).status, 200, file);
  }
});

test("admin: a name of the web that leads here, and a method that would change something, are refused", async () => {
  await using gateway = await opened();
  assert.equal(await statusOf(gateway.adminPort, { headers: { host: "evil.example" } }), 421);
  assert.equal(await statusOf(gateway.adminPort, { method: "POST" }), 405);
});

test("admin: the gateway drains visibly, and the port is free afterwards", async () => {
  const gateway = await opened();
  await gateway[Symbol.asyncDispose]();
  await assert.rejects(fetch(`http://127.0.0.1:${gateway.adminPort}/healthz`));
});

test("admin: its port taken is a clear fault, and nothing is left open", async () => {
  await using gateway = await opened();
  const admin = { host: "127.0.0.1", port: gateway.adminPort };
  await assert.rejects(
    startGateway({ folder: "w", files: await folder(), listen: LOCAL, admin }),
    /^LoopgateError: Cannot listen on "127\.0\.0\.1:\d+" for the admin: .*EADDRINUSE/,
  );
});

async function opened() {
  const gateway = await startGateway({ folder: "w", files: await folder(), listen: LOCAL, admin: LOCAL });
  return {
    url: gateway.url,
    adminPort: gateway.adminAddress?.port ?? assert.fail("there is no admin"),
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

function statusOf(
  port: number,
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: "/workloads", agent: false, ...options }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    }).on("error", reject).end();
  });
}
