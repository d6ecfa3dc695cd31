/** Functions that V8's quick compiler would take seconds for, on the thread of everybody, when they are first called. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { component } from "../engine/wat.ts";

const LOCALS = `(local ${"i64 ".repeat(20_000)})`;

/** Forms of code whose compilation grows with locals (or operands) times places. */
const SLOW: Readonly<Record<string, string>> = {
  "conditions": `${LOCALS} ${"(if (local.get 0) (then nop) (else nop))".repeat(1000)}`,
  "blocks": `${LOCALS} ${"(block (br_if 0 (local.get 0)))".repeat(1000)}`,
  "loops": `${LOCALS} ${"(loop)".repeat(1000)}`,
  "calls": `${LOCALS} ${"(call 0 (i32.const 0))".repeat(1000)}`,
  "indirect calls": `${LOCALS} ${"(call_indirect (param i32) (local.get 0) (i32.const 0))".repeat(1000)}`,
  "legacy tries": `${LOCALS} ${"try nop catch_all end ".repeat(1000)}`,
  "branches": `${LOCALS} (block ${"(br_if 0 (local.get 0))".repeat(1000)})`,
  "branch tables": `${LOCALS} ${"(block ".repeat(100)} ${
    "(block (br_table 0 1 2 3 4 5 6 7 (local.get 0)))".repeat(100)
  } ${")".repeat(100)}`,
  "bulk operations": `${LOCALS} ${"(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))".repeat(1000)}`,
  "operands below conditions": `${"i32.const 1 ".repeat(20_000)} ${"local.get 0 if nop else nop end ".repeat(1000)} ${
    "drop ".repeat(20_000)
  }`,
  "operands that are vectors": `${"v128.const i64x2 0 0 ".repeat(20_000)} ${
    "local.get 0 if nop else nop end ".repeat(1000)
  } ${"drop ".repeat(20_000)}`,
};

for (const [shape, body] of Object.entries(SLOW)) {
  test(`compilation that would hold everybody is refused: ${shape}`, async () => {
    const text = `(core module (memory 1) (table 1 funcref) (func (param i32) ${body}))`;
    await assert.rejects(
      component(`${text} (core instance (instantiate 0))`),
      /a function of so many locals, operands and branches that it takes long to compile/,
    );
  });
}

test("many locals, many branches, and many operands are fine, each by itself", async () => {
  const branches = "(block (br_if 0 (local.get 0)))".repeat(20_000);
  const operands = `${"i32.const 1 ".repeat(20_000)} ${"drop ".repeat(20_000)}`;
  await component(`(core module (func (param i32) ${LOCALS}) (func (param i32) ${branches}) (func ${operands}))
    (core instance (instantiate 0))`);
});
