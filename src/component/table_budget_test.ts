/** Elements of all tables of an instance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UNLIMITED_HOST } from "./guest_meter.ts";
import { TableBudget } from "./table_budget.ts";

test("TableBudget: growth counts once it is granted, and unsigned", () => {
  const budget = new TableBudget(10, { max: 20, host: UNLIMITED_HOST });
  assert.equal(budget.mayGrow(15n, 10n, 6n), false); // the table's own maximum, which is no refusal of the budget
  assert.equal(budget.settle(), false);
  assert.equal(budget.mayGrow(null, 10n, -1n), false);
  assert.equal(budget.mayGrow(null, 10n, 11n), false);
  assert.equal(budget.mayGrow(null, 10n, 10n), true);
  assert.equal(budget.mayGrow(null, 20n, 1n), false);
  assert.equal(budget.mayGrow(null, 20n, 0n), true);
  assert.equal(budget.settle(), true);
});

test("TableBudget.reset: back to what was there when it was settled", () => {
  const budget = new TableBudget(1, { max: 4, host: UNLIMITED_HOST });
  assert.equal(budget.mayGrow(null, 1n, 1n), true);
  budget.settle();
  assert.equal(budget.mayGrow(null, 2n, 2n), true);
  assert.equal(budget.mayGrow(null, 4n, 1n), false);
  budget.reset();
  assert.equal(budget.mayGrow(null, 2n, 2n), true);
});

test("TableBudget: elements are paid for, with 24 bytes each, and given back by a reset and at the end", () => {
  let leftBytes = 240;
  const budget = new TableBudget(4, {
    max: 100,
    host: {
      ...UNLIMITED_HOST,
      hold(bytes) {
        if (bytes > leftBytes) return false;
        leftBytes -= bytes;
        return true;
      },
      letGo: (bytes) => void (leftBytes += bytes),
    },
  });
  assert.deepEqual([budget.open(), leftBytes], [true, 144]);
  assert.deepEqual([budget.mayGrow(null, 4n, 7n), budget.mayGrow(null, 4n, 6n), leftBytes], [false, true, 0]);
  budget.reset();
  assert.equal(leftBytes, 144);
  budget.close();
  budget.close();
  assert.equal(leftBytes, 240);
});
