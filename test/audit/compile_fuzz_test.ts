/**
 * Whatever bytes come, all the way through the engine: `compileComponent` ends in a component or in one ComponentError,
 * and an instance of that component in an instance, a ComponentError or a trap. The fuzzer in test/fuzz goes as far as the
 * plan; here core modules are compiled, functions are made, and real components are mutated too. FUZZ_RUNS raises the runs.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { test } from "node:test";
import * as fc from "fast-check";
import { ComponentError } from "../../src/component/errors.ts";
import { compileComponent } from "../../src/component/engine.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { chain, COUNTER, COUNTER_EXPORTS, counterHolder } from "../engine/fixtures.ts";
import { wat } from "../engine/wat.ts";
import { generateComponent } from "../fuzz/component_generator.ts";
import { componentPath, hasComponent } from "./components.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1500);
/** A real component takes a hundred times as long to compile as one of text. */
const REAL_RUNS = Math.ceil(RUNS / 30);
const REASONS: readonly string[] = ["malformed", "unsupported", "limit"];

/** What the seeds import. */
const HOST = {
  log: () => {},
  echo: (x: unknown) => x,
};

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

async function outcome(bytes: Uint8Array): Promise<string> {
  const compiled = await compileComponent(bytes, { suspending: SUSPENDING }).catch((error: unknown) => {
    assert.ok(error instanceof ComponentError, stackOf(error));
    assert.ok(REASONS.includes(error.reason), error.reason);
    assert.ok(error.offset >= 0 && error.offset <= bytes.length, `offset ${error.offset} of ${bytes.length}`);
    assert.ok(error.message.length < 2000, error.message);
    return error.reason;
  });
  if (typeof compiled === "string") return compiled;
  try {
    (await compiled.instantiate(HOST)).dispose();
    return "instance";
  } catch (error) {
    if (error instanceof ComponentError) {
      assert.equal(error.reason, "import");
      return "import";
    }
    assert.ok(error instanceof WebAssembly.RuntimeError, stackOf(error));
    return "trap";
  }
}

const MEMORIES = `(core module $M (memory (export "m") 1 8) (table (export "t") 4 funcref) (data (i32.const 0) "abc")
    (func $f (export "f") (result i32) (i32.const 7)) (elem (i32.const 0) func $f) (start $s) (func $s))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f")))`;

const TEXTS = [
  chain("utf8", "utf16", "latin1+utf16", "utf8"),
  COUNTER + COUNTER_EXPORTS,
  counterHolder("(call $drop (local.get $h)) (i32.const 1)"),
  MEMORIES,
];
const seeds = await Promise.all(TEXTS.map((text) => wat(text)));
const REAL = ["rust_bindgen_handler", "hello"].filter((name) => hasComponent(name));

/** A place as a fraction of the length: half of them where structure is dense. */
const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.02, noNaN: true }));
const edits = fc.array(
  fc.record({
    kind: fc.constantFrom("set" as const, "bump" as const, "insert" as const, "remove" as const, "cut" as const),
    at: place,
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 3 },
);
type Edit = Readonly<{ kind: "set" | "bump" | "insert" | "remove" | "cut"; at: number; byte: number }>;

function mutate(bytes: Uint8Array, { kind, at, byte }: Edit): Uint8Array {
  const index = Math.max(0, Math.min(bytes.length - 1, Math.floor(at * bytes.length)));
  const [before, after] = [bytes.subarray(0, index), bytes.subarray(index)];
  switch (kind) {
    case "cut":
      return before.slice();
    case "insert":
      return Buffer.concat([before, Uint8Array.of(byte), after]);
    case "remove":
      return Buffer.concat([before, after.subarray(byte % 8)]);
    case "set":
    case "bump": {
      const copy = bytes.slice();
      copy[index] = kind === "set" ? byte : ((copy[index] ?? 0) + byte) & 0xff;
      return copy;
    }
  }
}

const mutated = (bytes: Uint8Array, list: readonly Edit[]): Uint8Array => list.reduce(mutate, bytes);

test("compileComponent of mutated components of text: a component or one ComponentError", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.nat(seeds.length - 1), edits, async (seed, list) => {
      seen.add(await outcome(mutated(seeds[seed] ?? new Uint8Array(), list)));
    }),
    { numRuns: RUNS },
  );
  for (const end of ["malformed", "instance"]) assert.ok(seen.has(end), `no run ended in ${end}: ${[...seen].join()}`);
});

test("compileComponent of generated components: a component or one ComponentError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(0xffff), { minLength: 10, maxLength: 400 }), async (numbers) => {
      await outcome(generateComponent(numbers));
    }),
    { numRuns: RUNS },
  );
});

for (const name of REAL) {
  test(`compileComponent of mutations of ${name}: a component or one ComponentError`, async () => {
    const bytes = new Uint8Array(await readFile(await componentPath(name)));
    await fc.assert(
      fc.asyncProperty(edits, async (list) => void await outcome(mutated(bytes, list))),
      { numRuns: REAL_RUNS },
    );
  });
}
