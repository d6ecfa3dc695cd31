/** docs/operating.md: what it asks is answered so, its metrics and keys are those of a gateway that runs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventJson } from "../../src/cli/event_text.ts";
import type { WorkloadStatus } from "../../src/admin/admin_source.ts";
import { closeToNothing, componentBytes, startTestGateway } from "../support/gateway_harness.ts";
import { DocumentShell } from "../support/document_commands.ts";
import { eventually } from "../support/http_harness.ts";
import { startOtlpReceiver } from "../support/otlp_receiver.ts";

const TEXT = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");

/** What stands in backquotes in the first column of a table below a heading. */
function namesBelow(heading: string): readonly string[] {
  const section = TEXT.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? assert.fail(heading);
  const cells = [...section.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = ""]) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
}

test("docs/operating.md: what it asks of the admin listener is answered so", async () => {
  const harness = await startTestGateway({
    "service-tcp/task.route.jsonc": { match: { path: "/task" }, component: "probe.wasm" },
    "service-tcp/probe.wasm": await componentBytes("probe"),
  }, { admin: { host: "127.0.0.1", port: 0 } });
  await (await fetch(`${harness.url}/task`)).text();
  await harness.backToIdle();
  const port = harness.gateway.adminAddress?.port ?? assert.fail("there is no admin");
  const [, block = ""] = /^```\n(\$ curl[^]*?)^```$/m.exec(TEXT) ?? [];
  const shell = await DocumentShell.open({});
  const printed: string[] = [];
  for (const line of block.trim().split("\n")) {
    if (!line.startsWith("$ ")) continue;
    const { printed: answer } = await shell.run(line.slice(2).replace("8081", String(port)));
    printed.push(line, ...answer.trimEnd().split("\n"));
  }
  await shell.close();
  assert.deepEqual(await closeToNothing(harness), {});
  assert.deepEqual(printed, block.trim().replace(/ 41$/, " 1").split("\n"));
});

test("docs/operating.md: metrics, keys of a request's line and spans are those of a gateway that runs", async () => {
  const collector = await startOtlpReceiver();
  const harness = await startTestGateway({
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  }, { otlp: collector.endpoint, admin: { host: "127.0.0.1", port: 0 } });
  const response = await fetch(`${harness.url}/no-answer`, { headers: { "x-request-id": "x" } });
  await response.text();
  const port = harness.gateway.adminAddress?.port ?? assert.fail("there is no admin");
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.deepEqual(await closeToNothing(harness), {});
  await collector.close();
  const families = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
  const told = namesBelow("Metrics").filter((name) => name.startsWith("loopgate_"));
  assert.deepEqual(families.filter((name) => !name.startsWith("process_")).toSorted(), told.toSorted());
  assert.ok(families.includes("process_resident_memory_bytes"), families.join());
  const event = harness.events.find(({ kind }) => kind === "request") ?? assert.fail("nothing was logged");
  const keys = Object.keys(JSON.parse(eventJson(event, "2026-01-02T03:04:05.678Z")) as object);
  assert.deepEqual(keys.toSorted(), namesBelow("The log").toSorted());
  const spans = new Set(collector.spans.map(({ name }) => name));
  for (const name of spans) assert.ok(TEXT.includes(`\`${name.replace("GET /*", "POST /task")}\``), name);
});

test("docs/operating.md: /workloads has states, limits, counters and the last error of what runs", async () => {
  const harness = await startTestGateway({
    "shop/workload.jsonc": { service: { component: "greeter.wasm", restart: { policy: "never" } } },
    "shop/greeter.wasm": await componentBytes("greeter"),
    "shop/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "shop/probe.wasm": await componentBytes("probe"),
  }, { admin: { host: "127.0.0.1", port: 0 } });
  const response = await fetch(`${harness.url}/trap`);
  await response.text();
  await eventually(() => harness.events.some(({ kind }) => kind === "request"));
  const port = harness.gateway.adminAddress?.port ?? assert.fail("there is no admin");
  const { workloads, live } = await (await fetch(`http://127.0.0.1:${port}/workloads`)).json() as {
    readonly workloads: readonly [WorkloadStatus];
    readonly live: Readonly<Record<string, number>>;
  };
  assert.deepEqual(await closeToNothing(harness), {});
  const [{ name, service, routes: [route], limits, network }] = workloads;
  assert.deepEqual([name, service?.state, service?.restarts], ["shop", "ready", 0]);
  assert.deepEqual([route?.name, route?.inside, network.outside], ["all", 0, 0]);
  assert.equal(route?.lastFailure?.status, 500);
  assert.equal(route.lastFailure.code, "LG7011");
  assert.match(route.lastFailure.cause, /^the guest trapped/);
  assert.equal(route.lastFailure.requestId, response.headers.get("x-request-id"));
  for (const each of [limits["instancesMax"], service?.limits["memoryBytesMax"], route.limits["cpuMs"]]) {
    assert.equal(typeof each, "number");
  }
  assert.equal(live["workloads"], 1);
});
