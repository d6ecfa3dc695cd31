/**
 * The core module of a stub: a memory with the answers, a `realloc` for parameters, and for each function a body that lets
 * go of the handles it was given and returns its answer.
 */
import { alignTo, type CoreType, layoutOf, signatureOf } from "../component/abi_layout.ts";
import { ByteWriter } from "../component/instrument/byte_writer.ts";
import type { FuncType, ResourceType, ValueType } from "../component/types.ts";
import type { Answer } from "./answers.ts";
import { addOnce, collectHandles, type HandleImports, letGo } from "./let_go.ts";
import { StaticMemory } from "./static_memory.ts";
import { NEXT_GLOBAL, randomBody, randomBytesBody, reallocBody, signed64 } from "./stub_functions.ts";

/** One function of the module. */
export interface CoreStubFunction {
  readonly type: FuncType;
  readonly answer: Answer;
}

/** A core module, and what it imports. Functions are exported under their number, with "memory" and "realloc". */
export interface CoreStub {
  readonly module: ByteWriter;
  readonly handles: HandleImports;
}

const CORE_TYPES: Readonly<Record<CoreType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const PAGE_BYTES = 65_536;
/** Functions of the module before those of the interface: realloc, and the generator of random numbers. */
const OWN_FUNCTIONS = 2;
/** Types of functions before those of the interface. */
const OWN_TYPES = 5;

/** Numbers that are fixed for the whole module. */
interface Places {
  readonly memory: StaticMemory;
  /** Where parameters begin; what lies before are the answers. */
  heapStart: number;
  readonly handles: { readonly made: ResourceType[]; readonly dropped: ResourceType[] };
  readonly isOwn: CoreStubOptions["isOwn"];
}

/** What a stub is. */
export interface CoreStubOptions {
  /** Whether a resource is the stub's own. */
  readonly isOwn: (resource: ResourceType) => boolean;
  /** Of the generator, where an answer is random. */
  readonly seed: bigint;
}

/** Encodes the module of one interface. */
export function encodeCoreStub(functions: readonly CoreStubFunction[], { isOwn, seed }: CoreStubOptions): CoreStub {
  const handles: Places["handles"] = { made: [], dropped: [] };
  for (const { type, answer } of functions) {
    if (answer.kind === "handle") addOnce(handles.made, answer.resource);
    if (answer.kind !== "trap") { for (const param of type.params) collectHandles(param.type, handles.dropped, isOwn); }
  }
  const places: Places = { memory: new StaticMemory(), heapStart: 0, handles, isOwn };
  const results = functions.map(({ type, answer }) => placeAnswer(places.memory, type, answer));
  places.heapStart = alignTo(places.memory.end, 16);
  const imported = handles.made.length + handles.dropped.length;
  const module = new ByteWriter().bytes(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const signatures = functions.map(({ type }) =>
    signatureOf(type.params.map((param) => param.type), type.result, "lift")
  );
  section(module, 1, OWN_TYPES + functions.length, (to) => {
    to.bytes(0x60, 1, 0x7f, 1, 0x7f); // new
    to.bytes(0x60, 1, 0x7f, 0); // drop
    to.bytes(0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f); // realloc
    to.bytes(0x60, 0, 1, 0x7e); // random
    to.bytes(0x60, 0, 1, 0x7f); // new, by another stub
    for (const { params, result } of signatures) {
      to.u8(0x60).u32(params.length).bytes(...params.map((core) => CORE_TYPES[core]));
      if (result === null) to.u8(0);
      else to.bytes(1, CORE_TYPES[result]);
    }
  });
  section(module, 2, imported, (to) => {
    for (const [at, resource] of handles.made.entries()) {
      to.name("handles").name(`new${at}`).bytes(0x00, isOwn(resource) ? 0 : 4);
    }
    for (const at of handles.dropped.keys()) to.name("handles").name(`drop${at}`).bytes(0x00, 1);
  });
  section(module, 3, OWN_FUNCTIONS + functions.length, (to) => {
    to.bytes(2, 3);
    for (const at of functions.keys()) to.u32(OWN_TYPES + at);
  });
  section(module, 5, 1, (to) => to.u8(0x00).u32(Math.ceil((places.heapStart + 1) / PAGE_BYTES)));
  section(module, 6, 2, (to) => {
    to.bytes(0x7f, 0x01, 0x41).s32(places.heapStart).u8(0x0b);
    to.bytes(0x7e, 0x01, 0x42);
    signed64(to, BigInt.asIntN(64, seed)).u8(0x0b);
  });
  section(module, 7, 2 + functions.length, (to) => {
    to.name("memory").bytes(0x02, 0).name("realloc").u8(0x00).u32(imported);
    for (const at of functions.keys()) to.name(String(at)).u8(0x00).u32(imported + OWN_FUNCTIONS + at);
  });
  section(module, 10, OWN_FUNCTIONS + functions.length, (to) => {
    sized(to, reallocBody());
    sized(to, randomBody());
    for (const [at, one] of functions.entries()) sized(to, functionBody(one, results[at], places));
  });
  const data = places.memory.bytes();
  section(module, 11, data.length === 0 ? 0 : 1, (to) => {
    to.bytes(0x00, 0x41, 0x00, 0x0b).u32(data.length).copy(data, 0, data.length);
  });
  return { module, handles };
}

/** What a body returns: nothing, the one core value, or where the answer lies. */
type Result = { readonly core: CoreType; readonly value: number } | undefined;

function placeAnswer(memory: StaticMemory, { params, result }: FuncType, answer: Answer): Result {
  if (result === null || answer.kind === "trap") return undefined;
  // The case of ok is 0, as all of it is until the handle is there.
  if (answer.kind === "handle") {
    return answer.isInResult ? { core: "i32", value: memory.reserve(layoutOf(result)) } : undefined;
  }
  const signature = signatureOf(params.map((param) => param.type), result, "lift");
  if (answer.kind === "random") {
    return signature.isReturnedInMemory ? { core: "i32", value: memory.reserve(layoutOf(result)) } : undefined;
  }
  if (signature.isReturnedInMemory) return { core: "i32", value: memory.place(result, answer.value) };
  // One core value: a scalar, or the case of something without payload.
  const value = answer.value.kind === "err" ? errorNumber(result, answer.value.errorCase) : 0;
  return { core: signature.result ?? "i32", value };
}

/** Of a flat result: `result` alone is its discriminant, since with an error code it is two values. */
function errorNumber(result: ValueType, errorCase: number): number {
  return result.kind === "result" ? 1 : errorCase;
}

function functionBody({ type, answer }: CoreStubFunction, result: Result, places: Places): ByteWriter {
  const body = new ByteWriter();
  if (answer.kind === "trap") return body.bytes(0x00, 0x00, 0x0b);
  const random = places.handles.made.length + places.handles.dropped.length + 1;
  if (answer.kind === "random" && answer.form === "bytes") {
    return randomBytesBody({ answer: result?.value ?? 0, heapStart: places.heapStart, random });
  }
  body.u8(0x00);
  const lets = letGo(type.params.map((param) => param.type), places);
  if (lets === undefined) return body.bytes(0x00, 0x0b);
  body.append(lets);
  // Parameters are read once, and gone: the next call has their room.
  body.u8(0x41).s32(places.heapStart).bytes(0x24, NEXT_GLOBAL);
  if (answer.kind === "handle") {
    if (result !== undefined) body.u8(0x41).s32(result.value);
    // What a resource stands for is nobody's matter; another stub's maker asks for nothing.
    if (places.isOwn(answer.resource)) body.bytes(0x41, 0x01);
    body.u8(0x10).u32(places.handles.made.indexOf(answer.resource));
    if (result !== undefined && type.result !== null) {
      body.bytes(0x36, 0x02).u32(layoutOf(type.result).payloadOffset).u8(0x41).s32(result.value);
    }
  } else if (answer.kind === "random") {
    if (answer.form === "number") body.u8(0x10).u32(random);
    else if (result !== undefined) {
      for (const offset of [0, 8]) {
        body.u8(0x41).s32(result.value).u8(0x10).u32(random).bytes(0x37, 0x03, offset);
      }
      body.u8(0x41).s32(result.value);
    }
  } else if (result !== undefined) {
    constant(body, result);
  }
  return body.u8(0x0b);
}

function constant(to: ByteWriter, { core, value }: NonNullable<Result>): void {
  switch (core) {
    case "i32":
      to.u8(0x41).s32(value);
      return;
    case "i64":
      to.u8(0x42).s64(value);
      return;
    case "f32":
      to.bytes(0x43, 0, 0, 0, 0);
      return;
    case "f64":
      to.bytes(0x44, 0, 0, 0, 0, 0, 0, 0, 0);
      return;
  }
}

function section(to: ByteWriter, id: number, count: number, write: (to: ByteWriter) => void): void {
  if (count === 0) return;
  const body = new ByteWriter().u32(count);
  write(body);
  to.u8(id);
  sized(to, body);
}

function sized(to: ByteWriter, body: ByteWriter): void {
  to.u32(body.length).append(body);
}
