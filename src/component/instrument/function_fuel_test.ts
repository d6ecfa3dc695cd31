/** Loops of all shapes: what they compute stays, and every instruction is paid for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  coreBytes,
  exported,
  instantiateRewritten,
  runCounting,
  scriptedHost,
} from "../../../test/support/instrumented.ts";
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
  "jump",
  "recurse",
  "recurse",
  "tail call",
];
const NESTS = [
  "block",
  "block result",
  "loop",
  "loop",
  "loop",
  "loop in loop",
  "loop in loop",
  "forked loop",
  "forked loop",
  "loop result",
  "loop params",
  "if",
  "if only",
  "try",
  "try in loop",
];
/** Functions that throw or catch are charged in another way than the others: most programs have neither. */
const withoutExceptions = (kinds: readonly string[]): string[] =>
  kinds.filter((kind) => !kind.startsWith("try") && kind !== "throw");

function statementsOf(leaves: readonly string[], nests: readonly string[]): fc.Arbitrary<readonly Statement[]> {
  return fc.letrec<{ statement: Statement; statements: readonly Statement[] }>((tie) => ({
    statements: fc.array(tie("statement"), { maxLength: 5, depthIdentifier: "nesting" }),
    statement: fc.oneof(
      { maxDepth: 5, depthIdentifier: "nesting" },
      fc.record({ kind: fc.constantFrom(...leaves), detail: fc.nat(999), inner: fc.constant([]) }),
      fc.record({ kind: fc.constantFrom(...nests), detail: fc.nat(999), inner: tie("statements") }),
    ),
  })).statements;
}

const statements = fc.oneof(
  { weight: 2, arbitrary: statementsOf(withoutExceptions(LEAVES), withoutExceptions(NESTS)) },
  { weight: 1, arbitrary: statementsOf(LEAVES, NESTS) },
);

/** As many instructions as are counted in `$n`: six, and some that do nothing. */
const work = (detail: number): string =>
  `(global.set $n (i64.add (global.get $n) (i64.const ${4 + detail % 400}))) ${"(nop) ".repeat(detail % 400)}`;
/** Something that differs from pass to pass. */
const random = `(global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))`;
const choice = (of: number): string => `(i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (i32.const ${of}))`;
const CALLS = ["call $leaf", "call $looping", "call_indirect (type $t) (i32.const 1)"];
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
    case "tail call":
      return `${random} (if (i32.eqz ${choice(12)}) (then (return_${CALLS[detail % CALLS.length]})))`;
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
    case "jump":
      return `(block ${random} (br_if 0 ${choice(2)}) ${work(detail)} (br 0) ${work(3)}) (block ${
        work(detail % 7)
      } (br 0))`;
    case "recurse":
      return `${guard} ${random} (if (i32.eqz ${choice(6)}) (then (call $once)))`;
    case "block":
      return `(block ${body(true)})`;
    case "block result":
      return `(drop (block (result i32) ${body(false)} (i32.const 1)))`;
    case "loop":
      return `(loop ${guard} ${work(detail % 20)} ${body(true)})`;
    case "loop in loop":
      return `(loop ${work(detail % 300)} (block (loop ${guard} ${work(detail % 9)} ${body(true, true, true)}) ${random}
        (br_if 1 ${choice(2)})))`;
    case "forked loop":
      return `(loop ${work(detail % 30)} (loop ${guard} ${work(detail % 9)} ${body(true, true)} ${random}
        (br_if 1 ${choice(3)}) ${random} (br_if 0 ${choice(2)})))`;
    case "loop result":
      return `(drop (loop (result i32) ${guard} ${body(true)} (i32.const 1)))`;
    case "loop params":
      return `(i32.const 5) (loop (param i32) (drop) ${guard} ${body(false)})`;
    case "if":
      return `${random} (if ${choice(2)} (then ${body(true)}) (else ${work(detail)} ${body(true)}))`;
    case "if only":
      return `${random} (if ${choice(2)} (then ${body(true)}))`;
    case "try in loop":
      return `(loop $again ${guard} (block $caught (loop ${work(detail)} (try_table (catch $e $caught) ${
        body(true, true, true, true)
      }
        ${random} (if ${choice(2)} (then (throw $e)))))) ${random} (br_if $again ${choice(3)}))`;
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

/** What is exported of a program, and its fuel. */
function globalsOf(exports: WebAssembly.Exports): Readonly<Record<"n" | "left" | "seed", WebAssembly.Global>> {
  return exports as Readonly<Record<"n" | "left" | "seed", WebAssembly.Global>>;
}

/** Runs a program once for each seed: what is paid for too much on one way must not hide what is not paid on another. */
async function expectPaid(
  list: readonly Statement[],
  runs: { readonly seeds: readonly number[]; readonly passes: number; readonly fuel: number },
): Promise<void> {
  const { seeds, passes, fuel } = runs;
  const bytes = await coreBytes(program(list));
  const original = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const host = scriptedHost({ ticksMax: 1_000_000, fuel });
  const { instance, added } = instantiateRewritten(bytes, { host, tracksWrites: true });
  const left = added("fuel") as WebAssembly.Global;
  for (const seed of seeds) {
    for (const exports of [original, instance.exports]) {
      const globals = globalsOf(exports);
      globals.n.value = 0n;
      globals.left.value = passes;
      globals.seed.value = seed;
    }
    left.value = fuel;
    host.ticks = 0;
    (original["run"] as () => void)();
    exported(instance, "run")();
    const [expected, actual] = [globalsOf(original), globalsOf(instance.exports)];
    for (const name of ["n", "left", "seed"] as const) assert.equal(actual[name].value, expected[name].value, name);
    const spent = fuel * (1 + host.ticks) - Number(left.value);
    // A small function that the host calls is not charged.
    assert.ok(
      spent + UNCHARGED_COST_MAX >= Number(actual.n.value),
      `${String(actual.n.value)} instructions were paid with ${spent}`,
    );
  }
}

test("random loops compute the same and are paid for", { timeout: 120_000 }, async () => {
  const runs = { seeds: [7], passes: 3000, fuel: 5_000 };
  await fc.assert(fc.asyncProperty(statements, (list) => expectPaid(list, runs)), { numRuns: 300 });
});

test("each way through small programs is paid for", { timeout: 120_000 }, async () => {
  const small = fc.array(statements, { minLength: 1, maxLength: 2 }).map((lists) =>
    lists.flatMap((list) => list.slice(0, 2))
  );
  const seeds = Array.from({ length: 24 }, (_, index) => index * 7919 + 1);
  // So much that none is asked for: what a guest owes then is forgiven.
  const runs = { seeds, passes: 12, fuel: 1_000_000_000 };
  await fc.assert(fc.asyncProperty(small, (list) => expectPaid(list, runs)), { numRuns: 1000 });
});

test("the dearest way through a stretch is what it costs, wherever it leads through", async () => {
  const ways: Readonly<Record<string, string>> = {
    "one branch of an if": `(if (local.get $p) (then ${work(300)}) (else (nop))) ${work(120)}`,
    "the other branch": `(if (i32.eqz (local.get $p)) (then (nop)) (else ${work(300)})) ${work(120)}`,
    "an if that is left out": `${work(300)} (if (i32.eqz (local.get $p)) (then (return))) ${work(120)}`,
    "a branch": `(block ${work(300)} (br_if 0 (local.get $p)) (return)) ${work(120)}`,
    "a branch out of a loop": `(block ${work(300)} (loop (br_if 1 (local.get $p))) (return)) ${work(120)}`,
    "a branch table out of a loop": `(block ${work(300)} (loop (br_table 1 1 (local.get $p))) (return)) ${work(120)}`,
    "a return": `(if (local.get $p) (then ${work(390)} (return))) ${work(10)}`,
    "a return, with a loop behind it": `(if (local.get $p) (then ${work(390)} (return))) (loop) ${work(10)}`,
    "an exception": `(block (try_table (catch $e 0) ${work(300)} (throw $e))) ${work(150)}`,
    "an exception of a callee": `(block (try_table (catch $e 0) ${work(300)} (call $throws))) ${work(200)}`,
    "a legacy exception": `try ${work(300)} throw $e catch_all end ${work(150)}`,
    "a loop that is left before its inner one": `(loop ${work(300)} (br_if 1 (local.get $p)) (loop ${work(390)}))`,
    "a loop that throws before its inner one": `(block (try_table (catch $e 0) (loop ${work(200)} (throw $e) (loop ${
      work(399)
    }))))`,
    "a loop that returns before its inner one": `(loop ${work(300)} (if (local.get $p) (then (return))) (loop ${
      work(390)
    }))`,
  };
  for (const [way, code] of Object.entries(ways)) {
    const bytes = await coreBytes(`(tag $e) (global $n (export "n") (mut i64) (i64.const 0))
      (func $throws (throw $e)) (func $f (param $p i32) ${code})
      (func (export "run") (param $i i32) (loop $l (call $f (i32.const 1))
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);
    const { counted, spent } = runCounting(bytes);
    assert.ok(counted >= 20_000 && spent >= counted, `${way}: ${counted} instructions were paid with ${spent}`);
  }
});

test("each pass of a small loop is paid for, also the first and those in a row", async () => {
  const again = (passes: number): string =>
    `(br_if $l (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const ${passes})))`;
  const forked = (end: string): string =>
    `(loop $k ${work(30)} (loop $l ${work(40)} (br_if $k (i32.and (local.tee $j (i32.add (local.get $j) (i32.const 1)))
      (i32.const 1))) ${end}))`;
  const ways: Readonly<Record<string, string>> = {
    "the only pass": `(loop ${work(60)})`,
    "the only pass, of two loops": `(loop ${work(60)}) (loop ${work(60)})`,
    "the only pass, of a loop in a loop": `(loop $l (loop ${work(60)}) ${again(3)})`,
    "the only pass, behind something in a loop": `(loop $l ${again(1)} (loop ${work(60)}))`,
    "the only pass, of a loop that begins all passes of another": `(loop $l (loop $k ${
      work(60)
    } (br_if $l (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 50)))))`,
    "the only pass, with a call": `(loop (call $small))`,
    "a branch out of the first pass": `(block $b (loop $l ${work(60)} (br_if $b (local.get $p)) (br $l)))`,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 50].map((n) => [`${n} passes of a forked loop`, forked(again(n))])),
    "a return in a forked loop": forked(`(if (local.get $p) (then (return))) (br $l)`),
    "a branch out of a forked loop": `(block $b ${forked(`(br_if $b (local.get $p)) (br $l)`)})`,
    "a tail call of a small function": `(loop $l ${work(140)} ${again(3)}) (return_call $small)`,
    "a tail call out of a loop": `(loop $l ${
      work(140)
    } (if (i32.eqz (local.get $j)) (then (return_call $small))) (br $l))`,
    "a tail call out of a forked loop": forked(`(if (local.get $p) (then (return_call $small))) (br $l)`),
    "a return in the first pass": `(loop $l ${work(60)} (if (local.get $p) (then (return))) (br $l))`,
    ...Object.fromEntries([2, 3, 4, 5, 6, 7, 50].map((n) => [`${n} passes`, `(loop $l ${work(40)} ${again(n)})`])),
  };
  for (const [way, code] of Object.entries(ways)) {
    const bytes = await coreBytes(`(global $n (export "n") (mut i64) (i64.const 0))
      (func $small ${work(40)}) (func $f (param $p i32) (local $j i32) ${code})
      (func (export "run") (param $i i32) (loop $l (call $f (i32.const 1))
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);
    const { counted, spent } = runCounting(bytes);
    assert.ok(counted >= 4_000 && spent >= counted, `${way}: ${counted} instructions were paid with ${spent}`);
  }
});

test("passes that stay in the inner loop of a forked one do not pay for the outer one", async () => {
  const bytes = await coreBytes(`(global $n (export "n") (mut i64) (i64.const 0)) (func $f (param $i i32)
    (loop $k ${work(190)} (loop $l ${work(210)} (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $k (i32.eq (local.get $i) (i32.const 50))) (br_if $l (i32.gt_s (local.get $i) (i32.const 0))))))
    (func (export "run") (param $i i32) (call $f (local.get $i)))`);
  const { counted, spent } = runCounting(bytes);
  assert.ok(counted > 100 * 200 && spent >= counted, `${counted} instructions were paid with ${spent}`);
  assert.ok(spent < 1.2 * counted, `${counted} instructions were paid with ${spent}`);
});

test("what a loop takes in advance comes back when it is left", async () => {
  const few = `(br_if $l (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 6)))`;
  const ways: Readonly<Record<string, string>> = {
    "its end behind a few passes": `(local $j i32) (loop $l ${work(0)} ${few})`,
    "a branch behind a few passes": `(local $j i32) (block $b (loop $l ${work(0)} ${few} (br $b)))`,
    "a return behind a few passes, also of a second loop": `(local $j i32) (loop $l ${work(0)} ${few})
      (local.set $j (i32.const 0)) (loop $l ${work(0)} ${few} (return))`,
    "its end": `(loop $l ${work(0)} (br_if $l (i32.const 0)))`,
    "a branch": `(block $b (loop $l ${work(0)} (br_if $b (i32.const 1)) (br $l)))`,
    "a branch over two loops": `(block $b (loop $k (loop $l ${work(0)} (br_if $b (i32.const 1)) (br $l)) (br $k)))`,
    "a branch table": `(block $b (loop $l ${work(0)} (br_table $l $b (i32.const 1))))`,
    "a return": `(loop $l ${work(0)} (if (i32.const 1) (then (return))) (br $l))`,
    ...Object.fromEntries(
      Object.entries({
        "the end": "(nop)",
        "a branch": "(br $b)",
        "a branch table": "(br_table $l $b (i32.const 1))",
        "a return": "(return)",
      }).map(([way, end]) => [
        `${way} of a forked loop`,
        `(local $j i32) (block $b (loop $k ${work(0)} (loop $l (br_if $k (i32.lt_u
          (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 4))) ${work(0)} ${end})))`,
      ]),
    ),
    "a branch out of the function": `(loop $l ${work(0)} (if (i32.const 1) (then (br 2))) (br $l))`,
    "a conditional branch out of the function": `(loop $l ${work(0)} (br_if 1 (i32.const 1)) (br $l))`,
    "a branch out of a loop that calls": `(loop $l (call $f2) (br_if 1 (i32.const 1)) (br $l))`,
    "a branch with a result": `(drop (call $with_result))`,
    "a branch to a loop that calls": `(local $i i32) (loop $k (call_indirect (type $t) (i32.const 0))
      (br_if 1 (i32.gt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5)))
      (loop $l ${work(0)} (br_if $k (i32.const 1)) (br $l)))`,
  };
  for (const [way, code] of Object.entries(ways)) {
    const bytes = await coreBytes(`(type $t (func)) (table 1 funcref) (elem (i32.const 0) $leaf) (func $leaf)
      (global $n (mut i64) (i64.const 0)) (func $f ${code}) (func $f2 (loop $l ${work(0)} (br_if $l (i32.const 0))))
      (func $with_result (result i64) (loop $l ${
      work(0)
    } (drop (br_if 1 (i64.const 7) (i32.const 1))) (br $l)) (i64.const 5))
      (func (export "run") (param $i i32) (loop $l (call $f)
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);
    const host = scriptedHost({ ticksMax: 1_000_000, fuel: FUEL_PER_TICK });
    const { instance } = instantiateRewritten(bytes, { host });
    exported(instance, "run")(1000);
    // At most 1000 instructions for each of 1000 rounds.
    assert.ok(host.ticks <= 3, `${way}: ${host.ticks} ticks`);
  }
});
