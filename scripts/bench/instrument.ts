/**
 * What instrumentation costs: compute loops as they are, with fuel, with tracked writes; and rewriting itself.
 *
 *   node scripts/bench/instrument.ts      deno run -A scripts/bench/instrument.ts
 *
 * Each number is the best of several rounds, on one thread; the rounds of the three variants alternate.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { parse } from "@bytecodealliance/jco";
import { instrumentModule } from "../../src/component/instrument/instrument.ts";
import { FUEL_PER_TICK } from "../../src/component/instrument/instrumented_module.ts";
import { planComponent } from "../../src/component/link.ts";

const ROUNDS = 9;

/** Text of a module that exports `run`, and its argument. */
const PROGRAMS: Readonly<Record<string, readonly [text: string, argument: number]>> = {
  "xorshift (no memory)": [
    `(func (export "run") (param $n i32) (result i32) (local $x i32) (local.set $x (i32.const 12345)) (loop $l
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $x))`,
    10_000_000,
  ],
  "matrix product (f64)": [
    `(memory 64) (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $k i32) (local $s f64)
      (loop $li (local.set $j (i32.const 0)) (loop $lj (local.set $k (i32.const 0)) (local.set $s (f64.const 0))
        (loop $lk (local.set $s (f64.add (local.get $s) (f64.mul
            (f64.load (i32.shl (i32.add (i32.mul (local.get $i) (local.get $n)) (local.get $k)) (i32.const 3)))
            (f64.load offset=1000000 (i32.shl (i32.add (i32.mul (local.get $k) (local.get $n)) (local.get $j)) (i32.const 3))))))
          (br_if $lk (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n))))
        (f64.store offset=2000000 (i32.shl (i32.add (i32.mul (local.get $i) (local.get $n)) (local.get $j)) (i32.const 3)) (local.get $s))
        (br_if $lj (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $li (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))) (i32.const 0))`,
    200,
  ],
  "insertion sort": [
    `(memory 1) (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $x i32)
      (loop $fill (i32.store (i32.shl (local.get $i) (i32.const 2)) (i32.mul (local.get $i) (i32.const 0x9E3779B1)))
        (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.set $i (i32.const 4))
      (loop $outer (local.set $x (i32.load (local.get $i))) (local.set $j (local.get $i))
        (block $done (loop $inner
          (br_if $done (i32.eqz (local.get $j)))
          (br_if $done (i32.le_u (i32.load (i32.sub (local.get $j) (i32.const 4))) (local.get $x)))
          (i32.store (local.get $j) (i32.load (i32.sub (local.get $j) (i32.const 4))))
          (local.set $j (i32.sub (local.get $j) (i32.const 4))) (br $inner)))
        (i32.store (local.get $j) (local.get $x))
        (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.shl (local.get $n) (i32.const 2)))))
      (i32.load (i32.const 0)))`,
    6000,
  ],
  "sieve (byte stores)": [
    `(memory 32) (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $c i32)
      (memory.fill (i32.const 0) (i32.const 1) (local.get $n)) (local.set $i (i32.const 2))
      (loop $o (if (i32.load8_u (local.get $i)) (then
        (local.set $c (i32.add (local.get $c) (i32.const 1))) (local.set $j (i32.shl (local.get $i) (i32.const 1)))
        (block $b (loop $in (br_if $b (i32.ge_u (local.get $j) (local.get $n))) (i32.store8 (local.get $j) (i32.const 0))
          (local.set $j (i32.add (local.get $j) (local.get $i))) (br $in)))))
        (br_if $o (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))) (local.get $c))`,
    2_000_000,
  ],
  "fib (calls only)": [
    `(func $f (export "run") (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0)) (else (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 2)))))))`,
    31,
  ],
};

/** Instantiates a module that imports nothing of its own; gives its `run`. */
function runner(bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports): (argument: number) => unknown {
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  if (typeof run !== "function") throw new Error("The program has no export named run");
  return run as (argument: number) => unknown;
}

/** Best time of each, in ms. */
function race(runs: readonly (() => unknown)[]): number[] {
  const best = runs.map(() => Infinity);
  for (let round = 0; round < ROUNDS + 3; round += 1) {
    runs.forEach((run, index) => {
      const start = performance.now();
      run();
      // The first rounds run code that is not optimised yet.
      if (round >= 3) best[index] = Math.min(best[index] ?? Infinity, performance.now() - start);
    });
  }
  return best;
}

function percent(time: number | undefined, base: number | undefined): string {
  return `${(((time ?? 0) / (base ?? 1) - 1) * 100).toFixed(0)} %`.padStart(6);
}

async function compute(): Promise<void> {
  for (const [name, [text, argument]] of Object.entries(PROGRAMS)) {
    const bytes = (await parse(`(module ${text})`)) as Uint8Array<ArrayBuffer>;
    let ticks = 0;
    const rewritten = [false, true].map((tracksWrites) => {
      const module = instrumentModule(bytes, { tracksWrites });
      const tick = (): number => {
        ticks += 1;
        return performance.now() > 0 ? FUEL_PER_TICK : -1;
      };
      return runner(module.bytes, { [module.importModule]: { tick, yield: () => 0 } });
    });
    const times = race([runner(bytes, {}), ...rewritten].map((run) => () => run(argument)));
    const perTick = (((times[1] ?? 0) + (times[2] ?? 0)) * 1000 * (ROUNDS + 3)) / ticks;
    console.log(
      `${name.padEnd(22)} ${(times[0] ?? 0).toFixed(1).padStart(6)} ms   fuel ${percent(times[1], times[0])}   ` +
        `fuel and writes ${percent(times[2], times[0])}   a tick each ${perTick.toFixed(0)} us`,
    );
  }
}

async function rewriting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const bytes = await readFile(path);
    const { modules } = planComponent(bytes);
    for (const tracksWrites of [false, true]) {
      let written = 0;
      const [time = 0] = race([() => {
        written = 0;
        for (const { start, end } of modules) {
          written += instrumentModule(bytes, { tracksWrites, start, end }).bytes.length;
        }
      }]);
      const what = tracksWrites ? "fuel and writes" : "fuel";
      console.log(
        `${path}: ${what}: ${time.toFixed(0)} ms, ${(bytes.length / time / 1000).toFixed(0)} MB/s, ` +
          `${percent(written, bytes.length).trim()} longer`,
      );
    }
  }
}

await compute();
await rewriting(process.argv.slice(2));
