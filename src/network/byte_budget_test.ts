import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../test/support/fake_clock.ts";
import { ByteBudget } from "./byte_budget.ts";
import { Pipe } from "./pipe.ts";

test("ByteBudget: what is promised is bounded, and everybody gets the minimum", () => {
  const budget = new ByteBudget(100_000);
  assert.equal(budget.promise(0, 60_000), 60_000);
  assert.equal(budget.promise(0, 60_000), 100_000 - (60_000 - 4096) + 4096);
  assert.equal(budget.promised, 100_000);
  assert.equal(budget.promise(0, 60_000), 4096, "the rest is promised away");
  assert.equal(budget.promise(0, 10), 10);
  budget.promise(4096, 0);
  budget.promise(10, 0);
  assert.equal(budget.promised, 100_000);
  budget.promise(60_000, 0);
  budget.promise(48_192, 0);
  assert.equal(budget.promised, 0);
});

test("Pipe: a thousand permits that nobody uses do not stop the others", () => {
  const budget = new ByteBudget(64 * 1024 * 1024);
  const pipes = Array.from({ length: 2048 }, () => new Pipe({ budget, capacity: () => 131_072 }));
  for (const pipe of pipes) assert.ok((pipe.permit() as number) >= 4096);
  const last = pipes.at(-1) ?? assert.fail();
  assert.equal(last.write(new Uint8Array(4096)), undefined);
  assert.equal(last.permit(), 4096);
  for (const pipe of pipes) pipe.finish();
  assert.equal(budget.promised, 0);
});

test("Pipe: a permit holds over several writes and whatever others take", () => {
  const budget = new ByteBudget(1000);
  const [one, other] = [new Pipe({ budget, capacity: () => 1000 }), new Pipe({ budget, capacity: () => 1000 })];
  assert.equal(one.permit(), 1000);
  assert.equal(other.permit(), 1000);
  assert.equal(other.write(new Uint8Array(1000)), undefined);
  assert.equal(one.isWritable(), false, "a new permit would be 0");
  assert.equal(one.write(new Uint8Array(400)), undefined);
  assert.equal(one.write(new Uint8Array(600)), undefined);
  assert.throws(() => one.write(new Uint8Array(1)), RangeError);
  assert.equal(one.permit(), 0);
});

test("Pipe: a writer that waits for the budget is woken once, by whoever reads or by its reader's end", async () => {
  const budget = new ByteBudget(10);
  const [one, other] = [new Pipe({ budget, capacity: () => 100 }), new Pipe({ budget, capacity: () => 100 })];
  one.permit();
  one.write(new Uint8Array(10));
  assert.equal(other.permit(), 0);
  let wakeUps = 0;
  other.onWritable(() => wakeUps++);
  other.onWritable(() => wakeUps++)();
  one.read(1);
  other.leave();
  await settle();
  assert.equal(wakeUps, 1);
  assert.equal(budget.waiters.size, 0);
  assert.equal(other.permit(), "closed");
});
