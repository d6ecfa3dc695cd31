import assert from "node:assert/strict";
import { test } from "node:test";
import { enablePromiseJobs } from "./promise_jobs.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const name = (text: string): readonly number[] => [text.length, ...Buffer.from(text)];
const imported = (module: string, field: string): readonly number[] => [...name(module), ...name(field), 0, 0];
const section = (id: number, content: readonly number[]): readonly number[] => [
  id,
  (content.length & 0x7f) | 0x80,
  content.length >>> 7,
  ...content,
];
const CLOCK = "wasi:clocks/monotonic-clock@0.2.10";
const CALLS = ["start", "async_call"].map((call) => imported("env", `wit_dylib_export_${call}`));
const PUSH = imported("env", "wit_dylib_push_u64");

/** A module with these imports and one function body. */
function module(imports: readonly (readonly number[])[], body: readonly number[]): Buffer {
  return Buffer.from([
    ...HEADER,
    ...section(2, [imports.length, ...imports.flat()]),
    ...section(10, [1, body.length, ...body]),
  ]);
}

/** Calls import 3 (the clock) and pushes with import 2, in as many bytes as the tool's own adapter. */
const ADAPTER = [
  2,
  1,
  0x7f,
  1,
  0x7e,
  0x10,
  3,
  0x21,
  2,
  0x20,
  0,
  0x20,
  2,
  0x10,
  2,
  0x20,
  1,
  0x41,
  16,
  0x6a,
  0x24,
  2,
  0x0b,
];

test("enablePromiseJobs: the adapter makes the call, in as many bytes as before", () => {
  const component = module([...CALLS, PUSH, imported(CLOCK, "resolution")], ADAPTER);
  const before = component.length;
  enablePromiseJobs(component);
  const body = [...component.subarray(before - ADAPTER.length)];
  assert.deepEqual(body.slice(0, 16), [0, 0x41, 0, 0x10, 0, 0x41, 0, 0x10, 1, 0x1a, 0x20, 0, 0x42, 0, 0x10, 2]);
  assert.deepEqual(body.slice(16), [1, 1, 1, 1, 1, 1, 0x0b]);
});

const CHANGED: readonly (readonly [what: string, component: Buffer])[] = [
  ["no module of the tool", Buffer.from(HEADER)],
  ["no clock", module([...CALLS, PUSH], ADAPTER)],
  ["no push", module([...CALLS, imported(CLOCK, "resolution")], ADAPTER)],
  ["no adapter", module([...CALLS, PUSH, imported(CLOCK, "resolution")], [0, 0x0b])],
  ["an adapter without room", module([...CALLS, PUSH, imported(CLOCK, "resolution")], [0, 0x10, 3, 0x10, 2, 0x0b])],
  ["cut off", module([...CALLS, PUSH, imported(CLOCK, "resolution")], ADAPTER).subarray(0, -30)],
];

for (const [what, component] of CHANGED) {
  test(`enablePromiseJobs: ${what} is an error, and changes nothing`, () => {
    const before = Buffer.from(component);
    assert.throws(() => enablePromiseJobs(component), /makes other components than it did$|ends too early$/);
    assert.deepEqual(component, before);
  });
}
