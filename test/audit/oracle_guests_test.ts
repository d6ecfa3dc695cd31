/**
 * Real guests give the same answers under jco's generated glue and under the engine, with the same host: what
 * `jco componentize` makes in both back ends (QuickJS and StarlingMonkey), and what Rust makes, where it is there.
 * Traps are compared as traps: their texts differ on purpose.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type BenchComponent, type GlueName, openComponent } from "../../scripts/bench/glue.ts";
import { systemClock } from "../../src/base/clock.ts";
import { GuestExit } from "../../src/base/errors.ts";
import type { HostContext } from "../../src/host/context.ts";
import { openExchange } from "../../src/host/http/open_exchange.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeExchange, type FakeRequest } from "../support/fake_exchange.ts";
import { componentPath, hasComponent } from "./components.ts";

const GLUES: readonly GlueName[] = ["engine", "jco"];

/** Transpiling the larger guests takes seconds, so each is opened once for each glue. */
const opened = new Map<string, Promise<BenchComponent>>();

function open(name: string, glue: GlueName): Promise<BenchComponent> {
  const key = `${glue} ${name}`;
  const known = opened.get(key) ?? componentPath(name).then((path) => openComponent(path, glue));
  opened.set(key, known);
  return known;
}

/** A workload in memory: guests of both roles on one loopback. */
class Workload {
  readonly counters = new LiveCounters();
  readonly network = new WorkloadNetwork({
    workload: "oracle",
    clock: systemClock,
    counters: this.counters,
    emit: () => {},
  });

  context(role: "component" | "service", printed: string[], args: readonly string[] = []): HostContext {
    const label = { workload: "oracle", role };
    return {
      label,
      env: [["COLOUR", "red"], ["NAME", "x"]],
      args: [role, ...args],
      clock: systemClock,
      // The same for both glues: guests seed their hash tables with it.
      randomBytes: (length) => Uint8Array.from({ length }, (_, index) => (index * 151 + 7) % 256),
      output: (stream, bytes) => void printed.push(`${stream}: ${new TextDecoder().decode(bytes)}`),
      network: this.network.openGuest(role, label),
      counters: this.counters,
      emit: () => {},
      onLimit: () => {},
    };
  }
}

/** How a call ended, in words that both glues share. */
async function ending(call: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await call();
    return value === undefined ? "returned" : ["returned", value];
  } catch (error) {
    if (typeof error === "object" && error !== null && Object.hasOwn(error, "payload")) {
      return ["failed", Reflect.get(error, "payload")];
    }
    const cause: unknown = error instanceof Error ? error.cause ?? error : error;
    return cause instanceof GuestExit ? `exited with ${cause.exitCode}` : "trapped";
  }
}

/** Everything that a client, and the log, would see of one request to a fresh instance. */
async function answerOf(name: string, glue: GlueName, request: FakeRequest, service?: string): Promise<unknown> {
  const workload = new Workload();
  const stop = service === undefined ? undefined : await startService(service, glue, workload);
  const printed: string[] = [];
  const context = workload.context("component", printed);
  const instance = await (await open(name, glue)).instantiate(createHostImports(context));
  const exchange = new FakeExchange(request);
  const opening = openExchange(exchange, context);
  const args = [opening.request, opening.responseOut];
  const outcome = await ending(() => instance.call("wasi:http/incoming-handler", "handle", args));
  opening.settle("the request is over");
  instance.dispose();
  context.network.release("close");
  await stop?.();
  const { status, failed, responseFields, answer } = exchange;
  if (glue === "engine") assertNothingLeft(workload);
  return {
    outcome,
    status,
    failed,
    fields: responseFields,
    body: answer.text,
    end: answer.ending,
    trailers: answer.trailers,
    printed: printed.join(""),
  };
}

/** Runs a service until it listens on 7777; what is returned ends it. */
async function startService(name: string, glue: GlueName, workload: Workload): Promise<() => Promise<void>> {
  const printed: string[] = [];
  const context = workload.context("service", printed);
  const instance = await (await open(name, glue)).instantiate(createHostImports(context));
  const running = ending(() => instance.call("wasi:cli/run", "run", []));
  while (!workload.network.isListening(7777)) await new Promise((resolve) => setTimeout(resolve, 1));
  return async () => {
    // jco's glue cannot end a guest: it stays where it waits. Under the engine the call has to settle.
    if (glue === "jco") return;
    instance.dispose();
    context.network.release("reset");
    assert.equal(await running, "trapped", printed.join(""));
  };
}

function assertNothingLeft({ counters }: Workload): void {
  assert.deepEqual(Object.entries(counters.snapshot()).filter(([, count]) => count !== 0), []);
}

interface Row {
  readonly handler: string;
  readonly service?: string;
  readonly request: FakeRequest;
  /** What the engine has to give, so that two equal failures do not pass. */
  readonly expected: { readonly outcome?: string; readonly status?: number | undefined; readonly body?: RegExp };
}

const get = (handler: string, path: string, expected: Row["expected"]): Row => ({
  handler,
  request: { pathWithQuery: path },
  expected: { status: 200, outcome: "returned", ...expected },
});
const post = (handler: string, path: string, body: string, expected: Row["expected"], service?: string): Row => ({
  handler,
  ...(service !== undefined && { service }),
  request: { method: "POST", pathWithQuery: path, headers: [["content-type", "application/json"]], body },
  expected: { status: 200, outcome: "returned", ...expected },
});
const task = (handler: string, payload: string, service: string, body: RegExp): Row =>
  post(handler, "/task", JSON.stringify({ payload }), { body }, service);

const BINARY = Array.from({ length: 5000 }, (_, index) => `line ${index} ☂\n`).join("");

const ROWS: readonly Row[] = [
  get("hello", "/hello", { body: /Hello/ }),
  // QuickJS: what a good guest does, and what a broken one does.
  get("probe", "/plain", { body: /^\/plain$/ }),
  get("probe", "/environment", { body: /"COLOUR","red"/ }),
  get("probe", "/tick", { body: /^tick 1\ntick 2\ntick 3\n$/ }),
  get("probe", "/print", { body: /^printed$/ }),
  get("probe", "/bind", { body: /^access-denied$/ }),
  get("probe", "/connect", { body: /^connection-refused$/ }),
  post("probe", "/echo", BINARY, { body: /line 4999/ }),
  get("probe", "/no-answer", { status: undefined }),
  get("probe", "/error-code", { status: undefined }),
  get("probe", "/unfinished", { body: /^a part$/ }),
  get("probe", "/trap", { outcome: "trapped", status: undefined }),
  get("probe", "/exit", { outcome: "exited with 1", status: undefined }),
  get("probe", "/trap-after-head", { outcome: "trapped", body: /^a part$/ }),
  get("probe", "/trap-after-end", { outcome: "trapped", body: /^whole$/ }),
  // QuickJS: two guests and the loopback between them.
  get("http_api", "/", { body: /<form/ }),
  get("http_api", "/none", { status: 404, body: /Not found/ }),
  post("http_api", "/task", "{", { status: 400 }),
  post("http_api", "/task", '{"payload":"x"}', { status: 502 }),
  task("http_api", "Leet Speak", "service_leet", /^1337 5p34k$/),
  task("http_api", "one\ntwo\r\n\nsalt\n", "service_leet", /^0n3\n7w0\r\n\n5417\n$/),
  task("http_api", "e".repeat(60_000), "service_leet", /^3{60000}$/),
  // StarlingMonkey.
  post("starling_handler", "/x", "größe", { status: 201, body: /^POST \/x 7\n$/ }),
  get("starling_handler", "/time", { body: /^slept true\n$/ }),
  post("starling_handler", "/echo", BINARY, { body: /line 4999/ }),
  // Python: CPython and its sockets.
  post("python_handler", "/p?q", BINARY, { body: /^Method_Post \/p\?q \d+\n$/ }),
  // C and Go, which name the functions themselves.
  post("c_handler", "/p?q", BINARY, { body: /^C \/p\?q \d+\n$/ }),
  get("go_handler", "/p?q", { body: /^Go \/p\?q\n$/ }),
  // Rust: wstd over std, and wit-bindgen alone.
  get("rust_http_probe", "/env", { body: /NAME=x/ }),
  get("rust_http_probe", "/bind", { body: /denied/i }),
  post("rust_http_probe", "/echo", BINARY, { body: /line 4999/ }),
  post("rust_bindgen_handler", "/a/b?c", BINARY, { body: /Method::Post/ }),
  task("rust_http_api", "Leet", "rust_service_leet", /^1337$/),
  task("rust_http_api", "Leet", "service_leet", /^1337$/),
  task("http_api", "Leet", "rust_service_leet", /^1337$/),
];

for (const { handler, service, request, expected } of ROWS) {
  if (!hasComponent(handler) || (service !== undefined && !hasComponent(service))) continue;
  const { method = "GET", pathWithQuery = "", body = "" } = request;
  const what = `${method} ${pathWithQuery} ${JSON.stringify(body).slice(0, 40)}`;
  test(`oracle: ${handler}${service === undefined ? "" : ` with ${service}`}: ${what}`, async () => {
    const [ours, theirs] = await Promise.all(GLUES.map((glue) => answerOf(handler, glue, request, service)));
    assert.deepEqual(ours, theirs);
    const seen = ours as { outcome: unknown; status: number | undefined; body: string };
    if ("status" in expected) assert.equal(seen.status, expected.status);
    if (expected.outcome !== undefined) assert.equal(seen.outcome, expected.outcome);
    if (expected.body !== undefined) assert.match(seen.body, expected.body);
  });
}

const COMMANDS: readonly { readonly name: string; readonly args: readonly string[]; readonly outcome: unknown }[] = [
  { name: "rust_std_cli", args: ["a", "b c"], outcome: "returned" },
  { name: "rust_std_cli", args: ["long"], outcome: "returned" },
  { name: "rust_std_cli", args: ["files"], outcome: "returned" },
  { name: "rust_std_cli", args: ["exit", "3"], outcome: "exited with 1" },
  { name: "rust_std_cli", args: ["panic"], outcome: "trapped" },
  { name: "c_cli", args: ["a", "b c"], outcome: "returned" },
  { name: "c_cli", args: ["exit", "7"], outcome: "exited with 1" },
  { name: "go_cli", args: ["a", "b c"], outcome: "exited with 0" },
  { name: "python_command", args: ["a", "b c"], outcome: "returned" },
];

async function runOf(name: string, glue: GlueName, args: readonly string[]): Promise<unknown> {
  const workload = new Workload();
  const printed: string[] = [];
  const context = workload.context("service", printed, args);
  const instance = await (await open(name, glue)).instantiate(createHostImports(context));
  const outcome = await ending(() => instance.call("wasi:cli/run", "run", []));
  instance.dispose();
  context.network.release("close");
  if (glue === "engine") assertNothingLeft(workload);
  return { outcome, printed: printed.join("") };
}

for (const { name, args, outcome } of COMMANDS.filter(({ name }) => hasComponent(name))) {
  test(`oracle: ${name} ${args.join(" ")}`, async () => {
    const [ours, theirs] = await Promise.all(GLUES.map((glue) => runOf(name, glue, args)));
    assert.deepEqual(ours, theirs);
    assert.deepEqual((ours as { outcome: unknown }).outcome, outcome);
  });
}
