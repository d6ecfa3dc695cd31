import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerBatch, HELD_MS_MAX } from "./answer_batch.ts";

/** Responses that write down what they are ended with, and the batch they go through. */
function startBatch() {
  const sent: string[] = [];
  const time = { nowMs: 0 };
  const batch = new AnswerBatch({ monotonicMs: () => time.nowMs });
  const open = (name: string) => ({
    destroyed: false,
    end: (body: string | Uint8Array, coding: string) => sent.push(`${name} ${String(body)} ${coding}`),
  });
  return { sent, time, batch, open };
}

/** The end of this turn of the event loop. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("AnswerBatch sends a turn's answers at its end, in their order", async () => {
  const { sent, batch, open } = startBatch();
  batch.end(open("a"), "one");
  batch.end(open("b"), "");
  await Promise.resolve();
  batch.end(open("c"), "three");
  assert.equal(sent.length, 0);
  await endOfTurn();
  assert.deepEqual(sent, ["a one latin1", "b  latin1", "c three latin1"]);
  batch.end(open("d"), "");
  await endOfTurn();
  assert.equal(sent.length, 4);
});

test("AnswerBatch waits for no turn that takes long, and holds no more than a few", async () => {
  const { sent, time, batch, open } = startBatch();
  batch.end(open("a"), "");
  time.nowMs = 0.9 * HELD_MS_MAX;
  batch.end(open("b"), "");
  assert.equal(sent.length, 0);
  time.nowMs = HELD_MS_MAX;
  batch.end(open("c"), "");
  assert.deepEqual(sent, ["a  latin1", "b  latin1", "c  latin1"]);
  // Counted from the oldest that still waits.
  time.nowMs = 1.9 * HELD_MS_MAX;
  batch.end(open("d"), "");
  time.nowMs = 2.8 * HELD_MS_MAX;
  batch.end(open("e"), "");
  assert.equal(sent.length, 3);
  await endOfTurn();
  assert.equal(sent.length, 5);
  for (let count = 0; count < 100; count++) batch.end(open("f"), "");
  assert.equal(sent.length, 5 + 96);
  await endOfTurn();
  assert.equal(sent.length, 105);
});

test("AnswerBatch ends nothing whose connection has broken meanwhile", async () => {
  const { sent, batch, open } = startBatch();
  const broken = open("broken");
  batch.end(broken, "x");
  batch.end(open("whole"), "");
  broken.destroyed = true;
  await endOfTurn();
  assert.deepEqual(sent, ["whole  latin1"]);
});
