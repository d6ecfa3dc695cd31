/** Elements of all tables of an instance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TableBudget } from "./table_budget.ts";

test("TableBudget: growth counts once it is granted, and unsigned", () => {
  const budget = new TableBudget(10, 20);
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
  const budget = new TableBudget(1, 4);
  assert.equal(budget.mayGrow(null, 1n, 1n), true);
  budget.settle();
  assert.equal(budget.mayGrow(null, 2n, 2n), true);
  assert.equal(budget.mayGrow(null, 4n, 1n), false);
  budget.reset();
  assert.equal(budget.mayGrow(null, 2n, 2n), true);
});
