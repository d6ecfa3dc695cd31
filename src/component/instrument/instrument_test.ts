/** What goes in comes out: sections, names, state; hostile modules; every core module of the guests. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import { guestBytes, hasGuests } from "../../../test/support/guests.ts";
import { coreBytes, exported, instantiateRewritten, scriptedHost } from "../../../test/support/instrumented.ts";
import { ComponentError } from "../errors.ts";
import { planComponent } from "../link.ts";
import { Additions } from "./additions.ts";
import { CodeScan } from "./code_scan.ts";
import { CodeScanner } from "./code_scanner.ts";
import { FunctionMap } from "./function_map.ts";
import { instrumentModule } from "./instrument.ts";
import { IntList } from "./int_list.ts";
import { type ModuleShape, Section } from "./module_shape.ts";
import { readModuleShape } from "./module_reader.ts";
import { writeModule } from "./module_writer.ts";
import { allSteps } from "./steps.ts";

const GUESTS = [
  "sample_service_leet",
  "sample_http_api",
  "c_cli",
  "go_cli",
  "python_handler",
  "rust_http_api",
  "rust_service_leet",
  "rust_std_cli",
  "starling_handler",
];

/** Decodes every instruction, then writes the module with no edit at all. */
function rewriteUnchanged(shape: ModuleShape): Uint8Array {
  const found = new CodeScan();
  const code = shape.sections.get(Section.CODE);
  if (code !== undefined) allSteps(new CodeScanner(shape, found, { tracksWrites: true }).scanAll(code));
  const scan = new CodeScan();
  for (const list of ["bodyStart", "codeStart", "bodyEnd", "localCount"] as const) {
    for (let index = 0; index < found[list].length; index += 1) scan[list].push(found[list].at(index));
  }
  for (let index = 0; index < found.functionCount; index += 1) {
    scan.functionFirstEdit.push(0);
    scan.functionFirstReturn.push(0);
  }
  const own = found.functionCount;
  const map = new FunctionMap({ imported: shape.importedFunctions, own, added: 0 });
  const unused = (): never => assert.fail("nothing is added");
  return allSteps(writeModule({
    shape,
    additions: new Additions({ importModule: "", firstType: 0, firstFunction: 0 }),
    code: {
      bytes: shape.bytes,
      scan,
      costs: {
        stretches: new Int32Array(),
        isCharged: new Uint8Array(own),
        charges: new Uint8Array(own),
        isQuiet: new Uint8Array(),
        isPeeled: new Uint8Array(),
        returns: new Int32Array(),
      },
      results: () => [],
      map,
      indices: {
        fuel: 0,
        changed: 0,
        exhausted: 0,
        refill: 0,
        import: unused,
        helper: unused,
        map: unused,
        is64: unused,
      },
    },
  }));
}

function expectSameSections(before: ModuleShape, after: ModuleShape): void {
  for (const [id, { start, end }] of before.sections) {
    if (id === Section.START) continue;
    const written = after.sections.get(id);
    assert.ok(written !== undefined, `section ${id}`);
    const [old, now] = [before.bytes.subarray(start, end), after.bytes.subarray(written.start, written.end)];
    assert.equal(Buffer.compare(old, now), 0, `section ${id}`);
  }
  assert.equal(after.sections.size, before.sections.size - (before.sections.has(Section.START) ? 1 : 0));
}

for (const name of GUESTS) {
  test(
    `decode and write is the identity, and rewritten modules are valid: ${name}`,
    { skip: !hasGuests(name) },
    async () => {
      const bytes = await guestBytes(name);
      for (const { start, end } of planComponent(bytes).modules) {
        const shape = readModuleShape(bytes, start, end);
        const same = rewriteUnchanged(shape);
        expectSameSections(shape, readModuleShape(same, 0, same.length));
        for (const tracksWrites of [false, true]) {
          assert.ok(WebAssembly.validate(instrumentModule(bytes, { tracksWrites, start, end }).bytes));
        }
      }
    },
  );
}

const EVERYTHING = `(type $i (func (param i32) (result i32))) (import "env" "add" (func $add (type $i)))
  (tag $e (param i32)) (memory $m (export "memory") 2) (table $t (export "t") 4 funcref)
  (table $u funcref (elem $one $two $three))
  (global $g (mut i32) (i32.const 4)) (global $v (mut v128) (v128.const i64x2 1 2)) (global $r (mut funcref) (ref.func $two))
  (elem (table $t) (i32.const 0) func $three $two $one $add) (elem $p func $one) (elem $x funcref (ref.func $two) (ref.null func))
  (elem declare func $four)
  (data (i32.const 0) "hello") (data $d "there")
  (func $one (export "one") (type $i) (i32.add (call $two (local.get 0)) (i32.const 1)))
  (func $two (type $i) (global.set $g (local.get 0)) (i32.mul (call $add (local.get 0)) (i32.const 2)))
  (func $three (export "three") (type $i) (global.set $v (i64x2.splat (i64.const 7)))
    (call_indirect $u (type $i) (local.get 0) (i32.const 1)))
  (func $four (export "four") (type $i) (return_call $one (local.get 0)))
  (func (export "five") (result i32) (table.set $t (i32.const 0) (ref.func $four)) (memory.grow (i32.const 1)))
  (func (export "six") (result funcref) (global.get $r))
  (func (export "loop") (param i32) (loop (i32.store offset=300 (local.get 0) (i32.const 1))
    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`;

test("functions that made room for imports are found under their new indices everywhere", async () => {
  const bytes = await coreBytes(EVERYTHING);
  const imports = { env: { add: (value: number) => value + 10 } };
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  const { instance } = instantiateRewritten(bytes, { imports, tracksWrites: true });
  for (const name of ["one", "three", "four"]) {
    assert.equal(exported(instance, name)(5), exported(plain, name)(5), name);
  }
  for (const each of [plain, instance]) {
    assert.equal(exported(each, "five")(), 2);
    const table = each.exports["t"] as WebAssembly.Table;
    const results = [0, 1, 2, 3].map((at) => (table.get(at) as (value: number) => number)(1));
    assert.deepEqual(results, [23, 22, 23, 11]);
    assert.equal((exported(each, "six")() as (value: number) => number)(1), 22);
  }
});

test("names of functions stay with them", async () => {
  const bytes = await coreBytes(`(func $first (export "first") unreachable) (func $second (export "second") unreachable)
    (func $third) (func $fourth (export "fourth") (call $third) unreachable)`);
  const { instance } = instantiateRewritten(bytes);
  for (const name of ["first", "second", "fourth"]) {
    assert.throws(
      () => exported(instance, name)(),
      (error) => error instanceof Error && (error.stack ?? "").includes(name),
    );
  }
});

test("the state of an instance can be read and put back", async () => {
  const bytes = await coreBytes(EVERYTHING);
  const { instance, module, added } = instantiateRewritten(bytes, { imports: { env: { add: (n: number) => n } } });
  assert.deepEqual(module.savedGlobals, [
    { kind: "value", export: "global:0" },
    { kind: "v128", export: "global:1" },
    { kind: "value", export: "global:2" },
  ]);
  const vector = (): unknown => [added("global:1:get0"), added("global:1:get1")].map((get) => (get as () => bigint)());
  assert.deepEqual(vector(), [1n, 2n]);
  exported(instance, "three")(5);
  assert.deepEqual(vector(), [7n, 7n]);
  (added("global:1:set") as (low: bigint, high: bigint) => void)(1n, 2n);
  assert.deepEqual(vector(), [1n, 2n]);
  assert.equal((added("global:0") as WebAssembly.Global).value, 5);
  assert.ok(added("memory:0") instanceof WebAssembly.Memory);
  assert.ok(added("table:0") instanceof WebAssembly.Table && added("table:1") instanceof WebAssembly.Table);
  assert.equal((added("changed") as WebAssembly.Global).value, 0);
  exported(instance, "five")();
  assert.equal((added("changed") as WebAssembly.Global).value, 1);
});

test("globals that JavaScript cannot read are named so", async () => {
  const bytes = await coreBytes(`(global (mut exnref) (ref.null exn)) (global (mut externref) (ref.null extern))
    (global (mut (ref func)) (ref.func $f)) (elem declare func $f) (func $f)`);
  const { module } = instantiateRewritten(bytes);
  assert.deepEqual(module.savedGlobals.map(({ kind }) => kind), ["unreadable", "value", "value"]);
});

test("table.grow asks first", async () => {
  const bytes = await coreBytes(`(table 3 funcref) (table $t 5 funcref)
    (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))`);
  const asked: unknown[] = [];
  const host = scriptedHost({ growTable: (...args) => asked.push(args) === 1 ? 1 : 0 });
  const { instance, added } = instantiateRewritten(bytes, { host });
  assert.equal(exported(instance, "grow")(2), 5);
  assert.equal(exported(instance, "grow")(2), -1);
  assert.deepEqual(asked, [[1, 5n, 2n], [1, 7n, 2n]]);
  assert.equal((added("table:1") as WebAssembly.Table).length, 7);
});

test("added names collide with none of the module's own", async () => {
  const bytes = await coreBytes(`(import "loopgate" "tick" (func)) (import "_loopgate" "x" (func))
    (func (export "loopgate:fuel") (call 0))`);
  const module = instrumentModule(bytes, { tracksWrites: false });
  assert.equal(module.importModule, "__loopgate");
  assert.equal(module.exportPrefix, "_loopgate:");
});

test("a guest cannot name what is added", async () => {
  const bytes = await coreBytes(`(global (mut i32) (i32.const 0)) (memory 1) (table 1 funcref)
    (func (export "run") (param i32) (global.set 0 (i32.const 77)) (i32.store8 0 (i32.const 0) (i32.const 0)) (loop (br_if 0 (local.get 0))))`);
  const at = bytes.findIndex((byte, index) => byte === 0x24 && bytes[index + 1] === 0 && bytes[index - 1] === 0x00);
  const place = at < 0 ? bytes.lastIndexOf(0x24) : at;
  for (let index = 1; index < 8; index += 1) {
    const changed = bytes.slice();
    changed[place + 1] = index;
    assert.throws(() => instrumentModule(changed, { tracksWrites: true }), ComponentError);
  }
});

const REFUSED: Readonly<Record<string, [text: string, message: RegExp]>> = {
  "gc types": [`(type (struct (field i32)))`, /garbage collection/],
  "gc instructions": [`(func (drop (ref.i31 (i32.const 1))))`, /garbage collection/],
  "shared memories": [`(memory 1 1 shared)`, /shared memories/],
  "atomic waits": [
    `(memory 1) (func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))`,
    /memory\.atomic\.wait/,
  ],
};
for (const [what, [text, message]] of Object.entries(REFUSED)) {
  test(`instrumentModule refuses ${what} by name`, async () => {
    const bytes = await coreBytes(text);
    assert.throws(
      () => instrumentModule(bytes, { tracksWrites: false }),
      (error) => error instanceof ComponentError && error.reason === "unsupported" && message.test(error.message),
    );
  });
}

test("a function that is too long only with its fuel is refused", async () => {
  const bytes = await coreBytes(`(func ${"(loop)".repeat(400_000)})`);
  assert.ok(WebAssembly.validate(bytes));
  assert.ok(WebAssembly.validate(instrumentModule(bytes, { tracksWrites: false }).bytes));
  const tooLong = await coreBytes(`(func ${"(loop nop)".repeat(400_000)})`);
  assert.ok(WebAssembly.validate(tooLong));
  assert.throws(() => instrumentModule(tooLong, { tracksWrites: false }), /longer than 7654321 bytes with its fuel/);
});

test("mutated modules: a ComponentError, or as valid as before", async () => {
  const sources = await Promise.all([
    EVERYTHING,
    `(memory i64 1) (func (export "f") (param i64) (loop
    (v128.store (local.get 0) (v128.const i64x2 1 1)) (br_if 0 (i64.eqz (local.get 0)))) (memory.fill (local.get 0) (i32.const 1) (i64.const 3)))`,
  ].map((text) => coreBytes(text)));
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      fc.array(
        fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.integer({ min: -2, max: 2 }) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      fc.boolean(),
      (source, mutations, tracksWrites) => {
        let bytes: Uint8Array<ArrayBuffer> = source.slice();
        for (const { at, byte, cut } of mutations) {
          const place = 8 + at % (bytes.length - 8);
          bytes[place] = byte;
          if (cut !== 0 && byte % 8 === 0) {
            bytes = Uint8Array.from([...bytes.subarray(0, place), ...bytes.subarray(place + cut)]);
          }
        }
        const isValid = WebAssembly.validate(bytes);
        try {
          const written = instrumentModule(bytes, { tracksWrites }).bytes;
          if (isValid) assert.ok(WebAssembly.validate(written), "it was valid");
        } catch (error) {
          assert.ok(
            error instanceof ComponentError,
            error instanceof Error ? error.stack ?? error.message : String(error),
          );
          assert.ok(error.offset >= 0 && error.offset <= bytes.length);
          if (isValid) assert.equal(error.reason, "unsupported", error.message);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("IntList keeps what is pushed", () => {
  const list = new IntList();
  for (let index = 0; index < 1000; index += 1) list.push(-index);
  assert.deepEqual([list.length, list.at(999), list.at(1000)], [1000, -999, 0]);
});
