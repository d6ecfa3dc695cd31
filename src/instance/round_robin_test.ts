import assert from "node:assert/strict";
import { test } from "node:test";
import { RoundRobin } from "./round_robin.ts";

/** Names whose first letter is their workload's. */
function waiting(...items: readonly string[]): RoundRobin<string> {
  const queue = new RoundRobin<string>();
  for (const item of items) queue.add(item.slice(0, 1), item);
  return queue;
}

function takeAll(queue: RoundRobin<string>): readonly string[] {
  const taken: string[] = [];
  for (let item = queue.takeFirst(); item !== undefined; item = queue.takeFirst()) taken.push(item);
  return taken;
}

test("RoundRobin: one of each workload in turn, and within one in the order of coming", () => {
  const queue = waiting("a1", "a2", "a3", "b1", "c1", "c2");
  assert.equal(queue.count, 6);
  assert.deepEqual(takeAll(queue), ["a1", "b1", "c1", "a2", "c2", "a3"]);
  assert.equal(queue.isEmpty, true);
  assert.equal(queue.count, 0);
});

test("RoundRobin: who gives up takes no turn of its workload", () => {
  const queue = waiting("a1", "a2", "b1");
  assert.equal(queue.delete("a", "a1"), true);
  assert.equal(queue.delete("a", "a1"), false);
  assert.deepEqual(takeAll(queue), ["a2", "b1"]);
});

test("RoundRobin: whoever is taken, its workload comes last", () => {
  const queue = waiting("a1", "a2", "b1", "c1");
  queue.take("a", "a2");
  queue.take("a", "a2");
  assert.deepEqual([...queue.groups()].map((items) => [...items]), [["b1"], ["c1"], ["a1"]]);
  queue.take("b", "b1");
  queue.add("b", "b2");
  assert.deepEqual(takeAll(queue), ["c1", "a1", "b2"]);
});
