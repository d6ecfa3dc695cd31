import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type HostBudget, UNLIMITED_HOST } from "./guest_meter.ts";
import { BORROWED, FREE_HANDLES, HANDLE_BYTES, HandleLimit, HandleTable, HostMemoryTrap } from "./handles.ts";

const A = 1;
const B = 2;

function openTable(max = 1000): { table: HandleTable; limit: HandleLimit } {
  const limit = new HandleLimit(max);
  return { table: new HandleTable(limit), limit };
}

test("HandleTable: handles start at 1, and the one dropped last is used next", () => {
  const { table } = openTable();
  assert.deepEqual([table.addOwn(A, "x"), table.addOwn(A, "y"), table.addOwn(B, "z")], [1, 2, 3]);
  assert.equal(table.drop(2, A), "y");
  assert.equal(table.drop(1, A), "x");
  assert.deepEqual([table.addOwn(B, "v"), table.addOwn(B, "w")], [1, 2]);
  assert.equal(table.get(1, B), "v");
});

const WRONG: readonly {
  readonly name: string;
  readonly act: (table: HandleTable) => unknown;
  readonly message: RegExp;
}[] = [
  { name: "get of 0", act: (table) => table.get(0, A), message: /there is none/ },
  { name: "get of what never was", act: (table) => table.get(99, A), message: /there is none/ },
  { name: "get past 2^32", act: (table) => table.get(2 ** 33, A), message: /there is none/ },
  { name: "get of another type", act: (table) => table.get(1, B), message: /another resource type/ },
  { name: "take of another type", act: (table) => table.take(1, B), message: /another resource type/ },
  { name: "drop of another type", act: (table) => table.drop(1, B), message: /another resource type/ },
  { name: "take of a borrow", act: (table) => table.take(2, A), message: /borrowed/ },
  { name: "drop after take", act: (table) => (table.take(1, A), table.drop(1, A)), message: /there is none/ },
  { name: "drop after drop", act: (table) => (table.drop(1, A), table.drop(1, A)), message: /there is none/ },
  { name: "drop while lent", act: (table) => (table.lend(1), table.drop(1, A)), message: /lent out/ },
  { name: "take while lent", act: (table) => (table.lend(1), table.take(1, A)), message: /lent out/ },
  { name: "drop of a borrow while lent", act: (table) => (table.lend(2), table.drop(2, A)), message: /lent out/ },
  {
    name: "drop while lent twice and given back once",
    act: (table) => (table.lend(1), table.lend(1), table.giveBack(1), table.drop(1, A)),
    message: /lent out/,
  },
];
for (const { name, act, message } of WRONG) {
  test(`HandleTable: ${name} traps`, () => {
    const { table } = openTable();
    table.addOwn(A, "own");
    table.addBorrow(A, "borrow");
    assert.throws(
      () => act(table),
      (error) => error instanceof WebAssembly.RuntimeError && message.test(error.message),
    );
  });
}

test("HandleTable: a borrow counts until it is dropped, and is not destroyed", () => {
  const { table } = openTable();
  const handle = table.addBorrow(A, "x");
  assert.equal(table.borrows, 1);
  assert.equal(table.get(handle, A), "x");
  assert.equal(table.drop(handle, A), BORROWED);
  assert.equal(table.borrows, 0);
});

test("HandleTable: the limit counts over all tables", () => {
  const limit = new HandleLimit(2);
  const [one, two] = [new HandleTable(limit), new HandleTable(limit)];
  one.addOwn(A, 1);
  two.addOwn(A, 2);
  assert.throws(() => one.addOwn(A, 3), /holds 2 handles/);
  two.drop(1, A);
  one.addOwn(A, 3);
  assert.throws(() => two.addBorrow(A, 4), /holds 2 handles/);
});

test("HandleTable: drain gives what is owned, with its order, and empties the table", () => {
  const { table, limit } = openTable();
  table.addOwn(A, "first");
  table.addBorrow(A, "lent");
  table.addOwn(B, "second");
  table.drop(1, A);
  table.addOwn(A, "third");
  const left = table.drain().sort((a, b) => a.order - b.order);
  assert.deepEqual(left.map(({ resourceId, value }) => [resourceId, value]), [[B, "second"], [A, "third"]]);
  assert.deepEqual([limit.live, table.borrows], [0, 0]);
  assert.equal(table.addOwn(A, "new"), 1);
});

test("HandleTable: behaves like a map of handles", () => {
  const commands = fc.array(
    fc.record({
      act: fc.constantFrom("own", "borrow", "get", "take", "drop"),
      type: fc.constantFrom(A, B),
      handle: fc.integer({ min: 0, max: 8 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(commands, (steps) => {
    const { table, limit } = openTable();
    const model = new Map<number, { type: number; isOwn: boolean; value: number }>();
    for (const [value, { act, type, handle }] of steps.entries()) {
      const entry = model.get(handle);
      const fits = entry?.type === type;
      if (act === "own" || act === "borrow") {
        const made = act === "own" ? table.addOwn(type, value) : table.addBorrow(type, value);
        assert(!model.has(made) && made > 0);
        model.set(made, { type, isOwn: act === "own", value });
      } else if (!fits || (act === "take" && !entry.isOwn)) {
        assert.throws(() => table[act](handle, type), WebAssembly.RuntimeError);
      } else {
        assert.equal(table[act](handle, type), act === "drop" && !entry.isOwn ? BORROWED : entry.value);
        if (act !== "get") model.delete(handle);
      }
      assert.equal(limit.live, model.size);
      assert.equal(table.borrows, [...model.values()].filter((one) => !one.isOwn).length);
    }
  }));
});

test("HandleTable: keep takes over what it does not own yet, past the limit, for drain alone", () => {
  const { table, limit } = openTable(2);
  const [owned, lent, lost] = [{}, {}, {}];
  table.addOwn(A, owned);
  table.addBorrow(A, lent);
  table.keep([owned, lent, lost, lost].map((value) => ({ resourceId: A, value })));
  assert.equal(limit.live, 4);
  assert.deepEqual(table.drain().map((left) => left.value), [owned, lent, lost]);
  assert.equal(limit.live, 0);
});

test("HandleLimit: handles past the free ones are paid for in steps, a refusal is a trap, and what is dropped comes back", () => {
  const held: number[] = [];
  let leftBytes = 128 * HANDLE_BYTES;
  const host: HostBudget = {
    ...UNLIMITED_HOST,
    hold(bytes) {
      if (bytes > leftBytes) return false;
      leftBytes -= bytes;
      held.push(bytes);
      return true;
    },
    letGo: (bytes) => void (leftBytes += bytes),
  };
  const limit = new HandleLimit(1_000, host);
  const table = new HandleTable(limit);
  for (let count = 0; count < FREE_HANDLES; count++) table.addOwn(A, {});
  assert.deepEqual(held, []);
  for (let count = 0; count < 128; count++) table.addOwn(A, {});
  assert.deepEqual(held, [64 * HANDLE_BYTES, 64 * HANDLE_BYTES]);
  assert.throws(() => table.addOwn(A, {}), (error: Error) => error.cause instanceof HostMemoryTrap);
  assert.equal(limit.live, FREE_HANDLES + 128);
  table.drain();
  limit.settle();
  assert.equal(leftBytes, 128 * HANDLE_BYTES);
  assert.equal(table.addOwn(A, {}), 1);
});
