/**
 * Whatever component comes: a valid one with its imports met, or one error of ours. Runs are few by default; FUZZ_RUNS raises
 * them. A failure prints its seed and path (fast-check).
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import * as fc from "fast-check";
import { ComponentError } from "../../src/component/errors.ts";
import { planComponent } from "../../src/component/link.ts";
import { virtualize } from "../../src/virtualize/virtualize.ts";
import { VirtualizeError } from "../../src/virtualize/virtualize_error.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { wat } from "../engine/wat.ts";
import { generateComponent } from "./component_generator.ts";
import { isValid } from "./reference_validity.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 600);
const INTERFACE = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;
const DENY_ALL = ["sockets", "http", "filesystem", "environment", "random", "terminals", "exit"];

/** Words that deny as much of the component as there are words for. */
function wordsFor(bytes: Uint8Array): readonly string[] {
  const names = planComponent(bytes).imports.map(({ name }) => name.split("@")[0] ?? "");
  return names.filter((name) => INTERFACE.test(name) && !name.startsWith("wasi:"));
}

/** How it ended; anything but a result or an error of ours fails the test. */
function outcome(bytes: Uint8Array, words?: readonly string[]): Uint8Array | string {
  try {
    const deny = words ?? [...DENY_ALL, ...wordsFor(bytes)];
    const result = virtualize(bytes, { deny, env: [["A", "b"]], randomSeed: 1n });
    const left = planComponent(result.bytes).imports.map(({ name }) => name);
    assert.deepEqual(left.toSorted(), result.left.toSorted());
    return result.bytes;
  } catch (error) {
    const isOurs = error instanceof ComponentError || error instanceof VirtualizeError;
    assert.ok(isOurs, error instanceof Error ? error.stack ?? error.message : String(error));
    assert.ok(error.message.length < 4_000, error.message);
    return error.name;
  }
}

test("virtualize: generated components", () => {
  const numbers = fc.array(fc.nat({ max: 0xffff }), { minLength: 5, maxLength: 400 });
  fc.assert(fc.property(numbers, (list) => void outcome(generateComponent(list))), { numRuns: RUNS });
});

/** Interfaces with all kinds of types; "denied" is to be met. */
const SEED = `
  (import "a:b/kept" (instance $kept
    (export "handle" (type $h (sub resource)))
    (type $pair' (record (field "left" u8) (field "right" string)))
    (export "pair" (type (eq $pair')))))
  (alias export $kept "handle" (type $handle))
  (alias export $kept "pair" (type $pair))
  (import "a:b/denied" (instance $denied
    (alias outer 1 $handle (type $h))
    (export "handle" (type $handle' (eq $h)))
    (alias outer 1 $pair (type $p))
    (export "pair" (type $pair' (eq $p)))
    (export "own" (type $own (sub resource)))
    (type $choice' (variant (case "none") (case "many" (list $pair')) (case "one" (own $handle')) (case "far" u64)))
    (export "choice" (type $choice (eq $choice')))
    (type $code' (enum "unknown" "denied"))
    (export "code" (type $code (eq $code')))
    (type $marks' (flags "a" "b" "c"))
    (export "marks" (type $marks (eq $marks')))
    (export "[constructor]own" (func (param "of" $choice) (result (own $own))))
    (export "[method]own.use" (func (param "self" (borrow $own)) (param "with" (borrow $handle')) (param "marks" $marks)
      (result (result (tuple f32 f64) (error $code)))))
    (export "[static]own.none" (func (result (option $pair'))))
    (export "many" (func (param "a" (option (own $handle'))) (param "b" (result (own $own) (error (own $handle')))) (result char)))))`;

/** Bytes that one would try: small numbers, type constructors, ends. */
const BYTE = fc.oneof(
  fc.nat({ max: 255 }),
  fc.constantFrom(0, 1, 2, 3, 0x3f, 0x40, 0x41, 0x42, 0x68, 0x69, 0x7f, 0x80, 0xff),
);

async function mutated(bytes: Uint8Array, options: { readonly length: number; readonly runs: number }): Promise<void> {
  const edits = fc.array(fc.tuple(fc.nat({ max: Math.min(options.length, bytes.length) - 1 }), BYTE), {
    minLength: 1,
    maxLength: 4,
  });
  const made: Uint8Array[] = [];
  fc.assert(
    fc.property(edits, (list) => {
      const copy = bytes.slice();
      for (const [at, byte] of list) copy[at] = byte;
      const result = outcome(copy);
      if (result instanceof Uint8Array && made.length < 40 && made.every((each) => each.length !== result.length)) {
        made.push(copy, result);
      }
    }),
    { numRuns: options.runs },
  );
  for (let at = 0; at < made.length; at += 2) {
    const [input, output] = [made[at] ?? new Uint8Array(), made[at + 1] ?? new Uint8Array()];
    if (await isValid(input)) assert.ok(await isValid(output), "a valid component came out invalid");
  }
}

test("virtualize: a component of all kinds of types, with bytes changed", async () => {
  const bytes = await wat(SEED);
  const plain = outcome(bytes, ["a:b/denied"]);
  assert.ok(plain instanceof Uint8Array && await isValid(plain), String(plain));
  await mutated(bytes, { length: bytes.length, runs: RUNS });
});

test("virtualize: guests with bytes of their imports changed", async () => {
  await mutated(await componentBytes("traveller"), { length: 15_000, runs: Math.ceil(RUNS / 30) });
  if (hasGuests("c_cli")) await mutated(await guestBytes("c_cli"), { length: 5_000, runs: Math.ceil(RUNS / 3) });
});

test("virtualize: interfaces that all use each other are refused before they take the square of their size", async () => {
  const count = 400;
  const text = Array.from({ length: count }, (_, at) => `
    (import "a:b/i${at}" (instance $i${at}
      ${
    Array.from({ length: at }, (_, other) =>
      `(alias outer 1 $t${other} (type)) (export "t${other}" (type (eq ${2 * other})))`).join("\n")
  }
      (export "t${at}" (type (sub resource)))))
    (alias export $i${at} "t${at}" (type $t${at}))`).join("\n");
  const bytes = await wat(text);
  const deny = Array.from({ length: count }, (_, at) => `a:b/i${at}`);
  assert.equal(outcome(bytes, deny), "VirtualizeError");
});

test("virtualize: types of many levels, and layers of stubs until there is no room for one more", async () => {
  const levels = Array.from({ length: 50 }, (_, at) => `(type $t${at + 1} (list $t${at}))`).join("\n");
  const types = `(alias outer 1 $t50 (type)) (export "t" (type (eq 0))) (export "f" (func (param "x" 1)))`;
  const deep = await wat(`(type $t0 (list u8)) ${levels} (import "a:b/i" (instance ${types}))`);
  assert.ok(outcome(deep, ["a:b/i"]) instanceof Uint8Array);
  const imports = Array.from({ length: 40 }, (_, at) => `(import "a:b/i${at}" (instance (export "f" (func))))`);
  let result: Uint8Array | string = await wat(imports.join("\n"));
  let layers = 0;
  for (; result instanceof Uint8Array && layers < imports.length; layers++) {
    result = outcome(result, [`a:b/i${layers}`]);
  }
  assert.equal(result, "VirtualizeError");
  assert.ok(layers > 25, `${layers}`);
});

const PREAMBLE: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

/** The sections of a component that stand for lists, and their names. */
const LISTS: readonly (readonly [section: number, name: string])[] = [
  [2, "core instances"],
  [3, "core types"],
  [5, "instances"],
  [6, "aliases"],
  [7, "types"],
  [8, "canonical definitions"],
  [10, "imports"],
  [11, "exports"],
];

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** As `outcome`, with the sentence. */
function sentence(bytes: Uint8Array): string {
  let said = "";
  assert.throws(() => virtualize(bytes, { deny: ["sockets"] }), (error) => {
    assert.ok(error instanceof ComponentError || error instanceof VirtualizeError, String(error));
    said = error.message;
    return true;
  });
  return said;
}

test("virtualize: a component that ends anywhere is refused or whole", async () => {
  const bytes = await wat(SEED);
  for (let length = 0; length < bytes.length; length++) {
    const result = outcome(bytes.slice(0, length), ["a:b/denied"]);
    // Behind its last section a component may end.
    if (result instanceof Uint8Array) assert.ok(await isValid(bytes.slice(0, length)), `${length} bytes`);
  }
  const guest = await componentBytes("traveller");
  fc.assert(
    fc.property(fc.nat({ max: guest.length - 1 }), (length) => void outcome(guest.slice(0, length))),
    { numRuns: Math.ceil(RUNS / 30) },
  );
});

for (const [section, name] of LISTS) {
  test(`virtualize: four thousand million ${name} are refused where they are announced`, () => {
    const count = [0xff, 0xff, 0xff, 0xff, 0x0f];
    const said = sentence(Uint8Array.from([...PREAMBLE, section, count.length, ...count]));
    assert.match(said, new RegExp(`4294967295 ${name} are announced at byte 10, expected at most 0`));
    const cut = sentence(Uint8Array.from([...PREAMBLE, section, ...count]));
    assert.match(cut, /a section is cut off at byte \d+, expected 4294967295 bytes/);
  });
}

test("virtualize: components and types within each other, deeper than anybody needs", () => {
  let component = Uint8Array.from(PREAMBLE);
  for (let depth = 0; depth < 3_000; depth++) {
    component = Uint8Array.from([...PREAMBLE, 4, ...leb(component.length), ...component]);
  }
  assert.match(sentence(component), /too many levels of nested components/);
  // Instance types with one type in each.
  const levels = Array.from({ length: 100_000 }, () => [0x42, 1, 1]).flat();
  const types = [1, ...levels, 0x42, 0];
  const nested = [...PREAMBLE, 7, ...leb(types.length)];
  assert.match(sentence(Uint8Array.from([...nested, ...types])), /too many levels of nested types/);
});

/** A component that imports an empty instance under this name. */
function importing(name: string): Uint8Array {
  const text = [...new TextEncoder().encode(name)];
  const item = [1, 0, ...leb(text.length), ...text, 5, 0];
  return Uint8Array.from([...PREAMBLE, 7, 3, 1, 0x42, 0, 10, ...leb(item.length), ...item]);
}

test("virtualize: a name with anything but a name's characters is refused, and short in its sentence", () => {
  assert.ok(outcome(importing("wasi:sockets/tcp@0.2.0"), ["sockets"]) instanceof Uint8Array);
  const names = [
    "",
    "a\u001b[2Jb",
    "wasi:sockets/tcp@0.2.0\u0007",
    "\u202ewasi:sockets/tcp",
    "a\nb",
    "x".repeat(100_000),
  ];
  for (const name of names) {
    const said = sentence(importing(name));
    assert.match(said, /an import or export is called /);
    assert.ok(said.length < 500, `${said.length}`);
  }
  const wild = fc.string({ maxLength: 20 }).filter((name) => !/^[a-z0-9:/@.-]*$/i.test(name));
  fc.assert(fc.property(wild, (name) => void sentence(importing(`wasi:sockets/${name}`))), { numRuns: 200 });
});
