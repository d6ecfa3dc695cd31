import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { fixStart } from "./fixed_start.ts";

const SEED = "wasi:random/insecure-seed@0.2.9";
const WALL = "wasi:clocks/wall-clock@0.2.0";
const MONOTONIC = "wasi:clocks/monotonic-clock@0.2.0";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const text = (value: string): readonly number[] => [value.length, ...Buffer.from(value)];
const list = (items: readonly (readonly number[])[]): readonly number[] => [items.length, ...items.flat()];
const section = (id: number, content: readonly number[]): readonly number[] => [
  id,
  (content.length & 0x7f) | 0x80,
  content.length >>> 7,
  ...content,
];
const imported = (module: string, field: string, type: number): readonly number[] => [
  ...text(module),
  ...text(field),
  0,
  type,
];
const sized = (body: readonly number[]): readonly number[] => [body.length, ...body];

const IMPORTS = [imported(SEED, "insecure-seed", 0), imported(WALL, "now", 0), imported(MONOTONIC, "now", 1)];
const EXPORTS = [["memory", 2, 0], ["init", 0, 3], ["seed", 0, 4], ["wall", 0, 5], ["monotonic", 0, 6]] as const;

/** Draws everything in `init(at, at)`, which gives 7, and one thing in each of its other functions. */
function runtime(imports = IMPORTS, exports: typeof EXPORTS | readonly never[] = EXPORTS): Buffer {
  return Buffer.from([
    ...HEADER,
    ...section(1, list([[0x60, 1, 0x7f, 0], [0x60, 0, 1, 0x7e], [0x60, 2, 0x7f, 0x7f, 1, 0x7f]])),
    ...section(2, list(imports)),
    ...section(3, list([[2], [0], [0], [1]])),
    ...section(5, [1, 0, 1]),
    ...section(6, list([[0x7f, 0, 0x41, 5, 0x0b]])),
    ...section(7, list(exports.map(([name, kind, index]) => [...text(name), kind, index]))),
    ...section(
      10,
      list([
        // The constant has the bytes of a call, behind an instruction with a prefix.
        sized([
          0,
          0x20,
          0,
          0x10,
          0,
          0x20,
          1,
          0x10,
          1,
          0x10,
          2,
          0x1a,
          0x44,
          0,
          0,
          0,
          0,
          0x10,
          0,
          0x10,
          0,
          0xfc,
          2,
          0x1a,
          0x41,
          7,
          0x0b,
        ]),
        sized([0, 0x20, 0, 0x10, 0, 0x0b]),
        sized([0, 0x20, 0, 0x10, 1, 0x0b]),
        sized([0, 0x10, 2, 0x0b]),
      ]),
    ),
  ]);
}

interface Runtime {
  readonly memory: WebAssembly.Memory;
  init(first: number, second: number): number;
  seed(at: number): void;
  wall(at: number): void;
  monotonic(): bigint;
}

/** An instance on a host that gives 11, 12 and 13, and what it was asked for. */
function open(module: Buffer): { readonly exports: Runtime; readonly asked: readonly string[] } {
  const asked: string[] = [];
  let memory: WebAssembly.Memory | undefined;
  const give = (name: string, value: bigint) => (at: number): void => {
    asked.push(name);
    new BigUint64Array(memory?.buffer ?? new ArrayBuffer(0), at, 2).fill(value);
  };
  const monotonic = (): bigint => BigInt(asked.push("monotonic") > 0 ? 13 : 0);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module)), {
    [SEED]: { "insecure-seed": give("seed", 11n) },
    [WALL]: { now: give("wall", 12n) },
    [MONOTONIC]: { now: monotonic },
  });
  const own = exports as unknown as Runtime;
  ({ memory } = own);
  return { exports: own, asked };
}

function wordsOf({ memory }: Runtime): readonly bigint[] {
  return [...new BigUint64Array(memory.buffer, 0, 4)];
}

test("fixStart: nothing but zeros is drawn until init has returned, and the host is asked from then on", () => {
  const { exports, asked } = open(fixStart(runtime()));
  new Uint8Array(exports.memory.buffer, 0, 32).fill(0xff);
  assert.equal(exports.init(0, 16), 7);
  assert.deepEqual(wordsOf(exports), [0n, 0n, 0n, 0n]);
  assert.deepEqual(asked, []);
  exports.seed(0);
  exports.wall(16);
  assert.deepEqual(wordsOf(exports), [11n, 11n, 12n, 12n]);
  assert.equal(exports.monotonic(), 13n);
  assert.deepEqual(asked, ["seed", "wall", "monotonic"]);
});

test("fixStart: an unchanged runtime asks the host in init", () => {
  const { exports, asked } = open(runtime());
  exports.init(0, 16);
  assert.deepEqual(asked, ["seed", "wall", "monotonic"]);
});

const FAULTS: readonly (readonly [name: string, module: () => Buffer, message: RegExp])[] = [
  [
    "without a seed",
    () => runtime([imported("env", "seed", 0), ...IMPORTS.slice(1)]),
    /does not import .*insecure-seed/,
  ],
  [
    "without a clock",
    () => runtime([...IMPORTS.slice(0, 2), imported("env", "now", 1)]),
    /does not import .*monotonic/,
  ],
  ["without init", () => runtime(IMPORTS, []), /does not export init/],
];

for (const [name, module, message] of FAULTS) {
  test(`fixStart: a runtime ${name} is refused`, () => assert.throws(() => fixStart(module()), message));
}
