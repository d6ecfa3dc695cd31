import assert from "node:assert/strict";
import { test } from "node:test";
import { FairQueue } from "./fair_queue.ts";

const everybody = (): boolean => true;

function queueOf(lengthMax: number, ...items: readonly string[]): FairQueue<string> {
  const queue = new FairQueue<string>({ lengthMax });
  for (const item of items) assert.equal(queue.push(ownerOf(item), item), undefined);
  return queue;
}

/** "a1" is the first of "a". */
function ownerOf(item: string): string {
  return item.slice(0, 1);
}

function takeAll(queue: FairQueue<string>, mayServe: (owner: string) => boolean = everybody): string {
  const taken: string[] = [];
  for (let item = queue.take(mayServe); item !== undefined; item = queue.take(mayServe)) taken.push(item);
  return taken.join(" ");
}

test("FairQueue: owners take turns, each in the order of arrival", () => {
  const queue = queueOf(9, "a1", "a2", "a3", "b1", "c1", "c2");
  assert.equal(queue.length, 6);
  assert.equal(takeAll(queue), "a1 b1 c1 a2 c2 a3");
  assert.equal(queue.length, 0);
});

test("FairQueue: who comes late waits one round and no more", () => {
  const queue = queueOf(9, "a1", "a2", "a3", "a4");
  assert.equal(queue.take(everybody), "a1");
  queue.push("b", "b1");
  assert.equal(queue.take(everybody), "a2");
  assert.equal(queue.take(everybody), "b1");
});

test("FairQueue: who may not be served keeps the turn", () => {
  const queue = queueOf(9, "a1", "a2", "b1", "c1");
  assert.equal(queue.take((owner) => owner !== "a"), "b1");
  assert.equal(takeAll(queue, (owner) => owner === "x"), "");
  assert.equal(takeAll(queue), "a1 c1 a2");
});

test("FairQueue: when it is full, the last one of the longest line leaves", () => {
  const queue = queueOf(4, "a1", "a2", "a3", "b1");
  assert.equal(queue.push("c", "c1"), "a3", "not the new one");
  assert.equal(queue.push("a", "a4"), "a4", "the new one, whose line is the longest");
  assert.equal(queue.length, 4);
  assert.equal(takeAll(queue), "a1 b1 c1 a2");
});

test("FairQueue.delete: what waits leaves, what does not is nothing", () => {
  const queue = queueOf(9, "a1", "a2", "b1");
  queue.delete("a", "a1");
  queue.delete("a", "a1");
  queue.delete("b", "a2");
  queue.delete("x", "x1");
  assert.deepEqual(queue.items(), ["a2", "b1"]);
  queue.delete("a", "a2");
  assert.equal(takeAll(queue), "b1");
});
