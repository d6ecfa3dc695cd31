/** Answers over HTTP/2 whose guest takes its time, or means harm. On Node, for Deno has no HTTP/2 here. */
import assert from "node:assert/strict";
import type { FieldEntries } from "../../src/host/http/exchange.ts";
import { eventually, readBody, startHarness, utf8 } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, literal, POST, uint32 } from "../support/http2_frames.ts";
import { CODE, OPEN_GET, OPEN_POST, WHOLE } from "../support/http2_server.ts";
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

http2Test("http2: a guest that has answered without content reads the body to its end", async () => {
  let readBytes: number | undefined;
  const harness = await startHarness(async (exchange) => {
    const sink = exchange.respond({ status: 204, headers: [] });
    await eventually(() => harness.events.length > 0);
    readBytes = (await readBody(exchange).catch(() => undefined))?.length;
    sink.finish(undefined);
  }, { http2: true });
  const client = await FrameClient.open(harness.port);
  client.send(OPEN_POST);
  await client.until(() => client.framesOf(FRAME.headers).length > 0);
  client.send(frame(FRAME.data, FLAG.endStream, 1, new Uint8Array(10_000)));
  await eventually(() => readBytes !== undefined);
  assert.equal(readBytes, 10_000);
  assert.deepEqual(harness.events.map((event) => event.kind === "request" && [event.status, event.code]), [[
    204,
    undefined,
  ]]);
  harness.events.length = 0;
  readBytes = undefined;
  // Half of a body makes no whole request of it.
  client.send(frame(FRAME.headers, FLAG.endHeaders, 3, POST), frame(FRAME.data, 0, 3, new Uint8Array(10)));
  await client.until(() => client.framesOf(FRAME.headers).length > 1);
  client.send(frame(FRAME.reset, 0, 3, uint32(CODE.none)));
  await eventually(() => harness.events.length > 0);
  assert.deepEqual(harness.events.map((event) => event.kind === "request" && event.code), ["LG7009"]);
  client.destroy();
  await harness.close();
});

http2Test("http2: an answer has as many fields as its bytes allow", async () => {
  const fields = Array.from({ length: 180_000 }, (): FieldEntries[number] => ["x", utf8("")]);
  const harness = await startHarness((exchange) => {
    exchange.respond({ status: 200, headers: fields }).finish(undefined);
    return Promise.resolve();
  }, { http2: true });
  const client = (await FrameClient.open(harness.port)).send(OPEN_GET);
  await eventually(() => harness.events.length > 0);
  await client.until(() => client.seen.some(({ stream }) => stream === 1));
  assert.deepEqual([client.resetCodes(1), client.goawayCode], [[], undefined]);
  client.destroy();
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
