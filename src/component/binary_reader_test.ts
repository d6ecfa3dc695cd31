/** Integers, names, vectors and ranges of the binary reader, mostly the broken ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryReader, ItemBudget, ITEMS_MAX } from "./binary_reader.ts";
import { ComponentError } from "./errors.ts";

function reader(bytes: readonly number[]): BinaryReader {
  return new BinaryReader(new Uint8Array(bytes), 0, bytes.length, new ItemBudget());
}

function refusal(act: () => unknown): ComponentError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ComponentError, String(error));
    return error;
  }
  assert.fail("nothing was refused");
}

const U32: readonly (readonly [bytes: readonly number[], value: number | "malformed"])[] = [
  [[0x00], 0],
  [[0x7f], 127],
  [[0x80, 0x01], 128],
  [[0x80, 0x00], 0],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
  [[0x80, 0x80, 0x80, 0x80, 0x00], 0],
  [[0xff, 0xff, 0xff, 0xff, 0x1f], "malformed"],
  [[0x80, 0x80, 0x80, 0x80, 0x10], "malformed"],
  [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "malformed"],
  [[0x80], "malformed"],
  [[], "malformed"],
];
for (const [bytes, value] of U32) {
  test(`u32 of [${bytes.join()}] is ${value}`, () => {
    if (value === "malformed") {
      const { reason, offset } = refusal(() => reader(bytes).u32("a number"));
      assert.equal(reason, "malformed");
      assert.ok(offset >= 0 && offset <= bytes.length);
      return;
    }
    const r = reader(bytes);
    assert.equal(r.u32("a number"), value);
    assert.equal(r.offset, bytes.length);
  });
}

const S33: readonly (readonly [bytes: readonly number[], value: number | "malformed"])[] = [
  [[0x00], 0],
  [[0x3f], 63],
  [[0x40], -64],
  [[0x7f], -1],
  [[0x73], -13],
  [[0xc0, 0x00], 64],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
  [[0xff, 0xff, 0xff, 0xff, 0x7f], -1],
  [[0x80, 0x80, 0x80, 0x80, 0x70], -(2 ** 32)],
  [[0x80, 0x80, 0x80, 0x80, 0x10], "malformed"],
  [[0xff, 0xff, 0xff, 0xff, 0x2f], "malformed"],
  [[0xff, 0xff, 0xff, 0xff, 0xff, 0x00], "malformed"],
];
for (const [bytes, value] of S33) {
  test(`s33 of [${bytes.join()}] is ${value}`, () => {
    if (value === "malformed") assert.equal(refusal(() => reader(bytes).s33("a number")).reason, "malformed");
    else assert.equal(reader(bytes).s33("a number"), value);
  });
}

test("u64 reaches 2^64 - 1 and no further", () => {
  const nine = Array.from({ length: 9 }, () => 0xff);
  assert.equal(reader([...nine, 0x01]).u64("a number"), 2n ** 64n - 1n);
  assert.equal(refusal(() => reader([...nine, 0x02]).u64("a number")).reason, "malformed");
  assert.equal(refusal(() => reader([...nine, 0x81, 0x00]).u64("a number")).reason, "malformed");
});

test("name keeps a byte order mark and refuses what is no UTF-8", () => {
  assert.equal(reader([3, 0xef, 0xbb, 0xbf]).name("a name"), "\ufeff");
  for (const bytes of [[1, 0xff], [2, 0xc0, 0x80], [3, 0xed, 0xa0, 0x80], [1, 0xc3]]) {
    const error = refusal(() => reader(bytes).name("a name"));
    assert.equal(error.reason, "malformed");
    assert.match(error.message, /is not UTF-8/);
  }
});

test("name refuses a length past the end before it reads", () => {
  const error = refusal(() => reader([0xff, 0xff, 0xff, 0xff, 0x0f, 0x61]).name("a name"));
  assert.equal(error.reason, "malformed");
  assert.equal(error.offset, 0);
});

test("name has a limit of its own", () => {
  const bytes = new Uint8Array(100_004);
  bytes.set([0xa1, 0x8d, 0x06]);
  const error = refusal(() => new BinaryReader(bytes, 0, bytes.length, new ItemBudget()).name("a name"));
  assert.equal(error.reason, "limit");
});

test("count refuses more elements than bytes, and allocates nothing for them", () => {
  const error = refusal(() => reader([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]).count("things"));
  assert.equal(error.reason, "malformed");
  assert.match(error.message, /4294967295 things are announced/);
});

test("count keeps a budget over all vectors of a file", () => {
  const budget = new ItemBudget();
  const bytes = new Uint8Array(200_003);
  bytes.set([0xc0, 0x9a, 0x0c]);
  const again = (): number => new BinaryReader(bytes, 0, bytes.length, budget).count("things");
  assert.equal(again(), 200_000);
  const error = refusal(again);
  assert.equal(error.reason, "limit");
  assert.match(error.message, new RegExp(`at most ${ITEMS_MAX}`));
});

test("sub ends where it should and reports absolute offsets", () => {
  const r = reader([0, 1, 2, 3, 4]);
  r.u8("a byte");
  const inner = r.sub(2, "a range");
  assert.equal(r.offset, 3);
  assert.equal(inner.u8("a byte"), 1);
  assert.equal(inner.u8("a byte"), 2);
  assert.equal(refusal(() => inner.u8("a byte")).offset, 3);
  assert.equal(refusal(() => r.sub(3, "a range")).reason, "malformed");
});

test("expectEnd names what is left", () => {
  const r = reader([0, 1]);
  r.u8("a byte");
  assert.match(refusal(() => r.expectEnd("a thing")).message, /1 bytes follow a thing at byte 1/);
});
