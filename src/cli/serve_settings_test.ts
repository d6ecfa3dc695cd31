/** A flag stands above its variable, that above the file; and who is wrong is named. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FakeProcess, settle } from "../../test/support/fake_process.ts";
import { memoryFiles } from "../../test/support/memory_files.ts";
import type { GatewayOptions } from "../gateway/gateway.ts";
import { runCli } from "./cli.ts";

const FILE = `{ "listen": "127.0.0.1:1", "admin": "127.0.0.1:2", "log": "json", "watch": false }`;

/** What the gateway was started with, and what was printed. */
async function served(
  words: readonly string[],
  { variables = {}, file = "{}" }: { readonly variables?: Readonly<Record<string, string>>; readonly file?: string },
): Promise<{ readonly options: GatewayOptions; readonly out: string; readonly err: string }> {
  const fake = new FakeProcess();
  fake.variables = variables;
  const files = memoryFiles({ "w/gateway.jsonc": file });
  const done = runCli(fake.tools(["serve", "w", ...words], { files }));
  while (fake.started.length === 0) await settle();
  fake.signal();
  assert.equal(await done, 0, fake.err);
  return { options: fake.started[0] ?? assert.fail(), out: fake.out, err: fake.err };
}

test("serve: what the file says of log and watch counts", async () => {
  const { options, out } = await served([], { file: FILE });
  assert.equal(options.watch, false);
  assert.match(out, /^\{"time":.*"event":"listening"/);
  assert.deepEqual([options.listen, options.admin], [undefined, undefined], "the gateway reads these itself");
});

test("serve: a variable stands above the file, a flag above both", async () => {
  const variables = { LOOPGATE_LISTEN: "127.0.0.1:3", LOOPGATE_LOG: "pretty", LOOPGATE_WATCH: "on" };
  const byVariable = await served([], { file: FILE, variables });
  assert.deepEqual(byVariable.options.listen, { host: "127.0.0.1", port: 3 });
  assert.equal(byVariable.options.watch, true);
  assert.match(byVariable.out, /^Listening on/);
  const byFlag = await served(["--listen", "127.0.0.1:4", "--log=json", "--no-watch"], { file: FILE, variables });
  assert.deepEqual(byFlag.options.listen, { host: "127.0.0.1", port: 4 });
  assert.equal(byFlag.options.watch, false);
  assert.match(byFlag.out, /^\{/);
});

test("serve: LOOPGATE_CA is read, and named when it is wrong", async () => {
  const pem = await readFile(new URL("../../test/fixtures/tls/ca.pem", import.meta.url), "utf8");
  const files = memoryFiles({ "ca.pem": pem });
  const fake = new FakeProcess();
  fake.variables = { LOOPGATE_CA: "ca.pem" };
  const done = runCli(fake.tools(["serve", "w"], { files }));
  while (fake.started.length === 0) await settle();
  fake.signal();
  assert.equal(await done, 0);
  assert.equal(fake.started[0]?.ca, pem);
  const other = new FakeProcess();
  other.variables = { LOOPGATE_CA: "missing.pem" };
  assert.equal(await runCli(other.tools(["serve", "w"], { files })), 2);
  assert.match(
    other.err,
    /^error\[LG4005\]: Cannot use LOOPGATE_CA: "missing\.pem" cannot be read: it is not there, expected/,
  );
});

test("serve: a wrong variable ends it before anything starts", async () => {
  const fake = new FakeProcess();
  fake.variables = { LOOPGATE_REPLICAS: "many" };
  assert.equal(await runCli(fake.tools(["serve", "w"])), 2);
  assert.equal(
    fake.err,
    'error[LG4005]: Cannot use LOOPGATE_REPLICAS="many", expected a number from 1 to 256\nSee: loopgate help serve\n',
  );
  assert.deepEqual(fake.started, []);
  assert.equal(fake.isWatching, false);
});

test("serve: an unknown variable is a warning, once for all replicas", async () => {
  const variables = { LOOPGATE_LISTNE: "127.0.0.1:1" };
  assert.equal(
    (await served([], { variables })).err.split("\n")[0],
    "warning: LOOPGATE_LISTNE is no variable of the gateway, so it is ignored; did you mean LOOPGATE_LISTEN?",
  );
  const replica = new FakeProcess();
  replica.variables = variables;
  let drain = (): void => assert.fail("nobody listens");
  const done = runCli(replica.tools(["serve", "w"], {
    parent: {
      assignment: { index: 1, listen: { host: "127.0.0.1", port: 1 }, isTableShown: false },
      report: () => Promise.resolve(),
      onDrain: (run) => drain = run,
    },
  }));
  while (replica.started.length === 0) await settle();
  drain();
  assert.equal(await done, 0);
  assert.equal(replica.err, "");
});

test("serve: the file's replicas are started", async () => {
  const fake = new FakeProcess();
  let probed = "";
  const files = memoryFiles({ "w/gateway.jsonc": `{ "replicas": 2, "listen": "127.0.0.1:5" }` });
  const probePort = ({ host, port }: { readonly host: string; readonly port: number }): Promise<void> => {
    probed = `${host}:${port}`;
    return Promise.reject(new Error("taken"));
  };
  assert.equal(await runCli(fake.tools(["serve", "w"], { files, probePort })), 1);
  assert.equal(probed, "127.0.0.1:5");
  assert.deepEqual(fake.started, [], "this process serves nothing itself");
});
