/**
 * What the runtime does each time that a core module is instantiated, in one go and on the thread of everybody: an object for
 * each export, import, global and tag (3 to 6 us), and a call for each element of a table's segments (0.1 us). Nothing can
 * stop it half-way, so a module with more than this is refused.
 */
import { unsupported } from "../parse_faults.ts";
import type { ModuleShape } from "./module_shape.ts";

/** 60 ms at most. Of CPython, SpiderMonkey, Go and Rust none has 1,000. */
export const INSTANCE_ITEMS_MAX = 10_000;
/** 30 ms. CPython has 10,000. */
export const SEGMENT_ELEMENTS_MAX = 262_144;

/** Refuses a module whose every instance would hold the event loop for long. @throws {ComponentError} */
export function checkInstanceWork(shape: ModuleShape): void {
  const { start, exportNames, globals, tagCount, importedFunctions, tables, memories } = shape;
  const items = exportNames.size + globals.length + tagCount + importedFunctions + tables.length + memories.length;
  if (items > INSTANCE_ITEMS_MAX) {
    throw unsupported(start, `a core module of more than ${INSTANCE_ITEMS_MAX} exports, imports, globals and tags`);
  }
  const elements = shape.elementLengths.reduce((sum, length) => sum + length, 0);
  if (elements > SEGMENT_ELEMENTS_MAX) {
    throw unsupported(start, `a core module of more than ${SEGMENT_ELEMENTS_MAX} elements in its segments`);
  }
}
