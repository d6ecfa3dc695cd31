/** What becomes of guests under test: answers, traps, limits, time, output, ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tcp, testComponent, testWorkload, udp } from "../../src/testing/mod.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";

const FAILURES: readonly { readonly path: string; readonly status: number; readonly words: RegExp }[] = [
  { path: "/no-answer", status: 500, words: /answer/ },
  { path: "/trap", status: 500, words: /trapped/ },
  { path: "/exit", status: 500, words: /exit/ },
  { path: "/spin", status: 504, words: /50 ms|comput/ },
  { path: "/hang", status: 504, words: /30000 ms|time|wall/ },
  { path: "/error-code", status: 502, words: /internal-error/ },
];

for (const { path, status, words } of FAILURES) {
  test(`testComponent: ${path} is the answer of the gateway, with its reason`, async () => {
    // Computing counts by the machine's clock, and others may need a moment of a busy machine.
    const limits = path === "/spin" ? { cpuMs: 50 } : {};
    await using component = await testComponent(await componentBytes("probe"), { limits });
    const response = await component.fetch(path);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.match(component.failures().join("\n"), words);
  });
}

test("testComponent: a body that breaks off is an error for its reader", async () => {
  await using component = await testComponent(await componentBytes("probe"));
  const response = await component.fetch("/trap-after-head");
  assert.equal(response.status, 200);
  await assert.rejects(response.text(), TypeError);
  assert.equal(component.failures().length, 1);
});

test("testComponent: time that stands passes only with advance", async () => {
  await using component = await testComponent(await componentBytes("probe"), { time: "stands" });
  let isOver = false;
  const answer = component.fetch("/hang").finally(() => {
    isOver = true;
  });
  await component.advance(29_999);
  assert.equal(isOver, false);
  await component.advance(1);
  assert.equal((await answer).status, 504);
  assert.equal(component.now.toISOString(), "2026-01-01T00:00:30.000Z");
});

test("testComponent: a client that leaves rejects, and its guest is ended", async () => {
  await using component = await testComponent(await componentBytes("probe"), { time: "stands" });
  const leaving = new AbortController();
  const answer = component.fetch("/hang", { signal: leaving.signal });
  await component.advance(1);
  leaving.abort(new Error("the client leaves"));
  await assert.rejects(answer, { message: "the client leaves" });
});

test("testComponent: a body of the request comes as a stream, as slowly as the test likes", async () => {
  await using component = await testComponent(await componentBytes("http_api"), {
    network: { "127.0.0.1:7777": tcp.lines((line) => `${line.toUpperCase()}\n`) },
  });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answer = component.fetch("/task", { method: "POST", body: readable });
  const writer = writable.getWriter();
  for (const part of ['{"pay', 'load":"one', '\\ntwo"}']) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await writer.write(new TextEncoder().encode(part));
  }
  await writer.close();
  assert.equal(await (await answer).text(), "ONE\nTWO");
  assert.equal(component.attempts()[0]?.sent, "one\ntwo\n");
});

test("testComponent: environment and arguments are what the test says, and each request meets the first state", async () => {
  await using component = await testComponent(await componentBytes("probe"), { env: { GREETING: "hi" }, args: ["-v"] });
  for (let request = 0; request < 2; request++) {
    const about = await (await component.fetch("/environment")).json();
    assert.deepEqual(about, { env: [["GREETING", "hi"]], args: ["component.wasm", "-v"], requests: 1 });
  }
});

test("testComponent: lines of output, whole and in order", async () => {
  await using component = await testComponent(await componentBytes("probe"));
  await (await component.fetch("/print")).text();
  await component.advance(0);
  assert.deepEqual(component.lines(), [{ stream: "stdout", line: "one" }, { stream: "stdout", line: "two" }]);
});

test("testComponent: an answer in steps comes as its guest's time passes", async () => {
  await using component = await testComponent(await componentBytes("probe"), { time: "stands" });
  const response = await component.fetch("/tick");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const seen: (string | undefined)[] = [];
  for (let tick = 1; tick <= 3; tick++) {
    seen.push((await reader?.read())?.value);
    await component.advance(50);
  }
  assert.deepEqual(seen, ["tick 1\n", "tick 2\n", "tick 3\n"]);
  assert.equal((await reader?.read())?.done, true);
});

test("testComponent: an answer without a body, and a method that has none", async () => {
  await using component = await testComponent(await componentBytes("http_api"));
  const head = await component.fetch("/", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  assert.equal((await component.fetch("/task")).status, 405);
  assert.equal((await component.fetch("http://other.example/nothing")).status, 404);
  assert.deepEqual(component.attempts(), []);
});

test("testComponent: a service is run, and the test is its client", async () => {
  await using service = await testComponent(await componentBytes("service_leet"));
  const [one, two] = await Promise.all([service.connect(7777), service.connect(7777)]);
  await one.write("hello\nle");
  assert.equal(await one.readLine(), "h3110");
  await two.write("test");
  two.end();
  assert.equal(await two.readText(), "7357");
  await one.write("et\n");
  assert.equal(await one.readLine(), "1337");
  one.reset();
  assert.deepEqual(service.attempts(), []);
});

test("testComponent: a port on which a service never listens", async () => {
  await using service = await testComponent(await componentBytes("probe"), {});
  await assert.rejects(service.connect(1), { name: "ScriptError" });
});

test("testComponent: commands of other toolchains have their lines and their exit code", async (t) => {
  if (!hasGuests("c_cli")) return t.skip("guest c_cli was not built");
  const bytes = await guestBytes("c_cli");
  await using exiting = await testComponent(bytes, { args: ["exit", "1"] });
  assert.deepEqual(await exiting.run(), { kind: "exited", exitCode: 1, detail: "it exited with code 1" });
  // Asked again, it is the same run.
  assert.equal((await exiting.run()).exitCode, 1);
  await using command = await testComponent(bytes, { args: ["one"], env: { NAME: "value" } });
  const startedMs = command.now.getTime();
  assert.equal((await command.run()).exitCode, 0);
  // It slept 20 ms of its own time.
  const sleptMs = command.now.getTime() - startedMs;
  assert.ok(sleptMs >= 20, `${sleptMs} ms`);
  const lines = command.lines().map(({ stream, line }) => `${stream} ${line}`);
  for (
    const line of [
      "stdout args [one]",
      "stdout NAME value",
      "stdout slept 1",
      "stdout after 2020 1",
      "stderr to stderr",
    ]
  ) {
    assert.ok(lines.includes(line), `${line}: ${lines.join("; ")}`);
  }
  await using aborting = await testComponent(bytes, { args: ["abort"] });
  const { kind, exitCode } = await aborting.run();
  assert.deepEqual({ kind, exitCode }, { kind: "trapped", exitCode: 134 });
});

test("testWorkload: service and component share the real loopback under the policy of the files", async () => {
  await using workload = await testWorkload("workloads/service-tcp");
  assert.equal(workload.serviceState, "ready");
  const response = await workload.fetch("/task", { method: "POST", body: JSON.stringify({ payload: "hello edge" }) });
  assert.equal(await response.text(), "h3110 3dg3");
  assert.deepEqual(workload.attempts(), [
    { guest: "task", operation: "tcp-connect", target: "127.0.0.1:7777", verdict: "answered" },
  ]);
});

test("two tests at a time do not meet", async () => {
  const one = await testComponent(await componentBytes("http_api"), {
    network: { "127.0.0.1:7777": tcp.answers("one\n") },
  });
  const two = await testComponent(await componentBytes("http_api"), {
    network: { "127.0.0.1:7777": tcp.answers("two\n") },
  });
  const ask = (component: typeof one): Promise<string> =>
    component.fetch("/task", { method: "POST", body: '{"payload":"x"}' }).then((response) => response.text());
  assert.deepEqual(await Promise.all([ask(one), ask(two)]), ["one", "two"]);
  await Promise.all([one.close(), two.close()]);
});

test("testComponent: datagrams on the private loopback and outside, and what the policy denies", async () => {
  await using command = await testComponent(await componentBytes("datagrams"), {
    env: { OUTSIDE: "192.0.2.7:53" },
    net: ["udp://192.0.2.7"],
    network: {
      "udp://127.0.0.1:9": udp.talks((data) => `you said ${new TextDecoder().decode(data)}`),
      "udp://192.0.2.7:53": udp.answers("pong"),
    },
  });
  const { exitCode } = await command.run();
  assert.equal(exitCode, 0, command.lines().map(({ line }) => line).join("\n"));
  const lines = command.lines().map(({ line }) => line);
  assert.ok(lines.includes("denied: access-denied"), lines.join("; "));
  assert.ok(lines.includes("outside answered: pong"), lines.join("; "));
  const udpAttempts = command.attempts().map((
    { target, verdict, sent, received },
  ) => [target, verdict, sent, received]);
  assert.deepEqual(udpAttempts, [
    // Between two sockets of its own.
    ["127.0.0.1:5353", "answered", undefined, undefined],
    [udpAttempts[1]?.[0], "answered", undefined, undefined],
    ["127.0.0.1:9", "answered", "anybody?", "you said anybody?"],
    ["192.0.2.99:53", "denied", undefined, undefined],
    ["192.0.2.7:53", "answered", "hello", "pong"],
  ]);
});
