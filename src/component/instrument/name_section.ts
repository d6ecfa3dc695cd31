/** Keeps the function names right, which stand in stack traces, when functions have moved. */
import { BinaryReader, ItemBudget } from "../binary_reader.ts";
import { ComponentError } from "../errors.ts";
import { ByteWriter } from "./byte_writer.ts";
import type { FunctionMap } from "./function_map.ts";
import type { ModuleShape, SectionRange } from "./module_shape.ts";

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;

/**
 * The contents of the custom section `name` with the module's and the functions' names; the other names (locals, labels)
 * only serve debuggers. Null when there are none, or broken ones: a custom section is never a reason to refuse a module.
 */
export function renamedFunctions(shape: ModuleShape, map: FunctionMap): ByteWriter | null {
  if (shape.names === null) return null;
  try {
    return rename(shape, shape.names, map);
  } catch (error) {
    if (error instanceof ComponentError) return null;
    throw error;
  }
}

function rename(shape: ModuleShape, names: SectionRange, map: FunctionMap): ByteWriter {
  const { bytes } = shape;
  const out = new ByteWriter(names.end - names.start + 64);
  const reader = new BinaryReader(bytes, names.start, names.end, new ItemBudget());
  while (!reader.isAtEnd) {
    const start = reader.offset;
    const id = reader.u8("a kind of names");
    const section = reader.sub(reader.u32("the size of names"), "names");
    if (id === MODULE_NAME) out.copy(bytes, start, section.end);
    if (id === FUNCTION_NAMES) writeFunctionNames(out, { section, bytes, map });
  }
  return out;
}

/** Names of functions that went to the end go there too: the list is in the order of the indices. */
function writeFunctionNames(
  out: ByteWriter,
  options: { readonly section: BinaryReader; readonly bytes: Uint8Array; readonly map: FunctionMap },
): void {
  const { section, bytes, map } = options;
  const start = section.offset;
  const count = section.u32("the number of names");
  const moved = new ByteWriter();
  out.u8(FUNCTION_NAMES);
  const size = out.beginSized();
  out.copy(bytes, start, section.offset);
  let copied = section.offset;
  for (let left = count; left > 0; left -= 1) {
    const entry = section.offset;
    const index = section.u32("a function index");
    const nameStart = section.offset;
    section.skip(section.u32("the length of a name"), "a name");
    const to = map.at(index);
    if (to === index) continue;
    out.copy(bytes, copied, entry);
    copied = section.offset;
    moved.u32(to).copy(bytes, nameStart, section.offset);
  }
  out.copy(bytes, copied, section.offset).append(moved);
  out.endSized(size);
}
