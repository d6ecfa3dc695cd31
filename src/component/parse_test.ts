/** The binary format: what is read out of it, and the refusals, each with its reason and an offset in the file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse as wat } from "@bytecodealliance/jco";
import { ComponentError, type ComponentErrorReason } from "./errors.ts";
import { COMPONENT_NESTING_MAX, parseComponent } from "./parse.ts";
import { TYPE_NESTING_MAX } from "./parse_declarations.ts";

const PREAMBLE: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

function section(id: number, ...body: readonly number[]): number[] {
  return [id, ...leb(body.length), ...body];
}

function component(...sections: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array([...PREAMBLE, ...sections.flat()]);
}

function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
}

function refusal(bytes: Uint8Array): ComponentError {
  try {
    parseComponent(bytes);
  } catch (error) {
    assert.ok(error instanceof ComponentError, String(error));
    assert.ok(error.offset >= 0 && error.offset <= bytes.length, `offset ${error.offset}`);
    return error;
  }
  assert.fail("nothing was refused");
}

test("parseComponent keeps definitions in order with absolute offsets", async () => {
  const bytes = await wat(`(component
    (import "a:b/c@1.2.3" (instance $i (export "f" (func (param "x" u32) (result string)))))
    (component (type (record (field "n" (list u8)))))
    (core module))`);
  const { definitions, start, end } = parseComponent(bytes);
  assert.deepEqual([start, end], [0, bytes.length]);
  assert.deepEqual(definitions.map((item) => item.kind), ["type", "import", "component", "core module"]);
  const [type, imported, nested, module] = definitions;
  assert.ok(type?.kind === "type" && type.type.kind === "instance type");
  assert.equal(bytes[type.offset], 0x42);
  assert.ok(imported?.kind === "import");
  assert.equal(imported.name.fullName, "a:b/c@1.2.3");
  assert.deepEqual({ ...imported.description, offset: 0 }, { kind: "instance", type: 0, offset: 0 });
  assert.ok(nested?.kind === "component");
  const [list, record] = nested.component.definitions;
  assert.ok(list?.kind === "type" && record?.kind === "type");
  assert.equal(bytes[list.offset], 0x70, "the offset inside a nested component counts from the file's start");
  assert.deepEqual(record.type, { kind: "record", fields: [{ name: "n", type: 0 }] });
  assert.ok(module?.kind === "core module");
  assert.deepEqual([...bytes.subarray(module.start, module.start + 8)], [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
});

test("parseComponent reads the three forms of names", () => {
  const named = (...name: readonly number[]): Uint8Array =>
    component(section(7, 1, 0x42, 0), section(10, 1, ...name, 0x05, 0x00));
  for (const form of [0x00, 0x01]) {
    const [, item] = parseComponent(named(form, ...text("a:b/c@0.2.9"))).definitions;
    assert.equal(item?.kind === "import" && item.name.fullName, "a:b/c@0.2.9");
  }
  const [, item] = parseComponent(
    named(0x02, ...text("a:b/c@0.2"), 2, 0x01, ...text(".9"), 0x02, ...text("anything")),
  ).definitions;
  assert.ok(item?.kind === "import");
  assert.equal(item.name.name, "a:b/c@0.2");
  assert.equal(item.name.fullName, "a:b/c@0.2.9");
});

test("parseComponent passes over custom sections", () => {
  assert.deepEqual(parseComponent(component(section(0, ...text("name"), 1, 2, 3))).definitions, []);
});

const M = "malformed";
const U = "unsupported";

type Row = readonly [name: string, bytes: Uint8Array, reason: ComponentErrorReason, message: RegExp, offset?: number];

const valueType = (...bytes: readonly number[]): Uint8Array => component(section(7, 1, ...bytes));
const ascii = (value: string): Uint8Array => new TextEncoder().encode(value);

const FILES: readonly Row[] = [
  ["an empty file", new Uint8Array(), M, /cut off/, 0],
  ["half a preamble", new Uint8Array(PREAMBLE.slice(0, 5)), M, /cut off/],
  ["another file", ascii("#!/bin/sh"), M, /not WebAssembly/, 0],
  [
    "a core module",
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    M,
    /core module, expected a component; make one of it with `jco new` or `wasm-tools component new`/,
  ],
  ["a text file", ascii("\n  (component)"), M, /text file.*`wasm-tools parse`/],
  ["a text file with a comment", ascii(";; x\n(component)"), M, /text file/],
  [
    "an older version",
    new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0a, 0, 1, 0]),
    U,
    /version 0x0a of the component binary format/,
    4,
  ],
  ["an unknown layer", new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 2, 0]), M, /layer 2/],
];

const SECTIONS: readonly Row[] = [
  ["an unknown section", component([99, 0]), M, /id 99/, 8],
  ["a section past the end", component([7, 5, 0]), M, /section is cut off/],
  ["a section's size cut off", component([7, 0x80]), M, /size is cut off/],
  ["bytes after a section", component(section(7, 0, 0)), M, /1 bytes follow/],
  ["a custom section without name", component(section(0)), M, /name is cut off/],
  ["a custom section's bad name", component(section(0, 1, 0xff)), M, /UTF-8/],
  ["a huge vector", component(section(7, 0xff, 0xff, 0xff, 0xff, 0x0f)), M, /4294967295 types are announced/],
  ["a start section", component(section(9, 0, 0, 0)), U, /start section/],
  ["values", component(section(12, 0)), U, /component values/],
  ["a value import", component(section(10, 1, 0, ...text("a"), 2, 1, 0x7f)), U, /component values/],
  ["a value alias", component(section(6, 1, 2, 0, 0, ...text("a"))), U, /component values/],
  ["an unknown sort", component(section(6, 1, 9, 0, 0)), M, /0x09 stands for a sort/],
  ["an unknown core sort", component(section(6, 1, 0, 9, 0)), M, /0x09 stands for a core sort/],
  ["an unknown alias target", component(section(6, 1, 3, 3)), M, /alias target/],
  ["a core instance as an export", component(section(11, 1, 0, ...text("a"), 0, 0x12, 0, 0)), M, /sort core instance/],
  [
    "a function as a core argument",
    component(section(2, 1, 0, 0, 1, ...text("a"), 0, 0)),
    M,
    /the sort 0x00 at byte 14, expected 0x12/,
  ],
  ["an unknown canon", component(section(8, 1, 0xff, 0)), M, /0xff stands for a canonical definition/],
];

const TYPES: readonly Row[] = [
  ["an empty record", valueType(0x72, 0), M, /no fields/],
  ["an empty variant", valueType(0x71, 0), M, /no cases/],
  ["an empty tuple", valueType(0x6f, 0), M, /no elements/],
  ["an empty flags", valueType(0x6e, 0), M, /no flags/],
  ["an empty enum", valueType(0x6d, 0), M, /no cases/],
  [
    "two fields of one name",
    valueType(0x72, 2, ...text("a-b"), 0x7f, ...text("A-B"), 0x7f),
    M,
    /two fields are called "A-B"/,
  ],
  ["two parameters of one name", valueType(0x40, 2, ...text("a"), 0x7f, ...text("a"), 0x7f, 1, 0), M, /two parameters/],
  ["a label with code in it", valueType(0x6d, 1, ...text("a:evil(),b")), M, /"a:evil\(\),b"/],
  ["an empty label", valueType(0x6d, 1, 0), M, /kebab-case/],
  ["a case that refines", valueType(0x71, 1, ...text("a"), 0, 1, 0), M, /a case ends with 0x01/],
  ["an unknown option byte", valueType(0x6a, 2), M, /0x02 says whether/],
  ["a union", valueType(0x6c, 0), M, /0x6c stands for a type/],
  [
    "33 flags",
    valueType(0x6e, 33, ...Array.from({ length: 33 }, (_, i) => text(`f${i}`)).flat()),
    U,
    /flags types of more than 32 labels/,
  ],
  ["a fixed-length list", valueType(0x67, 0x7f, 4), U, /fixed-length lists/],
  ["a map", valueType(0x63, 0x73, 0x7f), U, /map types/],
  ["a stream", valueType(0x66, 0), U, /component-model async: stream/],
  ["a future", valueType(0x65, 0), U, /component-model async: future/],
  ["an error-context", valueType(0x64), U, /component-model async: error-context/],
  ["a list of error-context", valueType(0x70, 0x64), U, /error-context/],
  ["an async function", valueType(0x43, 0, 1, 0), U, /async function types/],
  ["an async destructor", valueType(0x3e, 0x7f, 0, 0), U, /destructors/],
  ["a 64-bit resource", valueType(0x3f, 0x7e, 0), U, /i64/],
  ["named results", valueType(0x40, 0, 1, 1, ...text("a"), 0x7f), U, /named results/],
  ["an import in an instance type", valueType(0x42, 1, 3, 0, ...text("a"), 1, 0), M, /declares an import/],
  ["a function alias in a type", valueType(0x42, 1, 2, 1, 0, 0, ...text("a")), M, /alias of another sort/],
  ["a GC type", component(section(3, 1, 0x5f, 0)), U, /garbage collection/],
  [
    "a shared memory",
    component(section(3, 1, 0x50, 1, 0, ...text("a"), ...text("b"), 2, 3, 1, 1)),
    U,
    /shared memories/,
  ],
];

const NAMES: readonly Row[] = [
  ["a name of an unknown form", component(section(10, 1, 3, ...text("a"), 1, 0)), M, /name's form/],
  ["no name at all", component(section(10, 1, 0, 0, 1, 0)), M, /is called ""/],
  [
    "a name with `implements`",
    component(section(10, 1, 2, ...text("a"), 1, 0, ...text("a:b/c"), 5, 0)),
    U,
    /implements/,
  ],
  [
    "an option twice",
    component(section(10, 1, 2, ...text("a:b/c@1"), 2, 1, ...text(".2.3"), 1, ...text(".2.3"), 5, 0)),
    M,
    /given twice/,
  ],
  [
    "a suffix that is no version",
    component(section(10, 1, 2, ...text("a:b/c@1"), 1, 1, ...text("x"), 5, 0)),
    M,
    /a:b\/c@1x/,
  ],
  [
    "a suffix in the wrong place",
    component(section(10, 1, 2, ...text("a:b/c@1.2"), 1, 1, ...text(".3"), 5, 0)),
    M,
    /version suffix/,
  ],
  ["a dependency name", component(section(10, 1, 0, ...text("unlocked-dep=<a:b>"), 4, 0)), U, /dependency name/],
];

const lift = (...options: readonly number[]): Uint8Array => component(section(8, 1, 0, 0, 0, ...options, 0));
const CANON: readonly Row[] = [
  ["two encodings", lift(2, 0, 1), M, /two string encodings/],
  ["two memories", lift(2, 3, 0, 3, 0), M, /0x03 is given twice/],
  ["an async lift", lift(1, 6), U, /component-model async: the option async/],
  ["a callback", lift(1, 7, 0), U, /the option callback/],
  ["the gc option", lift(1, 9), U, /garbage collection: the option gc/],
  ["an unknown option", lift(1, 0x20), M, /0x20 stands for a canonical option/],
  ["task.return", component(section(8, 1, 9, 1, 0, 0)), U, /task\.return/],
  ["stream.new", component(section(8, 1, 0x0e, 0)), U, /stream\.new/],
  ["error-context.new", component(section(8, 1, 0x1c, 0)), U, /error-context\.new/],
  ["waitable-set.wait", component(section(8, 1, 0x20, 0, 0)), U, /waitable-set\.wait/],
  ["backpressure.inc", component(section(8, 1, 0x24)), U, /backpressure\.inc/],
  ["thread.spawn-ref", component(section(8, 1, 0x40, 0)), U, /threads: thread\.spawn-ref/],
];

for (const [name, bytes, reason, message, offset] of [...FILES, ...SECTIONS, ...TYPES, ...NAMES, ...CANON]) {
  test(`parseComponent refuses ${name}`, () => {
    const error = refusal(bytes);
    assert.equal(error.reason, reason, error.message);
    assert.match(error.message, message);
    if (offset !== undefined) assert.equal(error.offset, offset);
  });
}

test("parseComponent bounds the nesting of components", () => {
  const nest = (levels: number): number[] =>
    levels === 0 ? [...PREAMBLE] : [...PREAMBLE, ...section(4, ...nest(levels - 1))];
  assert.equal(parseComponent(new Uint8Array(nest(COMPONENT_NESTING_MAX))).definitions.length, 1);
  const error = refusal(new Uint8Array(nest(COMPONENT_NESTING_MAX + 1)));
  assert.equal(error.reason, "limit");
  assert.match(error.message, /levels of nested components/);
});

test("parseComponent bounds the nesting of types", () => {
  const nest = (levels: number): number[] => [
    ...Array.from({ length: levels }, () => [0x42, 1, 1]).flat(),
    0x42,
    0,
  ];
  assert.equal(parseComponent(valueType(...nest(TYPE_NESTING_MAX - 1))).definitions.length, 1);
  const error = refusal(valueType(...nest(20_000)));
  assert.equal(error.reason, "limit");
  assert.match(error.message, /levels of nested types/);
});

test("parseComponent bounds what a file of one-byte definitions costs", () => {
  const count = 300_000;
  const body = new Uint8Array(count).fill(0x7f);
  const bytes = new Uint8Array([...PREAMBLE, 7, ...leb(count + 3), ...leb(count), ...body]);
  const error = refusal(bytes);
  assert.equal(error.reason, "limit");
  assert.match(error.message, /too many items/);
});

test("parseComponent refuses every truncation of a component, or reads a shorter one", async () => {
  const bytes = await wat(`(component
    (import "f" (func $f (param "a" string)))
    (core module $m (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
    (core instance $i (instantiate $m))
    (core func (canon lower (func $f) (memory (core memory $i "m")) (realloc (core func $i "r"))))
    (component (type (variant (case "x" u8) (case "y")))))`);
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = bytes.slice(0, length);
    try {
      parseComponent(cut);
    } catch (error) {
      assert.ok(error instanceof ComponentError, `${length}: ${String(error)}`);
      assert.ok(error.offset >= 0 && error.offset <= length);
    }
  }
});
