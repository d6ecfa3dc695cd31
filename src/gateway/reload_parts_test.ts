import assert from "node:assert/strict";
import { test } from "node:test";
import { routeSpec, workloadSpec } from "../../test/support/specs.ts";
import { memoryFiles } from "../../test/support/memory_files.ts";
import { PROCESS_LIMITS } from "../base/limits.ts";
import { NO_GATEWAY_FILE } from "../config/gateway_file.ts";
import { TlsTrust } from "../network/tls_trust.ts";
import type { GatewayEvent } from "../telemetry/events.ts";
import { ReloadCounts } from "../telemetry/reload_counts.ts";
import { DigestingFiles } from "./digesting_files.ts";
import { EgressGeneration } from "./egress_generation.ts";
import { withLimits } from "./limit_overrides.ts";
import { keptText, laterKeys } from "./reload_text.ts";

test("DigestingFiles.fingerprint: the bytes and nothing else", async () => {
  const read = async (content: Readonly<Record<string, string>>): Promise<string> => {
    const files = new DigestingFiles(memoryFiles(content));
    for (const path of ["w/a", "w/b"]) await files.read(path, 100).catch(() => {});
    return files.fingerprint(["w/b", "w/a"]);
  };
  const first = await read({ "w/a": "1", "w/b": "2" });
  assert.equal(await read({ "w/b": "2", "w/a": "1" }), first);
  for (const other of [{ "w/a": "1", "w/b": "3" }, { "w/a": "2", "w/b": "1" }, { "w/a": "1" }]) {
    assert.notEqual(await read(other), first, JSON.stringify(other));
  }
});

test("EgressGeneration: ends when it is retired and the last user has gone, once", () => {
  const tools = {
    own: () => ({ listeners: [], interfaces: [], nat64: [] }),
    resolver: { lookup: () => assert.fail("nobody looks up") },
    trust: new TlsTrust(undefined),
    cdnId: "test",
  };
  for (const isRetiredFirst of [false, true]) {
    let ends = 0;
    const generation = new EgressGeneration({ tools, close: () => void ends++ });
    const [first, second] = [generation.use(), generation.use()];
    first();
    if (isRetiredFirst) generation.retire();
    assert.equal(ends, 0);
    second();
    if (!isRetiredFirst) generation.retire();
    assert.equal(ends, 1);
  }
});

test("withLimits: what is said counts, what is not stays", () => {
  const spec = workloadSpec([routeSpec("a", {}), routeSpec("b", {})]);
  assert.deepEqual(withLimits(spec), spec);
  const changed = withLimits(spec, {
    route: { wallMs: 7 },
    service: { startMs: 8 },
    workload: { instancesMax: 9 },
  });
  for (const [index, { limits }] of changed.routes.entries()) {
    assert.deepEqual(limits, { ...spec.routes[index]?.limits, wallMs: 7 });
  }
  assert.deepEqual(changed.service?.limits, { ...spec.service?.limits, startMs: 8 });
  assert.deepEqual(changed.totals, { ...spec.totals, instancesMax: 9 });
  assert.equal(withLimits(workloadSpec([], false), { service: { startMs: 8 } }).service, undefined);
});

test("keptText: places, sentences and fixes, and no more than fit a line", () => {
  const fault = { code: "LG1104" as const, file: "w/a.route.jsonc", line: 2, column: 3, message: "Cannot use it" };
  assert.equal(keptText([fault]), "w/a.route.jsonc:2:3: Cannot use it [LG1104]");
  assert.equal(
    keptText([{ ...fault, fix: "mend it" }, fault]),
    "w/a.route.jsonc:2:3: Cannot use it (mend it) [LG1104]; w/a.route.jsonc:2:3: Cannot use it [LG1104]",
  );
  assert.match(keptText(Array.from({ length: 12 }, () => fault)), /; and 7 more$/);
});

test("laterKeys: what the gateway was opened with", () => {
  const served = NO_GATEWAY_FILE.gateway;
  assert.equal(laterKeys(served, { ...served, ca: "other", limits: { ...PROCESS_LIMITS } }), undefined);
  assert.match(laterKeys(served, { ...served, log: "json", watch: false }) ?? "", /^"log" and "watch" of/);
  const listener = { connectionsMax: 5 };
  assert.match(laterKeys(served, { ...served, listener }) ?? "", /^"listener" of gateway\.jsonc counts from/);
  const admin = { host: "127.0.0.1", port: 8081 };
  assert.match(
    laterKeys(served, { ...served, listener, admin }) ?? "",
    /^"listener" and "admin" of gateway\.jsonc count from/,
  );
  const limits = { ...PROCESS_LIMITS, stacksMax: 9 };
  assert.match(laterKeys(served, { ...served, limits, listener }) ?? "", /^"process" and "listener" of/);
});

test("ReloadCounts.counting: counts reloads, and passes everything on", () => {
  const counts = new ReloadCounts();
  const passed: GatewayEvent[] = [];
  const emit = counts.counting((event) => passed.push(event));
  const events: readonly GatewayEvent[] = [
    { kind: "reload", workload: "a", outcome: "replaced" },
    { kind: "service-state", workload: "a", state: "ready" },
    { kind: "reload", outcome: "kept", detail: "why" },
    { kind: "reload", workload: "a", outcome: "replaced" },
  ];
  for (const event of events) emit(event);
  assert.deepEqual(passed, events);
  assert.deepEqual(counts.snapshot(), [
    { workload: "a", outcome: "replaced", total: 2 },
    { outcome: "kept", total: 1 },
  ]);
});
