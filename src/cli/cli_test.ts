import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { LoopgateError } from "../base/errors.ts";
import { formatSocketAddress } from "../base/ip_address.ts";
import { ComponentError } from "../component/errors.ts";
import type { Gateway, GatewayOptions } from "../gateway/gateway.ts";
import { FakeProcess, listenError, settle, systemError } from "../../test/support/fake_process.ts";
import { memoryFiles } from "../../test/support/memory_files.ts";
import type { RouteSpec } from "../workload/spec.ts";
import { type CliTools, runCli } from "./cli.ts";
import { coloursFor } from "./colours.ts";
import { routeSpec as route, workloadSpec as workload } from "../../test/support/specs.ts";
import { runtimeFault } from "./runtime_check.ts";
import { curlLine, servedText } from "./served_text.ts";

test("serve: prints what it serves, drains at the first signal, exits with 0", async () => {
  const fake = new FakeProcess();
  const done = runCli(fake.tools(["serve", "w", "--listen", "127.0.0.1:8080"]));
  await settle();
  assert.equal(
    fake.out,
    [
      "Listening on http://127.0.0.1:8080",
      "",
      "  POST     http://127.0.0.1:8080/task     shop  dist/api.wasm",
      "  any      http://127.0.0.1:8080/         shop  dist/api.wasm",
      "  service  (private loopback, port 7777)  shop  dist/service.wasm",
      "",
      "Try: curl -i http://127.0.0.1:8080/",
      "",
      "",
    ].join("\n"),
  );
  assert.deepEqual(fake.started[0]?.listen, { host: "127.0.0.1", port: 8080 });
  assert.equal(fake.closes, 0);
  fake.signal();
  assert.equal(await done, 0);
  assert.equal(fake.closes, 1);
  fake.signal();
  assert.deepEqual(fake.exits, [], "the launcher's copy of the signal, after the drain, does no harm");
});

test("serve: --resolver and --ca reach the gateway, and a file of roots that is none is told first", async () => {
  const pem = await readFile(new URL("../../test/fixtures/tls/ca.pem", import.meta.url), "utf8");
  const files = memoryFiles({ "ca.pem": pem, "text.pem": "text" });
  const fake = new FakeProcess();
  const words = ["serve", "w", "--resolver", "192.0.2.53:5353", "--resolver=[2001:db8::53]:53", "--ca", "ca.pem"];
  const done = runCli(fake.tools(words, { files }));
  while (fake.started.length === 0) await settle();
  fake.signal();
  assert.equal(await done, 0);
  const { resolver, ca } = fake.started[0] ?? {};
  assert.deepEqual(resolver?.map(formatSocketAddress), ["192.0.2.53:5353", "[2001:db8::53]:53"]);
  assert.equal(ca, pem);
  for (
    const [file, is] of [["missing.pem", "cannot be read: it is not there"], [
      "text.pem",
      "has no certificate",
    ]] as const
  ) {
    const other = new FakeProcess();
    assert.equal(await runCli(other.tools(["serve", "w", "--ca", file], { files })), 2);
    assert.match(other.err, new RegExp(`^error\\[LG4005\\]: Cannot use --ca: "${file}" ${is}, expected`));
    assert.deepEqual(other.started, []);
  }
});

test("serve: a second signal counts only a second after the first", async () => {
  const fake = new FakeProcess();
  const drained = Promise.withResolvers<void>();
  const startGateway = () => Promise.resolve(fake.gateway(() => drained.promise));
  const done = runCli(fake.tools(["serve", "w"], { startGateway }));
  await settle();
  fake.signal();
  fake.nowNs += 5_000_000n;
  fake.signal();
  fake.nowNs += 995_000_000n;
  fake.signal();
  await settle();
  assert.deepEqual(fake.exits, []);
  fake.nowNs += 1n;
  fake.signal();
  assert.deepEqual(fake.exits, [130]);
  drained.resolve();
  assert.equal(await done, 0);
  assert.equal(fake.closes, 1);
});

test("serve: a signal while it starts is not lost", async () => {
  const fake = new FakeProcess();
  const started = Promise.withResolvers<Gateway>();
  const done = runCli(fake.tools(["serve", "w"], { startGateway: () => started.promise }));
  await settle();
  fake.signal();
  started.resolve(fake.gateway());
  assert.equal(await done, 0);
  assert.equal(fake.closes, 1);
});

test("serve: events from before the table come after it, later ones at once", async () => {
  const fake = new FakeProcess();
  const startGateway = (options: GatewayOptions) => {
    options.emit?.({ kind: "service-state", workload: "shop", state: "starting" });
    return Promise.resolve(fake.gateway()).finally(() => fake.started.push(options));
  };
  const done = runCli(fake.tools(["serve", "w"], { startGateway }));
  await settle();
  assert.match(fake.out, /^Listening[^]*\n\d\d:\d\d:\d\d {2}shop service starting\n$/);
  fake.started[0]?.emit?.({ kind: "service-state", workload: "shop", state: "ready" });
  assert.match(fake.out, /shop service ready\n$/);
  fake.signal();
  assert.equal(await done, 0);
});

test("serve --log json: lines of JSON and nothing else, no secrets", async () => {
  const fake = new FakeProcess();
  const done = runCli(fake.tools(["serve", "w", "--log", "json"]));
  await settle();
  fake.started[0]?.emit?.({ kind: "service-state", workload: "shop", state: "ready" });
  fake.signal();
  assert.equal(await done, 0);
  const events = fake.out.trimEnd().split("\n").map((line) => (JSON.parse(line) as { event: string }).event);
  assert.deepEqual(events, ["listening", "service-state"]);
  assert.ok(!fake.out.includes("s3cret"));
});

for (const [level, logged] of [["error", 1], ["warn", 2], ["info", 3]] as const) {
  test(`serve --log-level ${level}: ${logged} of three events`, async () => {
    const fake = new FakeProcess();
    const done = runCli(fake.tools(["serve", "w", "--log", "json", "--log-level", level]));
    await settle();
    for (const state of ["ready", "restarting", "failed"]) {
      fake.started[0]?.emit?.({ kind: "service-state", workload: "shop", state });
    }
    fake.signal();
    assert.equal(await done, 0);
    const levels = fake.out.trimEnd().split("\n").map((line) => (JSON.parse(line) as { level: string }).level);
    assert.deepEqual(levels, ["info", ...["error", "warn", "info"].slice(0, logged).toReversed()]);
  });
}

test("serve: a close that fails is a failure", async () => {
  const fake = new FakeProcess();
  const startGateway = () => Promise.resolve(fake.gateway(() => Promise.reject(new Error("it broke"))));
  const done = runCli(fake.tools(["serve", "w"], { startGateway }));
  await settle();
  fake.signal();
  assert.equal(await done, 1);
  assert.match(fake.err, /it broke/);
});

const DIAGNOSTICS = [{
  code: "LG1104" as const,
  file: "w/a/b.route.jsonc",
  line: 3,
  column: 2,
  message: "Cannot use it",
  source: " x",
}];
const REJECTIONS: readonly (readonly [name: string, error: unknown, exitCode: number, text: RegExp])[] = [
  ["a taken port", listenError(systemError("EADDRINUSE")), 2, /Cannot listen on "a:1"\nfix: .*already.*--listen/],
  ["a low port", listenError(systemError("EACCES")), 2, /below 1024.*--listen/],
  ["a foreign address", listenError(systemError("EADDRNOTAVAIL")), 2, /no address of this machine.*--listen/],
  ["a name that is none", listenError(systemError("ENOTFOUND")), 2, /no address of this machine/],
  ["Deno's name for a taken port", listenError(Object.assign(new Error("x"), { name: "AddrInUse" })), 2, /already/],
  ["a cause behind a cause", listenError(new Error("x", { cause: systemError("EADDRINUSE") })), 2, /already/],
  ["no known cause", listenError(undefined), 2, /fix: .*--listen host:port/],
  [
    "diagnostics",
    new LoopgateError("LG1000", "m", { diagnostics: DIAGNOSTICS }),
    2,
    /b\.route\.jsonc:3:2[^]*1 fault in 1 file/,
  ],
  ["a config fault without any", new LoopgateError("LG1000", "Cannot serve"), 2, /^error\[LG1000\]: Cannot serve\n$/],
  [
    "a component",
    new ComponentError("malformed", "Cannot read \u001b it"),
    2,
    /^error\[LG2001\]: Cannot read \\u\{1b\} it\n$/,
  ],
  ["a fault of the system", new LoopgateError("LG7016", "too late"), 1, /too late/],
  ["a bug", new TypeError("undefined is no function"), 1, /TypeError: undefined is no function\n {4}at /],
  ["what is no error", "text", 1, /^error\[LG9001\]: text\n$/],
];
for (const [name, error, exitCode, text] of REJECTIONS) {
  test(`serve: rejected by ${name}`, async () => {
    const fake = new FakeProcess();
    assert.equal(await runCli(fake.tools(["serve", "w"], { startGateway: () => Promise.reject(error) })), exitCode);
    assert.match(fake.err, text);
    assert.equal(fake.out, "");
    assert.equal(fake.isWatching, false);
  });
}

test("run: passes words and output through, and ends with the component's exit code", async () => {
  const fake = new FakeProcess();
  const runCommand: CliTools["runCommand"] = ({ component, env, args, stdout, stderr }) => {
    stdout(new TextEncoder().encode(JSON.stringify({ component, env, args })));
    stderr(Uint8Array.of(0x65));
    return Promise.resolve(42);
  };
  assert.equal(
    await runCli(fake.tools(["run", "a.wasm", "--env", "A=b", "--arg", "c", "--", "-d"], { runCommand })),
    42,
  );
  assert.deepEqual(JSON.parse(fake.out), { component: "a.wasm", env: [["A", "b"]], args: ["c", "-d"] });
  assert.equal(fake.err, "e");
});

test("help and version go to stdout with 0, usage faults to stderr with 2", async () => {
  for (const words of [["help"], ["serve", "--help"], ["--version"]]) {
    const fake = new FakeProcess();
    assert.equal(await runCli(fake.tools(words)), 0);
    assert.ok(fake.out.length > 0 && fake.err === "");
  }
  const fake = new FakeProcess();
  assert.equal(await runCli(fake.tools(["sevre"])), 2);
  assert.ok(fake.err.startsWith("error[LG4001]: Cannot do") && fake.out === "");
});

const CURLS: readonly (readonly [name: string, routes: readonly RouteSpec[], line: string | undefined])[] = [
  ["nothing to try", [], undefined],
  [
    "GET before POST",
    [route("a", { path: "/a", methods: ["POST"] }), route("b", { path: "/b" })],
    "curl -i http://h/b",
  ],
  ["a short path before a longer one", [route("a", { path: "/a/*" }), route("b", { path: "/*" })], "curl -i http://h/"],
  ["a POST", [route("a", { path: "/a", methods: ["POST"] })], "curl -i -X POST -d '{}' http://h/a"],
  ["HEAD", [route("a", { methods: ["HEAD"] })], "curl -i --head http://h/"],
  ["a host", [route("a", { host: "*.a.com" })], "curl -i -H 'Host: www.a.com' http://h/"],
  ["parameters", [route("a", { path: "/:a/b:c/*" })], "curl -i http://h/1/b:c/"],
  ["words for a shell", [route("a", { path: "/it's$(x)&" })], "curl -i 'http://h/it'\\''s$(x)&'"],
];
for (const [name, routes, line] of CURLS) {
  test(`curlLine: ${name}`, () => {
    assert.equal(
      curlLine({ address: { host: "h", port: 80 }, workloads: [workload(routes, false)] }, "http://h"),
      line,
    );
  });
}

test("servedText: hosts, IPv6, and no environment or arguments", () => {
  const served = {
    address: { host: "::1", port: 80 },
    workloads: [workload([route("a", { host: "a.com", methods: ["GET", "PUT"] })])],
  };
  const text = servedText(served, coloursFor(false));
  assert.match(text, /Listening on http:\/\/\[::1\]:80\n/);
  const everywhere = servedText({ ...served, address: { host: "0.0.0.0", port: 80 } }, coloursFor(false));
  assert.match(everywhere, /Listening on http:\/\/localhost:80 \(0\.0\.0\.0: at every address of this machine\)\n/);
  assert.match(text, /GET,PUT {2}http:\/\/a\.com:80\/ /);
  assert.ok(!text.includes("s3cret"));
});

test("runtimeFault: a sentence that says what to install", () => {
  const webAssembly = { Suspending: 1, promising: 1 };
  assert.equal(runtimeFault({ webAssembly, versions: { node: "26.0.0" } }), undefined);
  assert.match(
    runtimeFault({ webAssembly: {}, versions: { node: "22.1.0" } }) ?? "",
    /Node 22\.1\.0.*Node 26 or Deno 2\.9/,
  );
  const deno = { deno: "2.4.0", node: "24.0.0" };
  assert.match(runtimeFault({ webAssembly: { Suspending: 1 }, versions: deno }) ?? "", /Deno 2\.4\.0/);
});
