/** Answers over HTTP/2 whose guest takes its time, or means harm. On Node, for Deno has no HTTP/2 here. */
import assert from "node:assert/strict";
import type { FieldEntries } from "../../src/host/http/exchange.ts";
import { eventually, startHarness, utf8 } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient } from "../support/http2_client.ts";
import { FRAME, frame, literal } from "../support/http2_frames.ts";
import { WHOLE } from "../support/http2_server.ts";
import { speakTls } from "../support/transport.ts";

speakTls();

http2Test("http2: who has an answer without content has all of it, before its guest ends too", async (t) => {
  const left: string[] = [];
  const ended: string[] = [];
  const harness = await startHarness(async (exchange) => {
    const { method, pathWithQuery = "" } = exchange.head;
    const name = `${method} ${pathWithQuery}`;
    exchange.onClientGone(() => void left.push(name));
    const sink = exchange.respond({ status: Number(pathWithQuery.slice(1)), headers: [] });
    await eventually(() => harness.events.length > 0);
    sink.write(utf8("nobody gets this"));
    sink.finish(undefined);
    ended.push(name);
  }, { http2: true });
  for (const [method, status] of [["HEAD", 200], ["HEAD", 404], ["GET", 204], ["GET", 205], ["POST", 304]] as const) {
    await t.test(`${method}, ${status}`, async () => {
      harness.events.length = 0;
      const client = await FrameClient.open(harness.port);
      const fields = [[":method", method], [":scheme", "https"], [":path", `/${status}`], [":authority", "a"]] as const;
      const block = Buffer.concat(fields.map(([name, value]) => literal(name, value)));
      client.send(frame(FRAME.headers, WHOLE, 1, block));
      await eventually(() => harness.counters.get("requests") === 0 && ended.length > 0);
      assert.deepEqual(ended.splice(0), [`${method} /${status}`]);
      const lines = harness.events.map((event) => event.kind === "request" && [event.status, event.code]);
      assert.deepEqual(lines, [[status, undefined]]);
      const ofStream = client.seen.filter(({ stream }) => stream === 1);
      assert.deepEqual(ofStream.map(({ type, flags }) => [type, flags]), [[FRAME.headers, WHOLE]]);
      client.destroy();
    });
  }
  assert.deepEqual(left, []);
  await harness.close();
});

http2Test("http2: a guest may name its fields as it likes", async () => {
  const names = ["constructor", "__proto__", "tostring", "x-plain"];
  const fields = names.map((name): FieldEntries[number] => [name, utf8(`of ${name}`)]);
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 200, headers: fields });
    sink.write(utf8("abc"));
    await new Promise((resolve) => setImmediate(resolve));
    sink.finish([...fields, ["constructor", utf8("twice")]]);
  }, { http2: true });
  const client = await politeClient(harness.port);
  const got = await ask(client, { ":path": "/" });
  for (const name of names) assert.equal(got.fields[name], `of ${name}`);
  for (const name of names) {
    assert.equal(got.trailers?.[name], name === "constructor" ? "of constructor, twice" : `of ${name}`);
  }
  assert.equal(got.code, 0);
  client.destroy();
  await harness.close();
});

http2Test("http2: blanks around a value are left out, those within are not", async () => {
  const run = " \t".repeat(10);
  // An expression that looks for blanks at the end tries each of these for it: seconds.
  const within = `a${" ".repeat(40_000)}b`;
  const values = { "x-a": `${run}a b${run}`, "x-b": run, "x-c": `\t${within}` };
  const harness = await startHarness((exchange) => {
    const headers = Object.entries(values).map(([name, value]): FieldEntries[number] => [name, utf8(value)]);
    exchange.respond({ status: 200, headers }).finish(undefined);
    return Promise.resolve();
  }, { http2: true });
  const client = await politeClient(harness.port);
  const { fields } = await ask(client, { ":path": "/" });
  assert.deepEqual([fields["x-a"], fields["x-b"], fields["x-c"]], ["a b", "", within]);
  client.destroy();
  await harness.close();
});
