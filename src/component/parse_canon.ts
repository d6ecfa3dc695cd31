/** Reads canonical definitions: lift, lower and the built-ins of resources; the others are refused by name. */
import type { CanonDefinition, CanonOptions } from "./ast.ts";
import type { BinaryReader } from "./binary_reader.ts";
import { hex, malformed, unsupported } from "./parse_faults.ts";
import type { StringEncoding } from "./types.ts";

const RESOURCE_OPERATIONS: Readonly<Record<number, "resource.new" | "resource.drop" | "resource.rep">> = {
  0x02: "resource.new",
  0x03: "resource.drop",
  0x04: "resource.rep",
};

/** Built-ins of component-model async and threads, by opcode. */
const UNSUPPORTED_BUILTINS: Readonly<Record<number, string>> = {
  0x05: "component-model async: task.cancel",
  0x06: "component-model async: subtask.cancel",
  0x07: "component-model async: resource.drop async",
  0x08: "component-model async: backpressure.set",
  0x09: "component-model async: task.return",
  0x0a: "component-model async: context.get",
  0x0b: "component-model async: context.set",
  0x0c: "component-model async: thread.yield",
  0x0d: "component-model async: subtask.drop",
  0x0e: "component-model async: stream.new",
  0x0f: "component-model async: stream.read",
  0x10: "component-model async: stream.write",
  0x11: "component-model async: stream.cancel-read",
  0x12: "component-model async: stream.cancel-write",
  0x13: "component-model async: stream.drop-readable",
  0x14: "component-model async: stream.drop-writable",
  0x15: "component-model async: future.new",
  0x16: "component-model async: future.read",
  0x17: "component-model async: future.write",
  0x18: "component-model async: future.cancel-read",
  0x19: "component-model async: future.cancel-write",
  0x1a: "component-model async: future.drop-readable",
  0x1b: "component-model async: future.drop-writable",
  0x1c: "component-model async: error-context.new",
  0x1d: "component-model async: error-context.debug-message",
  0x1e: "component-model async: error-context.drop",
  0x1f: "component-model async: waitable-set.new",
  0x20: "component-model async: waitable-set.wait",
  0x21: "component-model async: waitable-set.poll",
  0x22: "component-model async: waitable-set.drop",
  0x23: "component-model async: waitable.join",
  0x24: "component-model async: backpressure.inc",
  0x25: "component-model async: backpressure.dec",
  0x26: "component-model async: thread.index",
  0x27: "component-model async: thread.new-indirect",
  0x28: "component-model async: thread.resume-later",
  0x29: "component-model async: thread.suspend",
  0x2a: "component-model async: thread.suspend-then-resume",
  0x2b: "component-model async: thread.yield-then-resume",
  0x2c: "component-model async: thread.suspend-then-promote",
  0x2d: "component-model async: thread.yield-then-promote",
  0x2e: "component-model async: stream.forward",
  0x2f: "component-model async: future.forward",
  0x40: "shared-everything threads: thread.spawn-ref",
  0x41: "shared-everything threads: thread.spawn-indirect",
  0x42: "shared-everything threads: thread.available-parallelism",
};

const UNSUPPORTED_OPTIONS: Readonly<Record<number, string>> = {
  0x06: "component-model async: the option async",
  0x07: "component-model async: the option callback",
  0x08: "garbage collection: the option core-type",
  0x09: "garbage collection: the option gc",
};

const ENCODINGS: readonly StringEncoding[] = ["utf8", "utf16", "latin1+utf16"];

/** One entry of a canon section. */
export function readCanon(reader: BinaryReader): CanonDefinition {
  const offset = reader.offset;
  const opcode = reader.u8("a canonical definition");
  const operation = RESOURCE_OPERATIONS[opcode];
  if (operation !== undefined) {
    return { kind: "canon resource", offset, operation, type: reader.u32("a type index") };
  }
  if (opcode > 0x01) {
    const feature = UNSUPPORTED_BUILTINS[opcode];
    if (feature !== undefined) throw unsupported(offset, feature);
    throw malformed(offset, `${hex(opcode)} stands for a canonical definition`, "0x00 to 0x04");
  }
  const sort = reader.u8("a canonical definition");
  if (sort !== 0x00) throw malformed(offset, `a canonical definition has the sort ${hex(sort)}`, "0x00 (func)");
  if (opcode === 0x01) {
    return { kind: "canon lower", offset, func: reader.u32("a function index"), options: readOptions(reader) };
  }
  const coreFunc = reader.u32("a core function index");
  const options = readOptions(reader);
  return { kind: "canon lift", offset, coreFunc, options, type: reader.u32("a type index") };
}

function readOptions(reader: BinaryReader): CanonOptions {
  let encoding: StringEncoding | null = null;
  const indices: [memory: number | null, realloc: number | null, postReturn: number | null] = [null, null, null];
  for (let left = reader.count("canonical options"); left > 0; left -= 1) {
    const offset = reader.offset;
    const option = reader.u8("a canonical option");
    const named = ENCODINGS[option];
    if (named !== undefined) {
      if (encoding !== null) throw malformed(offset, "two string encodings are given", "one");
      encoding = named;
    } else if (option <= 0x05) {
      const slot = option - 0x03;
      if (indices[slot] !== null) throw malformed(offset, `the canonical option ${hex(option)} is given twice`, "once");
      indices[slot] = reader.u32("an option's index");
    } else {
      const feature = UNSUPPORTED_OPTIONS[option];
      if (feature !== undefined) throw unsupported(offset, feature);
      throw malformed(offset, `${hex(option)} stands for a canonical option`, "0x00 to 0x05");
    }
  }
  return { encoding: encoding ?? "utf8", memory: indices[0], realloc: indices[1], postReturn: indices[2] };
}
