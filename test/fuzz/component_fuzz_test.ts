/**
 * Whatever bytes come: a plan whose references all hold, or exactly one ComponentError with a reason and an offset in
 * the file. Runs are few by default; FUZZ_RUNS raises them. A failure prints its seed and path (fast-check).
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { test } from "node:test";
import { componentEmbed, componentNew, parse as wat, preview1AdapterReactorPath } from "@bytecodealliance/jco";
import * as fc from "fast-check";
import { ComponentError } from "../../src/component/errors.ts";
import { planComponent } from "../../src/component/link.ts";
import type { CoreRef, FuncRef, LinkPlan } from "../../src/component/types.ts";
import { generateComponent } from "./component_generator.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 3000);
const REASONS: readonly string[] = ["malformed", "unsupported", "limit"];

/** Plans `bytes` and returns how it ended. */
function outcome(bytes: Uint8Array): string {
  let plan: LinkPlan;
  try {
    plan = planComponent(bytes);
  } catch (error) {
    assert.ok(error instanceof ComponentError, error instanceof Error ? (error.stack ?? error.message) : String(error));
    assert.ok(REASONS.includes(error.reason), error.reason);
    assert.ok(
      error.offset >= 0 && error.offset <= bytes.length,
      `offset ${error.offset} of ${bytes.length}: ${error.message}`,
    );
    assert.ok(error.message.length < 2000, error.message);
    return error.reason;
  }
  expectConsistent(plan, bytes);
  return "plan";
}

/** Every reference of a plan leads to something that is there, and at instantiation to something made before. */
function expectConsistent(plan: LinkPlan, bytes: Uint8Array): void {
  const expectRef = (ref: CoreRef | null, before: number): void => {
    if (ref === null) return;
    if (ref.kind === "export") assert.ok(ref.coreInstance >= 0 && ref.coreInstance < before);
    else assert.ok(plan.builtins[ref.builtin] !== undefined);
  };
  const expectFunc = (func: FuncRef): void => {
    if (func.kind === "import") return;
    assert.ok(func.componentInstance >= 0 && func.componentInstance < plan.componentInstances);
    for (const ref of [func.core, func.options.memory, func.options.realloc, func.options.postReturn]) {
      expectRef(ref, plan.coreInstances.length);
    }
  };
  for (const { start, end } of plan.modules) assert.ok(start >= 8 && start < end && end <= bytes.length);
  plan.coreInstances.forEach((instance, index) => {
    assert.ok(plan.modules[instance.module] !== undefined);
    for (const arg of instance.args.values()) {
      if (arg.kind === "instance") assert.ok(arg.coreInstance < index);
      else for (const ref of arg.items.values()) expectRef(ref, index);
    }
  });
  plan.resources.forEach((resource, index) => assert.equal(resource.id, index + 1));
  for (const builtin of plan.builtins) {
    if (builtin.kind === "lower") expectFunc(builtin.func);
    else assert.equal(plan.resources[builtin.resource.id - 1], builtin.resource);
  }
  const exports = [...plan.exports.values()];
  for (const item of exports) {
    if (item.kind === "func") expectFunc(item.func);
    if (item.kind === "instance") exports.push(...item.exports.values());
  }
}

const TEXTS: readonly string[] = [
  "(component)",
  `(component
    (import "wasi:io/poll@0.2.9" (instance $poll
      (export "pollable" (type $p (sub resource)))
      (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))))
    (alias export $poll "pollable" (type $pollable))
    (core func $drop (canon resource.drop $pollable))
    (alias export $poll "[method]pollable.ready" (func $ready))
    (core func $ready (canon lower (func $ready)))
    (core module $m (import "i" "d" (func (param i32))) (import "i" "r" (func (param i32) (result i32))))
    (core instance (instantiate $m (with "i" (instance (export "d" (func $drop)) (export "r" (func $ready)))))))`,
  `(component
    (type $v' (variant (case "a" u64) (case "b" (list string)) (case "c")))
    (import "v" (type $v (eq $v')))
    (import "f" (func $f (param "x" $v) (param "y" (option (tuple u8 f64))) (result (result string (error u32)))))
    (core module $libc (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
    (core instance $libc (instantiate $libc))
    (core func (canon lower (func $f) string-encoding=utf16 (memory (core memory $libc "m")) (realloc (core func $libc "r"))))
    (component $c
      (core module $m (func (export "d") (param i32)) (func (export "n") (result i32) unreachable))
      (core instance $i (instantiate $m))
      (type $r (resource (rep i32) (dtor (core func $i "d"))))
      (core func (canon resource.new $r))
      (core func (canon resource.rep $r))
      (export $out "thing" (type $r))
      (func (export "[constructor]thing") (result (own $out)) (canon lift (core func $i "n"))))
    (component $shim
      (import "t" (type $t (sub resource)))
      (import "make" (func $make (result (own $t))))
      (export $u "thing" (type $t))
      (export "[constructor]thing" (func $make) (func (result (own $u)))))
    (instance $c (instantiate $c))
    (instance $s (instantiate $shim (with "t" (type $c "thing")) (with "make" (func $c "[constructor]thing"))))
    (export "a:b/c@1.0.0" (instance $s)))`,
  `(component $root
    (core type $mt (module (import "a" "b" (func (param i32))) (export "g" (global (mut i64)))))
    (component $x
      (import "m" (core module $m (type $mt)))
      (type (component (import "a" (type $a (sub resource))) (export "b" (func (param "x" (borrow $a))))))
      (core module $n (func (export "b") (param i32)) (table (export "t") 1 funcref))
      (core instance $n (instantiate $n))
      (core instance (instantiate $m (with "a" (instance $n)))))
    (core module $m (import "a" "b" (func (param i32))) (global (export "g") (mut i64) (i64.const 1)))
    (instance (instantiate $x (with "m" (core module $m)))))`,
];

async function realComponent(): Promise<Uint8Array> {
  const core = await wat(`(module
    (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "t:a/b#f") (param i32 i32) (result i32) unreachable)
    (func (export "cabi_post_t:a/b#f") (param i32)))`);
  const witSource = "package t:a; interface b { f: func(s: string) -> list<string>; } world w { export b; }";
  const adapter = new Uint8Array(await readFile(preview1AdapterReactorPath()));
  return componentNew(await componentEmbed({ binary: core, witSource, world: "w" }), [[
    "wasi_snapshot_preview1",
    adapter,
  ]]);
}

const seeds: readonly Uint8Array[] = [...await Promise.all(TEXTS.map((text) => wat(text))), await realComponent()];

/** A place in a seed, as a fraction of its length: half of them in the first bytes, where structure is dense. */
const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.05, noNaN: true }));
const edit = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: place, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant("bump" as const), at: place, byte: fc.constantFrom(1, 255, 128) }),
  fc.record({ kind: fc.constant("insert" as const), at: place, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant("remove" as const), at: place, byte: fc.nat(8) }),
  fc.record({ kind: fc.constant("cut" as const), at: place, byte: fc.constant(0) }),
  fc.record({ kind: fc.constant("splice" as const), at: place, byte: fc.nat(255) }),
);

function mutate(seed: Uint8Array, { kind, at, byte }: { kind: string; at: number; byte: number }): Uint8Array {
  const index = Math.min(seed.length - 1, Math.floor(at * seed.length));
  const before = seed.slice(0, index);
  const after = seed.slice(index);
  switch (kind) {
    case "insert":
      return new Uint8Array([...before, byte, ...after]);
    case "remove":
      return new Uint8Array([...before, ...after.slice(byte)]);
    case "cut":
      return before;
    case "splice": {
      const other = seeds[byte % seeds.length] ?? seed;
      return new Uint8Array([...before, ...other.slice(Math.floor(at * other.length))]);
    }
    default: {
      const copy = seed.slice();
      copy[index] = kind === "set" ? byte : ((seed[index] ?? 0) + byte) & 0xff;
      return copy;
    }
  }
}

test("planComponent of mutated components ends in a plan or one ComponentError", () => {
  const mutations = fc.tuple(fc.nat(seeds.length - 1), fc.array(edit, { minLength: 1, maxLength: 4 }));
  fc.assert(
    fc.property(mutations, ([seed, edits]) => {
      outcome(
        edits.reduce(
          (bytes, change) => bytes.length === 0 ? bytes : mutate(bytes, change),
          seeds[seed] ?? new Uint8Array(),
        ),
      );
    }),
    { numRuns: RUNS },
  );
});

test("planComponent of random bytes behind a preamble ends in a plan or one ComponentError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      outcome(new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...bytes]));
    }),
    { numRuns: RUNS },
  );
});

test("planComponent of generated components ends in a plan or one ComponentError", () => {
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { minLength: 10, maxLength: 400 }), (numbers) => {
      const end = outcome(generateComponent(numbers));
      outcomes.set(end, (outcomes.get(end) ?? 0) + 1);
    }),
    { numRuns: RUNS },
  );
  // A generator of nothing but broken files would prove little.
  assert.ok((outcomes.get("plan") ?? 0) > 0, JSON.stringify([...outcomes]));
});

test("planComponent keeps to its reasons for the seeds themselves", () => {
  for (const seed of seeds) assert.equal(outcome(seed), "plan");
});
