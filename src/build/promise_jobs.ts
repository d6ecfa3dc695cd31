/**
 * Lets a guest on QuickJS run its promise jobs (see `src/guest/engine/quickjs.ts` for why and when).
 *
 * The module `wit-dylib` of a component that componentize-qjs made has one adapter for each function that the guest
 * imports: it takes the arguments from JavaScript's stack, calls the import and puts the result back. It also has, for
 * hosts with async exports, the runtime's function that calls an export and then runs all promise jobs. So the adapter
 * of `wasi:clocks/monotonic-clock.resolution`, which nobody needs, gets another body: it makes that call.
 * Nothing moves: the new body is as long as the old one.
 */
import { Buffer } from "node:buffer";
import { leb, WasmReader } from "./wasm_reader.ts";

/** The import whose adapter is replaced: `() -> u64`. */
const REPLACED = /^wasi:clocks\/monotonic-clock@[\d.]+#resolution$/;
const START = "env#wit_dylib_export_start";
const CALL = "env#wit_dylib_export_async_call";
const PUSH = "env#wit_dylib_push_u64";

const MODULE_HEADER = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const IMPORT_SECTION = 2;
const CODE_SECTION = 10;
const NOP = 0x01;

/** Changes `component` in place. @throws when it is not of the shape that this version of the tool makes */
export function enablePromiseJobs(component: Buffer): void {
  const at = component.indexOf(Buffer.from(importName(CALL)));
  const start = component.lastIndexOf(MODULE_HEADER, at);
  if (at < 0 || start < 0) throw changed(`it has no import ${CALL}`);
  const sections = readSections(component, start + MODULE_HEADER.length);
  const functions = readImportedFunctions(sectionOf(sections, IMPORT_SECTION));
  const index = (name: string): number => {
    const found = functions.indexOf(name);
    if (found < 0) throw changed(`${name} is not imported`);
    return found;
  };
  const replaced = functions.findIndex((name) => REPLACED.test(name));
  if (replaced < 0) throw changed("the guest does not import wasi:clocks/monotonic-clock");
  const adapter = adapterOf(sectionOf(sections, CODE_SECTION), replaced, index(PUSH));
  const body = jobsBody({ start: index(START), call: index(CALL), push: index(PUSH) });
  if (body.length > adapter.length) throw changed(`the adapter has ${adapter.length} bytes, expected ${body.length}`);
  adapter.fill(NOP);
  Buffer.from(body.slice(0, -1)).copy(adapter);
  adapter[adapter.length - 1] = 0x0b;
}

/** `async_call(start(0), 0)`, and 0 for the u64. Parameter 0 is JavaScript's stack; export 0 is the guest's first. */
function jobsBody({ start, call, push }: Readonly<Record<"start" | "call" | "push", number>>): readonly number[] {
  const [none, i32Const, i64Const, localGet, callOp, drop, end] = [0x00, 0x41, 0x42, 0x20, 0x10, 0x1a, 0x0b];
  return [
    none,
    i32Const,
    0,
    callOp,
    ...leb(start),
    i32Const,
    0,
    callOp,
    ...leb(call),
    drop,
    localGet,
    0,
    i64Const,
    0,
    callOp,
    ...leb(push),
    end,
  ];
}

/** The one function body that calls the import and pushes what it gave. */
function adapterOf(code: Buffer, replaced: number, push: number): Buffer {
  const reader = new WasmReader(code);
  const needles = [Buffer.from([0x10, ...leb(replaced)]), Buffer.from([0x10, ...leb(push)])];
  const found: Buffer[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const body = reader.bytes(reader.u32());
    if (needles.every((needle) => body.includes(needle))) found.push(body);
  }
  const [adapter] = found;
  if (found.length !== 1 || adapter === undefined) {
    throw changed(`${found.length} functions call the import, expected 1`);
  }
  return adapter;
}

/** Sections of the module that begins behind its header at `start`, up to its code. */
function readSections(bytes: Buffer, start: number): ReadonlyMap<number, Buffer> {
  const reader = new WasmReader(bytes.subarray(start));
  const sections = new Map<number, Buffer>();
  while (!sections.has(CODE_SECTION)) {
    const id = reader.u8();
    const content = reader.bytes(reader.u32());
    if (id !== 0) sections.set(id, content);
  }
  return sections;
}

function sectionOf(sections: ReadonlyMap<number, Buffer>, id: number): Buffer {
  const section = sections.get(id);
  if (section === undefined) throw changed(`the module has no section ${id}`);
  return section;
}

/** Names of the imported functions by their index. */
function readImportedFunctions(section: Buffer): readonly string[] {
  const reader = new WasmReader(section);
  const functions: string[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const name = `${reader.name()}#${reader.name()}`;
    const kind = reader.u8();
    if (kind === 0) {
      reader.u32();
      functions.push(name);
    } else if (kind === 1) {
      reader.u8();
      reader.limits();
    } else if (kind === 2) reader.limits();
    else reader.bytes(2);
  }
  return functions;
}

function importName(name: string): readonly number[] {
  return name.split("#").flatMap((part) => [part.length, ...Buffer.from(part)]);
}

function changed(what: string): Error {
  return new Error(
    `Cannot let the guest run promise jobs: ${what}. componentize-qjs makes other components than it did`,
  );
}
