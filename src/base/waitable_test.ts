import assert from "node:assert/strict";
import { test } from "node:test";
import { WaitList } from "./waitable.ts";

test("WaitList wakes in order of arrival, whoever has withdrawn before", async () => {
  for (const withdrawn of [[], [0], [1], [0, 1], [2, 0], [0, 1, 2]]) {
    const list = new WaitList();
    const woken: number[] = [];
    const add = (index: number): () => void => list.add(() => woken.push(index));
    const withdraws = [add(0), add(1), add(2)];
    for (const index of withdrawn) withdraws[index]?.();
    // Twice is once.
    for (const index of withdrawn) withdraws[index]?.();
    const late = add(3);
    const expected = [0, 1, 2].filter((index) => !withdrawn.includes(index)).concat(3);
    assert.equal(list.size, expected.length);
    list.wakeAll();
    assert.equal(woken.length, 0, "never synchronously");
    assert.equal(list.size, 0);
    late();
    list.add(() => woken.push(4));
    await Promise.resolve();
    assert.deepEqual(woken, expected, `${withdrawn.join()} withdrew`);
    assert.equal(list.size, 1, "who came meanwhile goes on waiting");
  }
});

test("WaitList: who withdraws late takes nobody else's place", () => {
  const list = new WaitList();
  const withdraw = list.add(() => {});
  list.wakeAll();
  list.add(() => {});
  withdraw();
  assert.equal(list.size, 1);
});
