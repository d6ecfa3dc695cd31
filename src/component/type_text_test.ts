import assert from "node:assert/strict";
import { test } from "node:test";
import { funcText } from "./type_text.ts";
import type { ResourceType, ValueType } from "./types.ts";

const stream: ResourceType = {
  id: 1,
  name: "stream",
  origin: { kind: "host", interfaceName: "wasi:io/streams@0.2.9" },
};
const own: ResourceType = { id: 2, name: "x", origin: { kind: "guest", componentInstance: 0, destructor: null } };
const u8: ValueType = { kind: "u8" };

const ROWS: readonly (readonly [type: ValueType, text: string])[] = [
  [{ kind: "string" }, "string"],
  [{ kind: "list", element: { kind: "option", some: u8 } }, "list<option<u8>>"],
  [{ kind: "tuple", elements: [u8, { kind: "bool" }] }, "tuple<u8, bool>"],
  [{ kind: "record", fields: [{ name: "a", type: u8 }, { name: "b-c", type: u8 }] }, "record { a: u8, b-c: u8 }"],
  [{ kind: "variant", cases: [{ name: "a", type: null }, { name: "b", type: u8 }] }, "variant { a, b: u8 }"],
  [{ kind: "enum", names: ["a", "b"] }, "enum { a, b }"],
  [{ kind: "flags", names: ["a"] }, "flags { a }"],
  [{ kind: "result", ok: null, err: null }, "result"],
  [{ kind: "result", ok: u8, err: null }, "result<u8>"],
  [{ kind: "result", ok: null, err: u8 }, "result<_, u8>"],
  [{ kind: "own", resource: stream }, "own<wasi:io/streams#stream>"],
  [{ kind: "borrow", resource: own }, "borrow<resource 2 of the guest>"],
];

for (const [type, text] of ROWS) {
  test(`funcText: ${text}`, () => {
    assert.equal(funcText({ params: [{ name: "x", type }], result: null }), `(${text})`);
    assert.equal(funcText({ params: [], result: type }), `() -> ${text}`);
  });
}

test("funcText cuts types that are long only when they are written out", () => {
  let type: ValueType = { kind: "tuple", elements: [u8] };
  for (let depth = 0; depth < 90; depth++) type = { kind: "tuple", elements: [type, type] };
  const text = funcText({ params: [{ name: "x", type }], result: type });
  assert.match(text, /\.\.\.$/);
  assert.ok(text.length < 20_000, `${text.length}`);
});
