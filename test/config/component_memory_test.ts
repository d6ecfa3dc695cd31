/** A component whose memories are larger from the start than its limit: no instance of it could be made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentCache } from "../../src/component/cache.ts";
import { loadFolder } from "../../src/config/load_folder.ts";
import { loadComponents } from "../../src/gateway/load_components.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { wat } from "../engine/wat.ts";
import { memoryFiles } from "../support/gateway_harness.ts";

/** A handler and a command with so many pages in two memories. */
function guest(pages: number): string {
  return `
  (type $request' (instance (export "incoming-request" (type (sub resource))) (export "response-outparam" (type (sub resource)))))
  (import "wasi:http/types@0.2.0" (instance $types (type $request')))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $out))
  (core module $More (memory (export "more") ${pages - 1}))
  (core instance $more (instantiate $More))
  (core module $M (import "more" "more" (memory ${pages - 1})) (memory 1)
    (func (export "handle") (param i32 i32)) (func (export "run") (result i32) (i32.const 0)))
  (core instance $m (instantiate $M (with "more" (instance $more))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $out)) (canon lift (core func $m "handle")))
  (component $Handler (import "request" (type $r (sub resource))) (import "out" (type $o (sub resource)))
    (import "handle" (func $h (param "request" (own $r)) (param "response-out" (own $o)))) (export "handle" (func $h)))
  (instance $handler (instantiate $Handler (with "request" (type $request)) (with "out" (type $out)) (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (component $Command (import "run" (func $r (result (result)))) (export "run" (func $r)))
  (instance $command (instantiate $Command (with "run" (func $run))))
  (export "wasi:cli/run@0.2.0" (instance $command))`;
}

async function faultsOf(contents: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const files = memoryFiles({ ...contents, "a/x.wasm": await wat(guest(48)) });
  const { workloads, diagnostics } = await loadFolder("w", files);
  assert.deepEqual(diagnostics, []);
  const cache = new ComponentCache({ suspending: SUSPENDING });
  const loaded = await loadComponents(workloads, { cache, files });
  return loaded.diagnostics.map(({ file, line, column, message, fix }) =>
    `${file}:${line}:${column} ${message} (${fix})`
  );
}

const ROUTE = { match: { path: "/" }, component: "x.wasm" };

test("loadComponents: memory that a limit has room for", async () => {
  assert.deepEqual(await faultsOf({ "a/r.route.jsonc": ROUTE }), []);
  assert.deepEqual(await faultsOf({ "a/r.route.jsonc": { ...ROUTE, limits: { memory: "3MiB" } } }), []);
});

const FAULT = ": its instances have 3MiB of memory from the start and may have";
const ROWS: readonly (readonly [name: string, files: Readonly<Record<string, unknown>>, fault: RegExp])[] = [
  [
    "a route's own limit",
    { "a/r.route.jsonc": { ...ROUTE, limits: { memory: "2MiB" } } },
    /^w\/a\/r\.route\.jsonc:1:\d+ Cannot use "component" .*may have 2MiB, .*\(write "limits": \{ "memory": "3MiB" \}\)$/,
  ],
  [
    "a workload's limit",
    { "a/r.route.jsonc": ROUTE, "a/workload.jsonc": { limits: { memory: "64KiB" } } },
    /^w\/a\/r\.route\.jsonc:1:\d+ Cannot use "component" .*may have 64KiB, /,
  ],
  [
    "a default that the operator has lowered",
    { "a/r.route.jsonc": ROUTE, "gateway.jsonc": { limits: { memory: "3071KiB" } } },
    /^w\/a\/r\.route\.jsonc:1:\d+ Cannot use "component" .*may have 3071KiB, /,
  ],
  [
    "a service's limit",
    { "a/workload.jsonc": { service: { component: "x.wasm", limits: { memory: "1MiB" } } } },
    /^w\/a\/workload\.jsonc:1:\d+ Cannot use "service\.component" .*\(write "limits": \{ "memory": "3MiB" \} in "service"\)$/,
  ],
];

for (const [name, files, fault] of ROWS) {
  test(`loadComponents: memory past ${name}`, async () => {
    const faults = await faultsOf(files);
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? "", fault);
    assert.ok(faults[0]?.includes(FAULT), faults[0] ?? "");
  });
}
