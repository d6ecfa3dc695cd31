import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../test/support/fake_clock.ts";
import { ByteBudget } from "./byte_budget.ts";
import { ByteTotal, OWN_BYTES } from "./byte_total.ts";
import { Pipe } from "./pipe.ts";

test("ByteBudget: what is promised is bounded, and everybody gets the minimum", () => {
  const budget = new ByteBudget(100_000);
  assert.equal(budget.promise(0, 60_000), 60_000);
  assert.equal(budget.promise(0, 60_000), 100_000 - (60_000 - 512) + 512);
  assert.equal(budget.promised, 100_000);
  assert.equal(budget.promise(0, 60_000), 512, "the rest is promised away");
  assert.equal(budget.promise(0, 10), 10);
  budget.promise(512, 0);
  budget.promise(10, 0);
  assert.equal(budget.promised, 100_000);
  budget.promise(60_000, 0);
  budget.promise(41_024, 0);
  assert.equal(budget.promised, 0);
});

test("Pipe: a thousand permits that nobody uses do not stop the others", () => {
  const budget = new ByteBudget(64 * 1024 * 1024);
  const pipes = Array.from({ length: 2048 }, () => new Pipe({ budget, capacity: () => 131_072 }));
  for (const pipe of pipes) assert.ok((pipe.permit() as number) >= 512);
  const last = pipes.at(-1) ?? assert.fail();
  assert.equal(last.write(new Uint8Array(512)), undefined);
  assert.equal(last.permit(), 512);
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

test("ByteTotal: what workloads hold beyond their own part counts for all, and comes back", () => {
  const total = new ByteTotal(100_000);
  const [one, other] = [new ByteBudget(1 << 24, total), new ByteBudget(1 << 24, total)];
  one.add(OWN_BYTES);
  assert.deepEqual([total.used, one.left, other.left], [0, 100_000, OWN_BYTES + 100_000]);
  one.add(60_000);
  other.add(10);
  assert.deepEqual([total.used, one.left, other.left], [60_000, 40_000, OWN_BYTES - 10 + 40_000]);
  // A permit that was given before may go past it.
  one.add(70_000);
  assert.deepEqual([total.left, one.left, other.left], [0, 0, OWN_BYTES - 10], "a neighbour has its own");
  one.release(130_001);
  assert.deepEqual([total.used, one.used], [0, OWN_BYTES - 1]);
  one.release(OWN_BYTES - 1);
  other.release(10);
  assert.deepEqual([total.used, one.used, other.used], [0, 0, 0]);
});

test("ByteTotal: promises of all workloads are bounded too, and everybody gets the minimum", () => {
  const total = new ByteTotal(100_000);
  const [one, other] = [new ByteBudget(1 << 24, total), new ByteBudget(1 << 24, total)];
  const held = one.promise(0, 90_000);
  assert.equal(held, 90_000);
  assert.equal(other.promise(0, 90_000), 512 + 100_000 - (90_000 - 512));
  assert.deepEqual([one.promise(0, 9_000), other.promise(0, 9_000), total.promised], [512, 512, 100_000]);
  one.promise(held, 0);
  assert.equal(total.promiseLeft, 90_000 - 512);
});

test("ByteTotal: who waits for others' bytes is woken once enough of them are free, its own at once", async () => {
  const total = new ByteTotal(160_000);
  const [greedy, modest] = [new ByteBudget(1 << 24, total), new ByteBudget(1 << 24, total)];
  const pipeOf = (budget: ByteBudget): Pipe => new Pipe({ budget, capacity: () => 1 << 20 });
  const [filled, waiting] = [pipeOf(greedy), pipeOf(modest)];
  const fill = (pipe: Pipe): void => {
    for (let room = pipe.permit(); room !== 0; room = pipe.permit()) {
      if (typeof room !== "number") assert.fail(`the pipe is over: ${JSON.stringify(room)}`);
      pipe.write(new Uint8Array(room));
    }
  };
  fill(filled);
  fill(waiting);
  assert.deepEqual([greedy.used, modest.used], [OWN_BYTES + 160_000, OWN_BYTES]);
  let wakeUps = 0;
  waiting.onWritable(() => wakeUps++);
  filled.read(9_999);
  await settle();
  assert.equal(wakeUps, 0, "a sixteenth of all is not free yet");
  filled.read(1);
  await settle();
  assert.equal(wakeUps, 1);
  fill(waiting);
  waiting.onWritable(() => wakeUps++);
  waiting.read(1);
  await settle();
  assert.equal(wakeUps, 2, "its own reader");
  for (const pipe of [filled, waiting]) {
    pipe.leave();
    pipe.finish();
  }
  assert.deepEqual([total.used, total.promised, greedy.used, modest.used], [0, 0, 0, 0]);
});
