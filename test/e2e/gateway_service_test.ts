/** Services and what depends on them: readiness, restarts, isolation, overload, faults at the start. */
import assert from "node:assert/strict";
import { readdir, readFile, readlink } from "node:fs/promises";
import process from "node:process";
import { test } from "node:test";
import { LoopgateError } from "../../src/base/errors.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import {
  closeToNothing,
  componentBytes,
  type FolderContent,
  memoryFiles,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { wat } from "../engine/wat.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { eventually } from "../support/http_harness.ts";
import { requestHost } from "../support/request_host.ts";

/** A workload "name" whose service greets with its name and whose one route asks it. */
async function greeting(
  name: string,
  { mode, restart, ready = true }: { readonly mode?: string; readonly restart?: string; readonly ready?: boolean } = {},
): Promise<FolderContent> {
  return {
    [`${name}/workload.jsonc`]: {
      service: {
        component: "greeter.wasm",
        env: { NAME: name, ...(mode !== undefined && { MODE: mode }) },
        ...(ready && { ready: { tcp: 7777 } }),
        ...(restart !== undefined && { restart: { policy: restart } }),
      },
      net: [],
    },
    [`${name}/greeter.wasm`]: await componentBytes("greeter"),
    [`${name}/ask.route.jsonc`]: { match: { host: `${name}.example`, path: "/*" }, component: "probe.wasm" },
    [`${name}/probe.wasm`]: await componentBytes("probe"),
  };
}

/** A request to the route of `workload`; `fetch` would not let Host be set. */
function ask(url: string, workload: string, path = "/connect"): Promise<Response> {
  return requestHost(url + path, `${workload}.example`);
}

test("two workloads listen on the same port and each reaches only its own service", async () => {
  const harness = await startTestGateway({ ...(await greeting("one")), ...(await greeting("two")) });
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(["one", "two"].map(async (name) => (await ask(harness.url, name)).text()));
    assert.deepEqual(answers, ["one", "two"]);
  }
  await harness.backToIdle();
  assert.deepEqual(await closeToNothing(harness), {});
});

test("a workload without a service reaches nobody else's", async () => {
  const stranger = {
    "stranger/ask.route.jsonc": { match: { host: "stranger.example", path: "/*" }, component: "probe.wasm" },
    "stranger/probe.wasm": await componentBytes("probe"),
  };
  const harness = await startTestGateway({ ...(await greeting("one")), ...stranger });
  assert.equal(await (await ask(harness.url, "stranger")).text(), "connection-refused");
  assert.deepEqual(await closeToNothing(harness), {});
});

test(
  "no OS socket but the listener is open while a service listens",
  { skip: process.platform !== "linux" },
  async () => {
    const before = await openSockets();
    const harness = await startTestGateway({ ...(await greeting("one")), ...(await greeting("two")) });
    assert.equal(await (await ask(harness.url, "one")).text(), "one");
    await eventually(() => harness.gateway.counters().requests === 0);
    const opened = (await openSockets()).filter(({ inode }) => !before.some((old) => old.inode === inode));
    assert.deepEqual(opened.filter(({ isListening }) => isListening).map(({ port }) => port), [harness.port]);
    // What is left of the request's own connection, on either end, is no service's.
    assert.deepEqual(opened.filter(({ port, remotePort }) => ![port, remotePort].includes(harness.port)), []);
    assert.deepEqual(await closeToNothing(harness), {});
  },
);

test("requests wait for a service that is late", async () => {
  const clock = new FakeClock();
  const harness = await startTestGateway(await greeting("late", { mode: "late" }), { clock });
  const answers = Promise.all([1, 2, 3].map(async () => (await ask(harness.url, "late")).text()));
  await eventually(() => harness.gateway.counters().requests === 3);
  assert.equal(harness.gateway.serviceState("late"), "starting");
  await clock.advanceMs(200);
  assert.deepEqual(await answers, ["late", "late", "late"]);
  assert.deepEqual(await clock.passing(() => closeToNothing(harness)), {});
});

test("requests wait no longer than the limit for a service that never is ready: 503", async () => {
  const limits = { route: { serviceWaitMs: 50 } };
  const harness = await startTestGateway(await greeting("never", { mode: "never" }), { limits });
  const response = await ask(harness.url, "never");
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
  assert.deepEqual(await closeToNothing(harness), {});
});

const ENDS: readonly { name: string; mode: string; restart: string; ready?: false; state: string; status: number }[] = [
  {
    name: "without a port that returns is completed, and its routes go on",
    mode: "return",
    restart: "on-failure",
    ready: false,
    state: "completed",
    status: 200,
  },
  {
    name: "that returns before it listened is started again: 503 meanwhile",
    mode: "return",
    restart: "on-failure",
    state: "restarting",
    status: 503,
  },
  {
    name: "that fails and is never restarted is failed: 503",
    mode: "fail",
    restart: "never",
    state: "failed",
    status: 503,
  },
];

for (const { name, mode, restart, ready = true, state, status } of ENDS) {
  test(`a service ${name}`, async () => {
    const limits = { route: { serviceWaitMs: 50 } };
    const harness = await startTestGateway(await greeting("end", { mode, restart, ready }), { limits });
    await eventually(() => harness.gateway.serviceState("end") === state);
    const response = await ask(harness.url, "end", "/anything");
    assert.equal(response.status, status);
    assert.deepEqual(await closeToNothing(harness), {});
  });
}

test("a service that fails again and again is started again and again, later each time", async () => {
  const harness = await startTestGateway(await greeting("again", { mode: "fail" }));
  const restarts = () =>
    harness.events.flatMap((event) =>
      event.kind === "service-state" && event.state === "restarting" ? [event.detail] : []
    );
  await eventually(() => restarts().length >= 3);
  assert.deepEqual(
    restarts().slice(0, 3),
    [100, 200, 400].map((ms) => `it returned an error; the next start is in ${ms} ms`),
  );
  assert.deepEqual(await closeToNothing(harness), {});
});

test("a service that traps is restarted and can listen on its port at once", async () => {
  const harness = await startTestGateway(await greeting("phoenix", { mode: "once" }));
  for (let round = 0; round < 3; round++) {
    const response = await ask(harness.url, "phoenix");
    assert.equal(response.status, 200);
    // The first client after a start: it is greeted, or sees the connection of a service that just trapped break.
    await eventually(() =>
      harness.events.filter((event) => event.kind === "guest-ended" && event.outcome === "trapped").length > round
    );
  }
  const lines = harness.events.flatMap((event) => event.kind === "guest-output" ? [event.line] : []);
  assert.ok(lines.filter((line) => line === "phoenix listens").length >= 3, lines.join("\n"));
  assert.doesNotMatch(lines.join("\n"), /address-in-use/);
  assert.deepEqual(await closeToNothing(harness), {});
});

test("a route at its limit queues, and past the queue answers 429 at once", async () => {
  const limits = { route: { concurrencyMax: 1, queueMax: 1 } };
  const harness = await startTestGateway({
    "busy/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "busy/probe.wasm": await componentBytes("probe"),
  }, { limits });
  const client = new AbortController();
  const first = fetch(`${harness.url}/hang`, { signal: client.signal }).then(() => "answered", () => "left");
  await eventually(() => harness.gateway.counters().instances === 1);
  const second = fetch(`${harness.url}/queued`);
  await eventually(() => harness.gateway.counters().requests === 2);
  const third = await fetch(`${harness.url}/refused`);
  assert.equal(third.status, 429);
  assert.equal(third.headers.get("retry-after"), "1");
  await third.arrayBuffer();
  client.abort();
  assert.equal(await first, "left");
  assert.equal(await (await second).text(), "/queued");
  await harness.backToIdle();
  assert.deepEqual(await closeToNothing(harness), {});
});

test("the wait in a route's queue ends: 429", async () => {
  const limits = { route: { concurrencyMax: 1, queueMax: 8, queueWaitMs: 50, wallMs: 500 } };
  const harness = await startTestGateway({
    "busy/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "busy/probe.wasm": await componentBytes("probe"),
  }, { limits });
  const first = fetch(`${harness.url}/hang`);
  await eventually(() => harness.gateway.counters().instances === 1);
  assert.equal((await fetch(`${harness.url}/queued`)).status, 429);
  assert.equal((await first).status, 504);
  assert.deepEqual(await closeToNothing(harness), {});
});

test("wall runs in the queue as well: who waits behind a long answer is told within it, and who leaves takes no place", async () => {
  const limits = { route: { concurrencyMax: 1, queueMax: 8, queueWaitMs: 3_600_000, wallMs: 400 } };
  const harness = await startTestGateway({
    "busy/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "busy/probe.wasm": await componentBytes("probe"),
  }, { limits });
  const first = await fetch(`${harness.url}/hang-after-head`);
  assert.equal(first.status, 200);
  const client = new AbortController();
  const leaving = fetch(`${harness.url}/tick`, { signal: client.signal }).then(() => "answered", () => "left");
  await eventually(() => harness.gateway.counters().requests === 2);
  const waiting = fetch(`${harness.url}/tick`);
  await eventually(() => harness.gateway.counters().requests === 3);
  client.abort();
  assert.equal(await leaving, "left");
  assert.equal((await waiting).status, 429);
  await (await waiting).arrayBuffer();
  await first.body?.cancel();
  await harness.backToIdle();
  assert.deepEqual(harness.gateway.metrics().limited.map(({ limit, total }) => [limit, total]), [["wall", 1]]);
  assert.deepEqual(await closeToNothing(harness), {});
});

test("closing lets a request in flight finish, and ends a guest that does not", async () => {
  const content = {
    "w/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "w/probe.wasm": await componentBytes("probe"),
  };
  const harness = await startTestGateway(content, { limits: { listener: { drainTimeoutMs: 400 } } });
  const good = fetch(`${harness.url}/tick`);
  const bad = fetch(`${harness.url}/hang`).then((response) => response.status, () => "cut");
  await eventually(() => harness.gateway.counters().instances === 2);
  const closing = closeToNothing(harness);
  assert.equal(await (await good).text(), "tick 1\ntick 2\ntick 3\n");
  assert.equal(await bad, 503, "told at the end of the drain");
  assert.deepEqual(await closing, {});
});

/** A handler that does nothing, with `extra` before its core module and `core` in it. */
function handlerText(extra: string, core: string, imports: string): string {
  return `
    (import "wasi:http/types@0.2.0" (instance $types
      (export "incoming-request" (type (sub resource)))
      (export "response-outparam" (type (sub resource)))))
    (alias export $types "incoming-request" (type $request))
    (alias export $types "response-outparam" (type $out))
    ${extra}
    (core module $M ${core} (func (export "handle") (param i32 i32)))
    (core instance $m (instantiate $M ${imports}))
    (func $handle (param "request" (own $request)) (param "response-out" (own $out))
      (canon lift (core func $m "handle")))
    (instance $handler (export "handle" (func $handle)))
    (export "wasi:http/incoming-handler@0.2.0" (instance $handler))`;
}

const NEEDY = handlerText(
  `(import "foo:bar/baz" (instance $baz (export "f" (func))))
   (core func $f (canon lower (func $baz "f")))`,
  '(import "h" "f" (func))',
  '(with "h" (instance (export "f" (func $f))))',
);
const TRAPS_AT_START = handlerText("", "(func $start unreachable) (start $start)", "");

test("a component whose start function traps answers 500, and leaves nothing behind", async () => {
  const harness = await startTestGateway({
    "w/all.route.jsonc": { match: { path: "/*" }, component: "start.wasm" },
    "w/start.wasm": await wat(TRAPS_AT_START),
  });
  assert.equal((await fetch(harness.url)).status, 500);
  await harness.backToIdle();
  const lines = harness.events.filter((event) => event.kind !== "service-state");
  assert.deepEqual(lines.map((event) => event.kind === "request" && event.cause), [
    "the guest trapped: unreachable",
  ]);
  assert.deepEqual(await closeToNothing(harness), {});
});

test("everything that is wrong with the components is told at once, with its place", async () => {
  const content = {
    "w/workload.jsonc": `{\n  "service": {\n    "component": "probe.wasm"\n  }\n}`,
    "w/probe.wasm": await componentBytes("probe"),
    "w/greeter.wasm": await componentBytes("greeter"),
    "w/garbage.wasm": "no component",
    "w/needy.wasm": await wat(NEEDY),
    "w/a.route.jsonc": `{\n  "match": { "path": "/a" },\n  "component": "greeter.wasm"\n}`,
    "w/b.route.jsonc": `{\n  "match": { "path": "/b" },\n  "component": "garbage.wasm"\n}`,
    "w/c.route.jsonc": `{\n  "match": { "path": "/c" },\n  "component": "needy.wasm"\n}`,
  };
  const error = await startTestGateway(content).then(() => undefined, (met: unknown) => met);
  assert.ok(error instanceof LoopgateError);
  assert.equal(error.code, "ERR_CONFIG");
  const seen = error.diagnostics.map(({ file, line, column, message }) =>
    [`${file}:${line}:${column}`, message] as const
  );
  const rows = [
    [
      "w/w/a.route.jsonc:3:16",
      /greeter\.wasm\): it exports .*wasi:cli\/run@0\.2\.10.*expected wasi:http\/incoming-handler/,
    ],
    ["w/w/b.route.jsonc:3:16", /garbage\.wasm\): the file is not WebAssembly/],
    ["w/w/c.route.jsonc:3:16", /needy\.wasm\): .*foo:bar\/baz/s],
    ["w/w/workload.jsonc:3:18", /probe\.wasm\): it exports .*incoming-handler@0\.2\.10.*expected wasi:cli\/run/],
  ] as const;
  for (const [place, message] of rows) {
    assert.match(seen.find(([where]) => where === place)?.[1] ?? JSON.stringify(seen), message);
  }
  assert.equal(seen.length, rows.length);
});

test("a port that is taken is ERR_LISTEN, and nothing stays behind", async () => {
  const content = await greeting("one");
  const first = await startTestGateway(content);
  const error = await startGateway({
    folder: "w",
    files: memoryFiles(content),
    listen: { host: "127.0.0.1", port: first.port },
  }).then(() => undefined, (met: unknown) => met);
  assert.ok(error instanceof LoopgateError);
  assert.equal(error.code, "ERR_LISTEN");
  assert.match(error.message, /^Cannot listen on "127\.0\.0\.1:\d+": .*, expected a free port/);
  assert.deepEqual(await closeToNothing(first), {});
});

interface OpenSocket {
  readonly inode: string;
  readonly port: number;
  readonly remotePort: number;
  readonly isListening: boolean;
}

/** The TCP sockets of this process: its descriptors' inodes, found in the kernel's tables. */
async function openSockets(): Promise<readonly OpenSocket[]> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/self/net/${name}`, "utf8")));
  return tables.flatMap((table) => table.trim().split("\n").slice(1)).flatMap((row): OpenSocket[] => {
    const [, local = "", remote = "", state, , , , , , inode = ""] = row.trim().split(/\s+/);
    if (!inodes.has(inode)) return [];
    return [{ inode, port: portOf(local), remotePort: portOf(remote), isListening: state === "0A" }];
  });
}

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}
