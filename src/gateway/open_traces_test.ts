import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { formatSocketAddress } from "../base/ip_address.ts";
import { collectorAddresses, openTraces } from "./open_traces.ts";

const ADDRESSES: readonly (readonly [otlp: string | undefined, addresses: readonly string[]])[] = [
  [undefined, []],
  ["http://10.0.0.9:4318", ["10.0.0.9:4318"]],
  ["http://10.0.0.9/base", ["10.0.0.9:80"]],
  ["https://[2001:db8::9]", ["[2001:db8::9]:443"]],
  ["http://collector:4318", []],
];

for (const [otlp, addresses] of ADDRESSES) {
  test(`collectorAddresses of ${otlp}`, () => {
    assert.deepEqual(collectorAddresses({ otlp }).map(formatSocketAddress), addresses);
  });
}

test("openTraces: hosts of traceTo, and no others", async () => {
  const traceTo = ["a.test", "*.b.test", "10.0.0.5", "[2001:db8::9]"];
  const options = { clock: systemClock, emit: () => {} };
  const traces = await openTraces({ otlp: "http://127.0.0.1:9", traceTo }, options);
  const span = traces?.tracer.startRequest({ method: "GET", parent: undefined, isTrusted: false, facts: {} });
  const told = ["a.test", "b.test", "x.b.test", "xb.test", "x.a.test", "10.0.0.5", "10.0.0.50", "[2001:db8::9]"].filter(
    (host) => span?.fieldsFor({ host, isPrivate: false }) !== undefined,
  );
  assert.deepEqual(told, ["a.test", "x.b.test", "10.0.0.5", "[2001:db8::9]"]);
  assert.ok(span?.fieldsFor({ host: "localhost", isPrivate: true }));
  await traces?.close(0);
  assert.equal(await openTraces({}, options), undefined);
});
