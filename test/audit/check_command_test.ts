/** `check` and `inspect` on real folders and components: they say what `serve` says, before it is served. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse as wat } from "@bytecodealliance/jco";
import type { Diagnostic } from "../../src/base/diagnostics.ts";
import { LoopgateError } from "../../src/base/errors.ts";
import { runCli } from "../../src/cli/cli.ts";
import { ROUTE_FILE, WORKLOAD_FILE } from "../../src/config/definition.ts";
import { ConfigDocument } from "../../src/config/document.ts";
import { checkDocument } from "../../src/config/faults.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { readLayer } from "../../src/config/policy_layer.ts";
import type { CheckedFolder } from "../../src/gateway/check_folder.ts";
import type { ComponentFacts } from "../../src/gateway/component_facts.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { FakeProcess } from "../support/fake_process.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { testPem } from "../support/transport.ts";
import { type Content, memoryFiles } from "../support/memory_files.ts";

const INVALID = fileURLToPath(new URL("../config/invalid", import.meta.url));

type Said = { readonly out: string; readonly err: string; readonly exitCode: number };

async function said(words: readonly string[], files = folderFiles): Promise<Said> {
  const process = new FakeProcess();
  const exitCode = await runCli(process.tools(words, { files }));
  return { out: process.out, err: process.err, exitCode };
}

for (const folder of globSync("*/", { cwd: INVALID }).toSorted()) {
  test(`check: ${folder} has the faults that serve has, in text and as JSON`, async () => {
    const path = `${INVALID}/${folder}`;
    const served: readonly Diagnostic[] = await startGateway({ folder: path, listen: { host: "127.0.0.1", port: 0 } })
      .then(
        () => assert.fail("it was served"),
        (error: unknown) => error instanceof LoopgateError ? error.diagnostics : assert.fail(String(error)),
      );
    const text = await said(["check", path]);
    assert.equal(text.exitCode, 2);
    assert.equal(text.out, "");
    const json = await said(["check", path, "--json"]);
    assert.deepEqual([json.exitCode, json.err], [2, ""]);
    const { ok, faults, workloads } = JSON.parse(json.out) as CheckedFolder & { readonly ok: boolean };
    assert.deepEqual([ok, workloads], [false, []]);
    assert.deepEqual(faults, JSON.parse(JSON.stringify(served)));
    assert.ok(faults.length > 0);
    for (const { message } of faults) assert.ok(text.err.includes(message.split("\n", 1)[0] ?? ""), message);
  });
}

async function shop(more: Readonly<Record<string, Content>> = {}) {
  return memoryFiles({
    "w/shop/workload.jsonc": '{ "service": { "component": "s.wasm" }, "net": ["https://api.example.com"] }',
    "w/shop/task.route.jsonc":
      '{ "match": { "path": "/task", "methods": ["POST"] }, "component": "c.wasm", "net": [] }',
    "w/shop/c.wasm": await componentBytes("http_api"),
    "w/shop/s.wasm": await componentBytes("service_leet"),
    ...more,
  });
}

test("check: a good folder, with what each guest may reach", async () => {
  const { out, exitCode } = await said(["check", "w"], await shop());
  assert.equal(exitCode, 0);
  assert.match(out, /^shop\n {2}service\n {4}w\/shop\/s\.wasm, [\d.]+ MiB, sha256 [0-9a-f]{12}, .* of memory/);
  assert.match(
    out,
    /network: the private loopback, https:\/\/api\.example\.com\n {4}names: none\n {2}route task: POST \/task\n/,
  );
  assert.match(out, /network: the private loopback alone\n {4}names: none\n\n1 workload, no fault\n$/);
  const ceiling = { "w/gateway.jsonc": '{ "net": { "allow": ["https://api.example.com"], "deny": ["*:25"] } }' };
  const below = await said(["check", "w"], await shop(ceiling));
  assert.match(
    below.out,
    /loopback, https:\/\/api\.example\.com, as far as the operator allows https:\/\/api\.example\.com, but not \*:25\n/,
  );
  assert.match(below.out, /network: the private loopback alone\n/);
  const json = await said(["check", "w", "--json"], await shop());
  const { ok, workloads } = JSON.parse(json.out) as CheckedFolder & { readonly ok: boolean };
  assert.equal(ok, true);
  const guests = workloads.flatMap(({ guests }) =>
    guests.map(({ route, policy, facts }) => [route, policy.allow, facts.roles])
  );
  assert.deepEqual(guests, [
    [undefined, [["https://api.example.com"]], ["service"]],
    ["task", [[]], ["component"]],
  ]);
});

test("check: a workload's own folder is that workload, below the operator's file beside it", async () => {
  const files = await shop({ "w/other/r.route.jsonc": "{ broken", "w/gateway.jsonc": '{ "net": ["10.0.0.0/8"] }' });
  const { err, exitCode } = await said(["check", "w/shop"], files);
  assert.equal(exitCode, 2);
  assert.match(err, /"net" of w\/gateway\.jsonc has no such rule/);
  assert.doesNotMatch(err, /other/);
  const { out } = await said(["check", "w/shop"], await shop({ "w/other/r.route.jsonc": "{ broken" }));
  assert.match(out, /^shop\n[^]*1 workload, no fault\n$/);
});

test("check: a file of a workload beside workloads is in a wrong place", async () => {
  const { err, exitCode } = await said(["check", "w"], await shop({ "w/task.route.jsonc": "{}" }));
  assert.equal(exitCode, 2);
  assert.match(err, /it stands beside the workloads/);
});

test("check: a folder that is not there is told as such", async () => {
  const { err, exitCode } = await said(["check", "nowhere"], await shop());
  assert.equal(exitCode, 2);
  assert.match(err, /Cannot read the folder "nowhere": it is not there, expected a folder of workloads/);
});

test("check: what guests have of volumes", async () => {
  const files = await shop({
    "w/shop/memory.route.jsonc":
      '{ "match": { "path": "/m" }, "component": "c.wasm", "volumes": { "/tmp": { "memory": "8MiB" } } }',
  });
  const { out } = await said(["check", "w"], files);
  assert.match(out, /route memory: any \/m\n(?: {4}.*\n)* {4}volume: \/tmp \(memory of 8MiB\)\n/, out);
  const { workloads } = JSON.parse((await said(["check", "w", "--json"], files)).out) as CheckedFolder;
  const volumes = workloads.flatMap(({ guests }) => guests.map((guest) => guest.volumes.map(({ path }) => path)));
  assert.deepEqual(volumes, [[], ["/tmp"], []]);
});

test("check: more than the operator's ceiling is a fault at the rule", async () => {
  const files = await shop({ "w/gateway.jsonc": '{ "net": ["10.0.0.0/8"] }' });
  const { err, exitCode } = await said(["check", "w"], files);
  assert.equal(exitCode, 2);
  assert.match(err, /Cannot use "https:\/\/api\.example\.com": "net" of w\/gateway\.jsonc has no such rule/);
});

const GUESTS: readonly (readonly [guest: string, roles: readonly string[], needs: readonly string[]])[] = [
  ["sample_http_api", ["component"], ["tcp", "names", "files"]],
  ["sample_service_leet", ["service"], ["tcp", "names", "files"]],
  ["rust_service_leet", ["service"], ["tcp", "files"]],
  ["c_cli", ["service"], ["files"]],
];

for (const [guest, roles, needs] of GUESTS) {
  test(`inspect: ${guest}, and the file that it prints is one`, { skip: !hasGuests(guest) }, async () => {
    const files = memoryFiles({ "a/x.wasm": await guestBytes(guest) });
    const json = await said(["inspect", "a/x.wasm", "--json"], files);
    const facts = JSON.parse(json.out) as ComponentFacts;
    assert.deepEqual([json.exitCode, facts.fault, facts.roles], [0, undefined, roles]);
    assert.deepEqual(facts.needs, needs);
    const { out } = await said(["inspect", "a/x.wasm"], files);
    const text = /^ {2}(\{ .* \})$/m.exec(out)?.[1] ?? assert.fail(out);
    const document = new ConfigDocument("x.jsonc", text);
    const definition = roles.includes("component") ? ROUTE_FILE : WORKLOAD_FILE;
    assert.deepEqual(checkDocument<unknown>(document, definition).diagnostics, []);
    assert.deepEqual(readLayer(document).diagnostics, []);
  });
}

test("inspect: what cannot be run is shown all the same, with the reason", async () => {
  const bytes = await wat(`(component
    (import "acme:cache/store" (instance $store (export "get" (func (result u32)))))
    (core func $get (canon lower (func $store "get")))
    (core module $Main (import "store" "get" (func (result i32))))
    (core instance (instantiate $Main (with "store" (instance (export "get" (func $get)))))))`);
  const { out, exitCode } = await said(["inspect", "x.wasm"], memoryFiles({ "x.wasm": bytes }));
  assert.equal(exitCode, 2);
  assert.match(out, /import acme:cache\/store/);
  assert.match(out, /This gateway cannot run it: /);
});

test("inspect: what is no component is a sentence", async () => {
  const rows: readonly (readonly [Content, RegExp])[] = [
    ["text", /Cannot inspect "x\.wasm": the file is not WebAssembly/],
    [new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), /Cannot inspect "x\.wasm": .*core module/],
  ];
  for (const [content, pattern] of rows) {
    const { err, exitCode } = await said(["inspect", "x.wasm"], memoryFiles({ "x.wasm": content }));
    assert.equal(exitCode, 2);
    assert.match(err, pattern);
  }
  const { err, exitCode } = await said(["inspect", "y.wasm"], memoryFiles({}));
  assert.deepEqual([exitCode, /Cannot inspect "y\.wasm": .*expected a component/.test(err)], [2, true]);
});

test("check: what clients will not like of a certificate is a warning, and no fault", async () => {
  const files = await shop({
    "w/gateway.jsonc": '{ "tls": { "certificate": "chain.pem", "key": "key.pem" } }',
    "w/chain.pem": testPem("expired"),
    "w/key.pem": testPem("expired.key"),
  });
  const text = await said(["check", "w"], files);
  assert.equal(text.exitCode, 0, text.err);
  assert.match(
    text.err,
    /^warn certificate w\/chain\.pem is not valid before [0-9T:.-]+Z: clients refuse it until then\n$/,
  );
  const json = await said(["check", "w", "--json"], files);
  assert.deepEqual([json.exitCode, json.err], [0, ""]);
  const { warnings } = JSON.parse(json.out) as CheckedFolder;
  assert.deepEqual(warnings.map(({ name }) => name), ["w/chain.pem"]);
  assert.match(warnings[0]?.detail ?? "", /^is not valid before /);
});
