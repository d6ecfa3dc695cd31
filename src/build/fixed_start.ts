/**
 * Makes what a guest on QuickJS draws from the host while it is built the same in every build. The tool runs the engine to save
 * its memory, and gives it the machine's clocks and random numbers: the seeds of its hash tables and generators,
 * and with them the order of what is in memory, would differ each time.
 *
 * The runtime imports three functions for that. Their calls go to functions that give nothing but zeros until `init`,
 * which the tool calls once before it saves the memory, has returned; from then on they call the import. No instance ever
 * sees the zeros: a global says that `init` is over, and it is saved with the memory.
 */
import { Buffer } from "node:buffer";
import { redirectCalls } from "./redirect_calls.ts";
import { leb, WASM_HEADER_BYTES, WasmReader } from "./wasm_reader.ts";

/** What the runtime draws; `bytes`: how many its result has where the first parameter points, none for a result by value. */
const DRAWN: readonly { readonly name: RegExp; readonly bytes: number }[] = [
  { name: /^wasi:random\/insecure-seed@[\d.]+#insecure-seed$/, bytes: 16 },
  { name: /^wasi:clocks\/wall-clock@[\d.]+#now$/, bytes: 16 },
  { name: /^wasi:clocks\/monotonic-clock@[\d.]+#now$/, bytes: 0 },
];
const INIT = "init";

const Section = { TYPE: 1, IMPORT: 2, FUNCTION: 3, GLOBAL: 6, EXPORT: 7, CODE: 10 } as const;
const Kind = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 } as const;
const I32 = 0x7f;
const [IF, ELSE, END, CALL] = [0x04, 0x05, 0x0b, 0x10];
const [EMPTY, I64] = [0x40, 0x7e];
const [LOCAL_GET, GLOBAL_GET, GLOBAL_SET] = [0x20, 0x23, 0x24];
const [I64_STORE, I32_CONST, I64_CONST] = [0x37, 0x41, 0x42];
const WORD_BYTES = 8;

/** The runtime, changed as above. @throws {Error} when it is not of the shape that this version of the tool has */
export function fixStart(runtime: Buffer): Buffer {
  const sections = readSections(runtime);
  const content = (id: number): Buffer => {
    const found = sections.find((section) => section.id === id)?.content;
    if (found === undefined) throw changed(`it has no section ${id}`);
    return found;
  };
  const imports = readImports(content(Section.IMPORT));
  const types = itemsOf(content(Section.FUNCTION), (reader) => reader.u32());
  const bodies = itemsOf(content(Section.CODE), (reader) => reader.bytes(reader.u32()));
  const exports = itemsOf(content(Section.EXPORT), readExport);
  const globals = new WasmReader(content(Section.GLOBAL));
  const isBuilt = imports.globals + globals.u32();
  const added: { readonly type: number; readonly body: readonly number[] }[] = [];
  const add = (type: number, body: readonly number[]): number =>
    imports.functions.length + types.length + added.push({ type, body }) - 1;

  const targets = new Map<number, number>();
  for (const { name, bytes } of DRAWN) {
    const index = imports.functions.findIndex((each) => name.test(each.name));
    const type = imports.functions[index]?.type;
    if (type === undefined) throw changed(`it does not import ${name.source}`);
    targets.set(index, add(type, drawBody({ index, bytes, isBuilt })));
  }
  const init = exports.find(({ name, kind }) => name === INIT && kind === Kind.FUNCTION);
  const type = init === undefined ? undefined : types[init.index - imports.functions.length];
  if (init === undefined || type === undefined) throw changed(`it does not export ${INIT}`);
  const parameters = parametersOf(content(Section.TYPE), type);
  const wrapped = add(type, initBody({ index: init.index, parameters, isBuilt }));

  const calling = bodies.map((body) => redirectCalls(body, targets) ?? body);
  const changes = new Map<number, readonly Uint8Array[]>([
    [Section.FUNCTION, [...types, ...added.map((each) => each.type)].map(number)],
    [Section.CODE, [...calling, ...added.map(({ body }) => Buffer.from(body))].map(sized)],
    [Section.EXPORT, exports.map((each) => exportBytes(each === init ? { ...each, index: wrapped } : each))],
  ]);
  const own = Buffer.concat([globals.rest(), Buffer.from([I32, 1, I32_CONST, 0, END])]);
  return Buffer.concat([
    runtime.subarray(0, WASM_HEADER_BYTES),
    ...sections.flatMap((section) => {
      const items = changes.get(section.id);
      const bytes = items !== undefined
        ? Buffer.concat([number(items.length), ...items])
        : section.id === Section.GLOBAL
        ? Buffer.concat([number(isBuilt - imports.globals + 1), own])
        : section.content;
      return [Uint8Array.of(section.id), sized(bytes)];
    }),
  ]);
}

/** If `isBuilt`, what the imported function gives; zeros before. */
function drawBody(
  { index, bytes, isBuilt }: { readonly index: number; readonly bytes: number; readonly isBuilt: number },
): readonly number[] {
  const byValue = bytes === 0;
  const zeros: number[] = byValue ? [I64_CONST, 0] : [];
  for (let at = 0; at < bytes; at += WORD_BYTES) zeros.push(LOCAL_GET, 0, I64_CONST, 0, I64_STORE, 3, at);
  const call = [...byValue ? [] : [LOCAL_GET, 0], CALL, ...leb(index)];
  return [0, GLOBAL_GET, ...leb(isBuilt), IF, byValue ? I64 : EMPTY, ...call, ELSE, ...zeros, END, END];
}

/** What `init` gives, and `isBuilt` is set. */
function initBody(
  { index, parameters, isBuilt }: { readonly index: number; readonly parameters: number; readonly isBuilt: number },
): readonly number[] {
  const given = Array.from({ length: parameters }, (_, place) => [LOCAL_GET, ...leb(place)]).flat();
  return [0, ...given, CALL, ...leb(index), I32_CONST, 1, GLOBAL_SET, ...leb(isBuilt), END];
}

/** Of a module. */
interface SectionBytes {
  readonly id: number;
  readonly content: Buffer;
}

function readSections(module: Buffer): readonly SectionBytes[] {
  const reader = new WasmReader(module);
  reader.bytes(WASM_HEADER_BYTES);
  const sections: SectionBytes[] = [];
  while (!reader.isAtEnd()) {
    const id = reader.u8();
    sections.push({ id, content: reader.bytes(reader.u32()) });
  }
  return sections;
}

function itemsOf<Item>(section: Buffer, read: (reader: WasmReader) => Item): readonly Item[] {
  const reader = new WasmReader(section);
  return Array.from({ length: reader.u32() }, () => read(reader));
}

/** What is imported: functions by their index, and how many globals. */
interface Imports {
  readonly functions: readonly { readonly name: string; readonly type: number }[];
  readonly globals: number;
}

function readImports(section: Buffer): Imports {
  const functions: { readonly name: string; readonly type: number }[] = [];
  let globals = 0;
  itemsOf(section, (reader) => {
    const name = `${reader.name()}#${reader.name()}`;
    const kind = reader.u8();
    if (kind === Kind.FUNCTION) functions.push({ name, type: reader.u32() });
    else if (kind === Kind.TABLE || kind === Kind.MEMORY) {
      if (kind === Kind.TABLE) reader.u8();
      reader.limits();
    } else if (kind === Kind.GLOBAL) {
      reader.bytes(2);
      globals += 1;
    } else throw changed(`it imports something of kind ${kind}`);
  });
  return { functions, globals };
}

interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

function readExport(reader: WasmReader): Export {
  return { name: reader.name(), kind: reader.u8(), index: reader.u32() };
}

function exportBytes({ name, kind, index }: Export): Buffer {
  return Buffer.concat([sized(Buffer.from(name)), Uint8Array.of(kind), number(index)]);
}

/** How many parameters a type of function has. */
function parametersOf(section: Buffer, type: number): number {
  const counts = itemsOf(section, (reader) => {
    if (reader.u8() !== 0x60) throw changed("it has other types than functions");
    const parameters = reader.bytes(reader.u32()).length;
    reader.bytes(reader.u32());
    return parameters;
  });
  return counts[type] ?? 0;
}

function number(value: number): Uint8Array {
  return Uint8Array.from(leb(value));
}

function sized(bytes: Uint8Array): Buffer {
  return Buffer.concat([number(bytes.length), bytes]);
}

function changed(what: string): Error {
  return new Error(`Cannot make builds the same: ${what}. componentize-qjs has another runtime than it had`);
}
