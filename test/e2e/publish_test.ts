/** Published ports: ordinary clients reach a private loopback, each its own workload's, and nothing is left of them. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { LoopgateError } from "../../src/base/errors.ts";
import { runCommand } from "../../src/gateway/run_command.ts";
import {
  closeToNothing,
  componentBytes,
  type FolderContent,
  type GatewayHarness,
  memoryFiles,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";

const FREE = { host: "127.0.0.1", port: 0 };

async function greeting(name: string, env: Readonly<Record<string, string>> = {}): Promise<FolderContent> {
  const service = { component: "greeter.wasm", env: { NAME: name, ...env }, ready: { tcp: 7777 } };
  return {
    [`${name}/workload.jsonc`]: { service, net: [] },
    [`${name}/greeter.wasm`]: await componentBytes("greeter"),
  };
}

function published({ events }: GatewayHarness): readonly string[] {
  return events.flatMap((event) =>
    event.kind === "published" ? [`${event.workload} ${event.port} ${event.detail}`] : []
  );
}

test("publish: two workloads with the same port, each behind a port of its own", async () => {
  const harness = await startTestGateway({ ...await greeting("one"), ...await greeting("two") });
  for (const name of ["one", "two", "one"]) {
    const { address } = await harness.gateway.publish(name, { listen: FREE, port: 7777 });
    const greeted = await Promise.all([1, 2, 3].map(() => new RawClient(address.port).untilClosed()));
    assert.deepEqual(greeted, [name, name, name]);
  }
  await harness.backToIdle();
  assert.deepEqual(published(harness), []);
  assert.deepEqual(await closeToNothing(harness), {});
});

test("publish: where nothing listens the client is reset, and it is told", async () => {
  const harness = await startTestGateway(await greeting("one"));
  const { address } = await harness.gateway.publish("one", { listen: FREE, port: 7778 });
  assert.equal(await new RawClient(address.port).untilClosed(), "");
  await harness.backToIdle();
  assert.deepEqual(published(harness), ["one 7778 refused: connection-refused"]);
  assert.deepEqual(await closeToNothing(harness), {});
});

test("publish: no more connections than it may have, and all of them end with the gateway", async () => {
  const harness = await startTestGateway(await greeting("one", { HOLD: "1000" }));
  const { address } = await harness.gateway.publish("one", { listen: FREE, port: 7777 });
  const held = Array.from({ length: 64 }, () => new RawClient(address.port));
  await Promise.all(held.map((client) => client.until((received) => received === "one")));
  assert.equal(harness.gateway.counters().publishedConnections, 64);
  assert.equal(await new RawClient(address.port).untilClosed(), "");
  await eventually(() => published(harness).length === 1);
  assert.match(published(harness)[0] ?? "", /^one 7777 refused: 64 connections are open/);
  held.pop()?.socket.resetAndDestroy();
  await eventually(() => harness.gateway.counters().publishedConnections === 63);
  const again = new RawClient(address.port);
  await again.until((received) => received === "one");
  const left = await closeToNothing(harness);
  await Promise.all([...held, again].map((client) => client.closed));
  assert.deepEqual(left, {});
  assert.equal(await refusal(address.port), "ECONNREFUSED");
});

const REFUSED: readonly {
  readonly name: string;
  readonly workload: string;
  readonly listen: (harness: GatewayHarness) => { readonly host: string; readonly port: number };
  readonly message: RegExp;
}[] = [
  {
    name: "a workload that is not there",
    workload: "three",
    listen: () => FREE,
    message: /^Cannot publish "three": there is no such workload, expected one that is served \(one\)$/,
  },
  {
    name: "a port that is taken",
    workload: "one",
    listen: ({ port }) => ({ host: "127.0.0.1", port }),
    message: /^Cannot publish "one" on "127\.0\.0\.1:[0-9]+": .*, expected a free port$/,
  },
  {
    name: "an address that is none of this machine's",
    workload: "one",
    listen: () => ({ host: "192.0.2.1", port: 0 }),
    message: /^Cannot publish "one" on "192\.0\.2\.1:0": /,
  },
];

for (const { name, workload, listen, message } of REFUSED) {
  test(`publish: ${name} is refused`, async () => {
    const harness = await startTestGateway(await greeting("one"));
    await assert.rejects(harness.gateway.publish(workload, { listen: listen(harness), port: 7777 }), (error) => {
      assert.ok(error instanceof LoopgateError && error.code === "ERR_USAGE");
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(await closeToNothing(harness), {});
  });
}

test("runCommand: a published port leads to the command's own loopback while it runs", async () => {
  let said = "";
  const taken = Promise.withResolvers<number>();
  const exitCode = runCommand({
    component: "w/command.wasm",
    env: [["MODE", "once"], ["NAME", "it"]],
    args: [],
    publish: [{ listen: FREE, port: 7777 }],
    stdout: () => {},
    stderr(bytes) {
      said += new TextDecoder().decode(bytes);
      const [, port] = /127\.0\.0\.1:([0-9]+) leads to port 7777[^]*it listens/.exec(said) ?? [];
      if (port !== undefined) taken.resolve(Number(port));
    },
    files: memoryFiles({ "command.wasm": await componentBytes("greeter") }),
  });
  const port = await taken.promise;
  const client = new RawClient(port);
  assert.equal(await exitCode, 134, said);
  await client.closed;
  assert.equal(await refusal(port), "ECONNREFUSED");
});

function refusal(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, "127.0.0.1", () => reject(new Error("it is open")));
    socket.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
}
