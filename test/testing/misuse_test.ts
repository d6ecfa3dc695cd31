/** What a test got wrong is told, with the line to write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  http,
  names,
  ScriptError,
  tcp,
  testComponent,
  type TestComponentOptions,
  testWorkload,
  udp,
} from "../../src/testing/mod.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { openTraveller, SEVEN, type Step, travel } from "./traveller_component.ts";

const UNSCRIPTED: readonly { readonly step: Step; readonly options?: TestComponentOptions; readonly line: string }[] = [
  { step: { do: "tcp", address: SEVEN, port: 25 }, line: 'network: { "192.0.2.7:25": tcp.answers("...") }' },
  { step: { do: "tcp", address: [127, 0, 0, 1], port: 25 }, line: 'network: { "127.0.0.1:25": tcp.answers("...") }' },
  {
    step: { do: "udp", address: SEVEN, port: 53 },
    options: { net: ["udp://*"] },
    line: 'network: { "udp://192.0.2.7:53": udp.answers("...") }',
  },
  {
    step: { do: "http", scheme: "https", authority: "api.example.com", path: "/a?b" },
    line: 'http: { "GET https://api.example.com/a?b": http.answers("...") }',
  },
  {
    step: { do: "resolve", name: "db.example.com" },
    options: { dns: true },
    line: 'names: { "db.example.com": ["192.0.2.1"] }',
  },
];

for (const { step, options = {}, line } of UNSCRIPTED) {
  test(`testComponent: an attempt that nobody scripted is told with its line: ${line}`, async () => {
    const component = await openTraveller(options);
    await assert.rejects(travel(component, step), (error: unknown) => {
      assert.ok(error instanceof ScriptError);
      assert.ok(error.message.endsWith(`\n  ${line}`), error.message);
      return true;
    });
    assert.equal(component.attempts().at(-1)?.verdict, "unscripted");
    // Told once.
    await component.close();
  });
}

test("testComponent: what is left unused is told at the end, and why it may be", async () => {
  const component = await openTraveller({
    network: { "192.0.2.7:25": tcp.refuses(), "udp://192.0.2.7:53": udp.drops() },
    http: { "https://api.example.com/": http.answers() },
    names: { "db.example.com": ["192.0.2.7"] },
  });
  await travel(component, { do: "resolve", name: "db.example.com" });
  await assert.rejects(component.close(), (error: unknown) => {
    assert.ok(error instanceof ScriptError);
    for (
      const key of ['network["192.0.2.7:25"]', 'network["udp://192.0.2.7:53"]', 'http["https://api.example.com/"]']
    ) {
      assert.ok(error.message.includes(key), error.message);
    }
    assert.ok(
      error.message.includes('names["db.example.com"] (denied was: resolve-addresses db.example.com: '),
      error.message,
    );
    return true;
  });
});

test("testComponent: what a script throws is told, and its guest sees a reset", async () => {
  const component = await openTraveller({
    http: {
      "https://api.example.com/": () => {
        throw new Error("my own mistake");
      },
    },
  });
  const step: Step = { do: "http", scheme: "https", authority: "api.example.com" };
  await assert.rejects(travel(component, step), {
    message: /http\["https:\/\/api\.example\.com\/"\] threw: my own mistake/,
  });
  await component.close();
});

const OPTIONS: readonly { readonly options: TestComponentOptions; readonly message: RegExp }[] = [
  {
    options: { network: { "example.com": tcp.refuses() } },
    message: /network\["example\.com"\].*expected "host:port"/,
  },
  { options: { network: { "a:70000": tcp.refuses() } }, message: /network\["a:70000"\]/ },
  { options: { network: { "192.0.2.7:53": udp.drops() } }, message: /expected it under "udp:\/\/192\.0\.2\.7:53"/ },
  { options: { network: { "udp://192.0.2.7:53": tcp.refuses() } }, message: /expected it under "192\.0\.2\.7:53"/ },
  { options: { network: { "localhost:80": tcp.refuses() } }, message: /expected "127\.0\.0\.1"/ },
  { options: { network: { "127.0.0.1:80": tcp.drops() } }, message: /expected tcp\.refuses\(\)/ },
  {
    options: { network: { "127.0.0.1:80": tcp.hangs(), "tcp://127.0.0.1:80": tcp.hangs() } },
    message: /address-in-use/,
  },
  {
    options: { http: { "api.example.com": http.answers() } },
    message: /http\["api\.example\.com"\].*expected one such as/,
  },
  { options: { names: { "192.0.2.7": ["192.0.2.8"] } }, message: /it is no name/ },
  { options: { names: { "a.example": ["b.example"] } }, message: /"b\.example" is no address/ },
  { options: { now: "yesterday" }, message: /"yesterday": it is no date/ },
  { options: { net: ["htp://x"] }, message: /Cannot read rule "htp:\/\/x"/ },
];

for (const { options, message } of OPTIONS) {
  test(`testComponent: options that cannot be read: ${message.source}`, async () => {
    await assert.rejects(openTraveller(options), (error: unknown) => {
      assert.ok(error instanceof ScriptError);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("http.fails: a code that wasi:http does not have", () => {
  assert.throws(() => http.fails("connection-refuse" as never), { message: /expected "connection-refused"/ });
});

test("tcp.fails, udp.fails: a code that a connect, or a datagram, cannot fail with", () => {
  assert.throws(() => tcp.fails("connection-refuse" as never), { message: /expected "connection-refused"$/ });
  assert.throws(() => tcp.fails("would-block" as never), {
    message: /no such code here, expected "connection-refused", /,
  });
  assert.throws(() => udp.fails("timeout" as never), ScriptError);
});

test("delays and steps of time are 0 or more", async () => {
  assert.throws(() => tcp.after(-1, tcp.refuses()), ScriptError);
  assert.throws(() => http.after(Number.NaN, http.answers()), ScriptError);
  await using component = await openTraveller({});
  await assert.rejects(component.advance(-1), ScriptError);
});

test("testComponent: a file that is no component, or not there", async () => {
  await assert.rejects(testComponent("nowhere.wasm"), {
    code: "ERR_COMPONENT",
    message: /"nowhere\.wasm": it is not there/,
  });
  await assert.rejects(testComponent(new Uint8Array([1, 2, 3])), { code: "ERR_COMPONENT" });
});

test("testComponent: a handler does not run, and a command does not fetch", async () => {
  await using handler = await testComponent(await componentBytes("hello"));
  await assert.rejects(handler.run(), { name: "ScriptError", message: /expected wasi:cli\/run/ });
  await assert.rejects(handler.connect(80), { name: "ScriptError", message: /expected wasi:cli\/run/ });
  await using command = await testComponent(await componentBytes("service_leet"));
  await assert.rejects(command.fetch("/"), { name: "ScriptError", message: /expected wasi:http\/incoming-handler/ });
});

test("testWorkload: a path that is no workload, and scripts on a loopback that has its service", async () => {
  await assert.rejects(testWorkload("workloads/nowhere"), { code: "ERR_CONFIG" });
  await assert.rejects(testWorkload("workloads/hello/src"), { code: "ERR_CONFIG", message: /it is no workload/ });
  await assert.rejects(testWorkload("."), ScriptError);
  const network = { "127.0.0.1:7777": tcp.refuses() };
  await assert.rejects(testWorkload("workloads/service-tcp", { network }), { message: /or testComponent/ });
});

test("names.notFound and names.fails are no lists", () => {
  assert.notDeepEqual(names.notFound(), names.fails());
});
