import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fakeHttpContext, fieldEntries, fieldTexts } from "../../../test/support/fake_exchange.ts";
import { errOf, trapOf } from "../../../test/support/wit_errors.ts";
import { fieldBudgetOf, GUEST_FIELDS_BYTES_MAX } from "./field_budget.ts";
import { FIELDS_BYTES_MAX, FIELDS_COUNT_MAX, FieldStore } from "./field_store.ts";
import { Fields, visibleFields } from "./fields.ts";
import { OutgoingResponse } from "./outgoing_response.ts";

const context = fakeHttpContext();

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function fieldsOf(lines: readonly (readonly [string, string])[]): Fields {
  return Fields.fromList(context, fieldEntries(lines));
}

/** Immutable ones, as a guest gets them. */
function headersOf(lines: readonly (readonly [string, string])[]): Fields {
  return new OutgoingResponse(fieldsOf(lines)).headers();
}

type Refusal = readonly [why: string, action: (fields: Fields) => unknown, tag: string];

/** One cause each, and the cause that is named when there are two. */
const REFUSALS: readonly Refusal[] = [
  ["append: an invalid name", (fields) => fields.append("x y", bytesOf("1")), "invalid-syntax"],
  ["append: an empty name", (fields) => fields.append("", bytesOf("1")), "invalid-syntax"],
  ["append: an invalid value", (fields) => fields.append("x", bytesOf("1\r\ny: 2")), "invalid-syntax"],
  ["append: a forbidden name", (fields) => fields.append("connection", bytesOf("close")), "forbidden"],
  ["append: a forbidden name in another case", (fields) => fields.append("Keep-ALIVE", bytesOf("1")), "forbidden"],
  ["append: forbidden before an invalid value", (fields) => fields.append("host", bytesOf("\n")), "forbidden"],
  ["set: an invalid name", (fields) => fields.set("x:", []), "invalid-syntax"],
  ["set: the last value is invalid", (fields) => fields.set("x", [bytesOf("1"), bytesOf("\0")]), "invalid-syntax"],
  ["set: a forbidden name", (fields) => fields.set("Transfer-Encoding", [bytesOf("chunked")]), "forbidden"],
  ["set: a forbidden name without values", (fields) => fields.set("upgrade", []), "forbidden"],
  ["delete: an invalid name", (fields) => fields.delete("x\n"), "invalid-syntax"],
  ["delete: a forbidden name", (fields) => fields.delete("proxy-connection"), "forbidden"],
];

for (const [why, action, tag] of REFUSALS) {
  test(`Fields refuses ${why}`, () => {
    const fields = fieldsOf([["x", "0"]]);
    assert.deepEqual(errOf(() => action(fields)), { tag });
    assert.deepEqual(fieldTexts(fields.entries()), [["x", "0"]]);
  });
}

const FROM_LIST_REFUSALS: readonly (readonly [why: string, line: readonly [string, string], tag: string])[] = [
  ["an invalid name", ["x y", "1"], "invalid-syntax"],
  ["an invalid value", ["x", "1 "], "invalid-syntax"],
  ["a forbidden name", ["HTTP2-Settings", "1"], "forbidden"],
];

for (const [why, line, tag] of FROM_LIST_REFUSALS) {
  test(`Fields.fromList refuses ${why} in the last line, and keeps nothing`, () => {
    const usedBytes = fieldBudgetOf(context).usedBytes;
    assert.deepEqual(errOf(() => fieldsOf([["a", "1"], line])), { tag });
    assert.equal(fieldBudgetOf(context).usedBytes, usedBytes);
  });
}

const CHANGES: readonly (readonly [name: string, action: (fields: Fields) => unknown])[] = [
  ["set", (fields) => fields.set("x", [])],
  ["delete", (fields) => fields.delete("absent")],
  ["append", (fields) => fields.append("y", bytesOf("1"))],
];

for (const [name, action] of CHANGES) {
  test(`Fields.${name} refuses immutable fields`, () => {
    const fields = headersOf([["x", "0"]]);
    assert.deepEqual(errOf(() => action(fields)), { tag: "immutable" });
    assert.deepEqual(fieldTexts(fields.entries()), [["x", "0"]]);
  });
}

test("Fields says what is wrong with the name before it says that it is immutable", () => {
  const fields = headersOf([]);
  assert.deepEqual(errOf(() => fields.append("x y", bytesOf("1"))), { tag: "invalid-syntax" });
  assert.deepEqual(errOf(() => fields.append("host", bytesOf("1"))), { tag: "forbidden" });
});

test("Fields.get and has answer an invalid name with nothing", () => {
  const fields = fieldsOf([["keep", "1"]]);
  for (const name of ["", "ke ep", "keep\n", "\u212aeep"]) {
    assert.deepEqual(fields.get(name), []);
    assert.equal(fields.has(name), false);
  }
});

test("Fields finds names in any case and keeps order, case and empty values", () => {
  const fields = fieldsOf([["Set-Cookie", "a"], ["X", ""], ["set-COOKIE", "b"]]);
  assert.deepEqual(fields.get("SET-cookie").map((value) => value.toString()), ["97", "98"]);
  assert.deepEqual(fields.get("x").map((value) => value.length), [0]);
  assert.deepEqual(fieldTexts(fields.entries()), [["Set-Cookie", "a"], ["X", ""], ["set-COOKIE", "b"]]);
});

test("Fields keeps bytes of its own: a list may be a view of the guest's memory", () => {
  const memory = bytesOf("abc");
  const fields = Fields.fromList(context, [["a", memory]]);
  fields.append("b", memory);
  fields.set("c", [memory]);
  memory.fill(0x0a);
  assert.deepEqual(fieldTexts(fields.entries()), [["a", "abc"], ["b", "abc"], ["c", "abc"]]);
});

test("Fields.clone is mutable and independent, of mutable and of immutable fields", () => {
  for (const original of [fieldsOf([["x", "0"]]), headersOf([["x", "0"]])]) {
    const copy = original.clone();
    copy.append("y", bytesOf("1"));
    copy.delete("x");
    assert.deepEqual(fieldTexts(original.entries()), [["x", "0"]]);
    assert.deepEqual(fieldTexts(copy.entries()), [["y", "1"]]);
  }
});

test("Fields traps past the count of one list", () => {
  const fields = Fields.create(context);
  for (let index = 0; index < FIELDS_COUNT_MAX; index++) fields.append("x", new Uint8Array(0));
  assert.match(trapOf(() => fields.append("x", new Uint8Array(0))), /1025 fields/);
  assert.match(trapOf(() => fields.set("y", [new Uint8Array(0)])), /1025 fields/);
  fields[Symbol.dispose]();
});

test("Fields traps past the bytes of one list, names included", () => {
  const fields = Fields.create(context);
  fields.append("x", new Uint8Array(FIELDS_BYTES_MAX - 1).fill(0x61));
  assert.match(trapOf(() => fields.append("y", new Uint8Array(0))), /131073 bytes/);
  fields.set("x", [new Uint8Array(FIELDS_BYTES_MAX - 2).fill(0x61)]);
  fields.append("y", new Uint8Array(0));
  fields[Symbol.dispose]();
});

test("Fields.fromList traps past the count and keeps nothing", () => {
  const usedBytes = fieldBudgetOf(context).usedBytes;
  const lines = Array.from(
    { length: FIELDS_COUNT_MAX + 1 },
    (): [string, Uint8Array] => ["x", new Uint8Array(1).fill(1 + 0x60)],
  );
  assert.match(trapOf(() => Fields.fromList(context, lines)), /1025 fields/);
  assert.equal(fieldBudgetOf(context).usedBytes, usedBytes);
});

test("Fields traps past what one guest may hold, clones included, and another guest does not notice", () => {
  const guest = fakeHttpContext();
  const full = Fields.fromList(guest, [["x", new Uint8Array(FIELDS_BYTES_MAX - 1).fill(0x61)]]);
  const copies: Fields[] = [];
  const room = Math.floor(GUEST_FIELDS_BYTES_MAX / (FIELDS_BYTES_MAX + 32));
  while (copies.length < room - 1) copies.push(full.clone());
  assert.match(trapOf(() => full.clone()), /all lists of the guest/);
  assert.equal(fieldBudgetOf(fakeHttpContext()).usedBytes, 0);
  copies.pop()?.[Symbol.dispose]();
  full.clone();
});

test("Fields gives back what it held when it is dropped, and once", () => {
  const guest = fakeHttpContext();
  const fields = Fields.create(guest);
  fields.append("x", bytesOf("1"));
  const copy = fields.clone();
  fields.set("x", [bytesOf("1"), bytesOf("2")]);
  fields.delete("x");
  fields[Symbol.dispose]();
  copy[Symbol.dispose]();
  copy[Symbol.dispose]();
  assert.equal(fieldBudgetOf(guest).usedBytes, 0);
});

test("visibleFields hides what belongs to the connection, and keeps the rest in order", () => {
  const store = visibleFields(fieldEntries([["host", "a"], ["b", "1"], ["connection", "x"], ["te", "trailers"]]));
  assert.deepEqual(fieldTexts(store.entries), [["b", "1"], ["te", "trailers"]]);
});

const name = fc.constantFrom("a", "A", "b", "B-c", "b-C");
const value = fc.constantFrom("", "1", "22");
const step = fc.oneof(
  fc.record({ verb: fc.constant("append" as const), name, value }),
  fc.record({ verb: fc.constant("set" as const), name, values: fc.array(value, { maxLength: 3 }) }),
  fc.record({ verb: fc.constant("delete" as const), name }),
);

test("Fields does what a plain list of lines does", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const guest = fakeHttpContext();
    const fields = Fields.create(guest);
    let model: (readonly [string, string])[] = [];
    const others = (dropped: string) => model.filter(([one]) => one.toLowerCase() !== dropped.toLowerCase());
    for (const one of steps) {
      if (one.verb === "append") {
        fields.append(one.name, bytesOf(one.value));
        model.push([one.name, one.value]);
      } else if (one.verb === "delete") {
        fields.delete(one.name);
        model = others(one.name);
      } else {
        fields.set(one.name, one.values.map(bytesOf));
        const first = model.findIndex(([other]) => other.toLowerCase() === one.name.toLowerCase());
        const kept = others(one.name);
        kept.splice(first < 0 ? kept.length : first, 0, ...one.values.map((text) => [one.name, text] as const));
        model = kept;
      }
      assert.deepEqual(fieldTexts(fields.entries()), model);
    }
    const costBytes = model.reduce((sum, [one, text]) => sum + one.length + text.length + 32, 0);
    assert.equal(fieldBudgetOf(guest).usedBytes, costBytes);
    fields[Symbol.dispose]();
    assert.equal(fieldBudgetOf(guest).usedBytes, 0);
  }));
});

test("FieldStore.copy of a received list that is over the limits traps", () => {
  const lines = fieldEntries([["x", "1".repeat(FIELDS_BYTES_MAX)]]);
  assert.match(trapOf(() => FieldStore.received([...lines]).copy(fieldBudgetOf(fakeHttpContext()))), /bytes of fields/);
});
