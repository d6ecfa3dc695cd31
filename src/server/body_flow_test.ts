import assert from "node:assert/strict";
import { test } from "node:test";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { ReadTurns } from "./body_flow.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => nextEventLoopTurn(resolve));

test("ReadTurns: one in each turn, in the order of asking; who gives up is passed over", async () => {
  const turns = new ReadTurns();
  const read: string[] = [];
  const readMax: number[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    const cancel = turns.wait(() => void read.push(name));
    if (name === "b") cancel();
  }
  assert.deepEqual(read, []);
  for (let turn = 0; turn < 10; turn++) {
    const before = read.length;
    await nextTurn();
    readMax.push(read.length - before);
  }
  assert.deepEqual(read, ["a", "c", "d"]);
  assert.ok(Math.max(...readMax) <= 1, readMax.join());
});

test("ReadTurns: one that asks again, or after all have given up, has its turn", async () => {
  const turns = new ReadTurns();
  let reads = 0;
  turns.wait(assert.fail)();
  const again = (): void => {
    reads++;
    if (reads < 3) turns.wait(again);
  };
  turns.wait(again);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.equal(reads, 3);
});
