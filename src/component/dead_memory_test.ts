import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadMemory } from "./dead_memory.ts";

const MIB = 1024 * 1024;

test("DeadMemory: small instances are announced together, large ones at once, and each once", () => {
  const announced: number[] = [];
  const dead = new DeadMemory((bytes) => announced.push(bytes / MIB));
  for (let count = 0; count < 100; count++) dead.add(MIB);
  assert.deepEqual(announced, [64]);
  dead.add(128 * MIB);
  assert.deepEqual(announced, [64, 164]);
  dead.add(63 * MIB);
  dead.add(0);
  assert.deepEqual(announced, [64, 164]);
});

test("DeadMemory: more than there can be is announced without a fault", () => {
  new DeadMemory().add(2 ** 50);
});
