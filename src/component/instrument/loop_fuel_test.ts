/** Loops of all shapes: what they compute stays, and every instruction is paid for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { coreBytes, exported, instantiateRewritten, scriptedHost } from "../../../test/support/instrumented.ts";
import { UNCHARGED_COST_MAX } from "./code_scanner.ts";
import { FUEL_PER_TICK } from "./instrumented_module.ts";

/** A statement of a random program: what it is, a number that its details are taken from, and what is in it. */
interface Statement {
  readonly kind: string;
  readonly detail: number;
  readonly inner: readonly Statement[];
}

const LEAVES = [
  "work",
  "work",
  "br",
  "br_if",
  "br_if",
  "br_table",
  "return",
  "quiet",
  "loud",
  "indirect",
  "fill",
  "throw",
];
const NESTS = ["block", "block result", "loop", "loop", "loop", "loop result", "loop params", "if", "try"];

const { statements } = fc.letrec<{ statement: Statement; statements: readonly Statement[] }>((tie) => ({
  statements: fc.array(tie("statement"), { maxLength: 5, depthIdentifier: "nesting" }),
  statement: fc.oneof(
    { maxDepth: 5, depthIdentifier: "nesting" },
    fc.record({ kind: fc.constantFrom(...LEAVES), detail: fc.nat(999), inner: fc.constant([]) }),
    fc.record({ kind: fc.constantFrom(...NESTS), detail: fc.nat(999), inner: tie("statements") }),
  ),
}));

/** As many instructions as are counted in `$n`: six, and some that do nothing. */
const work = (detail: number): string =>
  `(global.set $n (i64.add (global.get $n) (i64.const ${4 + detail % 400}))) ${"(nop) ".repeat(detail % 400)}`;
/** Something that differs from pass to pass. */
const random = `(global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))`;
const choice = (of: number): string => `(i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (i32.const ${of}))`;
/** Ends the program when it has run for long. */
const guard = `(global.set $left (i32.sub (global.get $left) (i32.const 1)))
  (if (i32.le_s (global.get $left) (i32.const 0)) (then (return)))`;

/** The text of statements, of which labels with results are not branched to. `labels`: innermost last. */
function text(list: readonly Statement[], labels: readonly boolean[]): string {
  return list.map((statement) => statementText(statement, labels)).join("\n");
}

function statementText({ kind, detail, inner }: Statement, labels: readonly boolean[]): string {
  const open = labels.map((isOpen, index) => isOpen ? labels.length - 1 - index : -1).filter((depth) => depth >= 0);
  const label = open[detail % open.length] ?? 0;
  const other = open[(detail >> 3) % open.length] ?? 0;
  const body = (...added: readonly boolean[]): string => text(inner, [...labels, ...added]);
  switch (kind) {
    case "work":
      return work(detail);
    case "br":
      return `${random} (if (i32.eqz ${choice(3)}) (then (br ${label + 1})))`;
    case "br_if":
      return `${random} (br_if ${label} (i32.eqz ${choice(2 + detail % 4)}))`;
    case "br_table":
      return `${random} (block (br_table ${label + 1} ${other + 1} 0 ${choice(4)}))`;
    case "return":
      return `${random} (if (i32.eqz ${choice(40)}) (then (return)))`;
    case "quiet":
      return `(call $leaf)`;
    case "loud":
      return `(call $looping)`;
    case "indirect":
      return `(call_indirect (type $t) (i32.const ${detail % 2}))`;
    case "fill":
      return `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${detail}))`;
    case "throw":
      return `(block $caught (try_table (catch $e $caught) (br_if $caught ${choice(2)}) (throw $e)))`;
    case "block":
      return `(block ${body(true)})`;
    case "block result":
      return `(drop (block (result i32) ${body(false)} (i32.const 1)))`;
    case "loop":
      return `(loop ${guard} ${work(detail % 20)} ${body(true)})`;
    case "loop result":
      return `(drop (loop (result i32) ${guard} ${body(true)} (i32.const 1)))`;
    case "loop params":
      return `(i32.const 5) (loop (param i32) (drop) ${guard} ${body(false)})`;
    case "if":
      return `${random} (if ${choice(2)} (then ${body(true)}) (else ${work(detail)} ${body(true)}))`;
    default:
      return `(block (try_table (catch_all 0) ${body(true, true)}))`;
  }
}

function program(list: readonly Statement[]): string {
  return `(type $t (func)) (tag $e) (memory 1) (table 2 funcref) (elem (i32.const 0) $leaf $looping)
    (global $n (export "n") (mut i64) (i64.const 0)) (global $left (export "left") (mut i32) (i32.const 3000))
    (global $seed (export "seed") (mut i32) (i32.const 7))
    (func $leaf ${work(3)})
    (func $looping (local $i i32) (loop $l ${work(2)}
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))))
    (func $once ${text(list, [true])})
    (func (export "run") (call $once) ${random} (call $once))`;
}

test("random loops compute the same and are paid for", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(statements, async (list) => {
      const bytes = await coreBytes(program(list));
      const original = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
      (original["run"] as () => void)();
      const fuel = 5_000;
      const host = scriptedHost({ ticksMax: 1_000_000, fuel });
      const { instance, added } = instantiateRewritten(bytes, { host, tracksWrites: true });
      const left = added("fuel") as WebAssembly.Global;
      left.value = fuel;
      exported(instance, "run")();
      const value = (name: string): unknown => (instance.exports[name] as WebAssembly.Global).value;
      for (const name of ["n", "left", "seed"]) {
        assert.equal(value(name), (original[name] as WebAssembly.Global).value, name);
      }
      const spent = fuel * (1 + host.ticks) - Number(left.value);
      // A small function that the host calls is not charged.
      assert.ok(
        spent + UNCHARGED_COST_MAX >= Number(value("n")),
        `${String(value("n"))} instructions were paid with ${spent}`,
      );
    }),
    { numRuns: 300 },
  );
});

test("what a loop takes in advance comes back when it is left", async () => {
  const ways: Readonly<Record<string, string>> = {
    "its end": `(loop $l ${work(0)} (br_if $l (i32.const 0)))`,
    "a branch": `(block $b (loop $l ${work(0)} (br_if $b (i32.const 1)) (br $l)))`,
    "a branch over two loops": `(block $b (loop $k (loop $l ${work(0)} (br_if $b (i32.const 1)) (br $l)) (br $k)))`,
    "a branch table": `(block $b (loop $l ${work(0)} (br_table $l $b (i32.const 1))))`,
    "a return": `(loop $l ${work(0)} (if (i32.const 1) (then (return))) (br $l))`,
    "a branch out of the function": `(loop $l ${work(0)} (if (i32.const 1) (then (br 2))) (br $l))`,
    "a conditional branch out of the function": `(loop $l ${work(0)} (br_if 1 (i32.const 1)) (br $l))`,
    "a branch to a loop that calls": `(local $i i32) (loop $k (call_indirect (type $t) (i32.const 0))
      (br_if 1 (i32.gt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5)))
      (loop $l ${work(0)} (br_if $k (i32.const 1)) (br $l)))`,
  };
  for (const [way, code] of Object.entries(ways)) {
    const bytes = await coreBytes(`(type $t (func)) (table 1 funcref) (elem (i32.const 0) $leaf) (func $leaf)
      (global $n (mut i64) (i64.const 0)) (func $f ${code})
      (func (export "run") (param $i i32) (loop $l (call $f)
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);
    const host = scriptedHost({ ticksMax: 1_000_000, fuel: FUEL_PER_TICK });
    const { instance } = instantiateRewritten(bytes, { host });
    exported(instance, "run")(1000);
    // At most 1000 instructions for each of 1000 rounds.
    assert.ok(host.ticks <= 3, `${way}: ${host.ticks} ticks`);
  }
});
