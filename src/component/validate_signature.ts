/** The core signatures that the canonical ABI demands of lifted and lowered functions (CanonicalABI.md, "Flattening"). */
import type { CoreFuncType, CoreValueType } from "./core_module_types.ts";
import { typeFacts } from "./link_types.ts";
import { malformed } from "./parse_faults.ts";
import type { FuncType, ValueType } from "./types.ts";

/** MAX_FLAT_PARAMS: more travel as one pointer. */
const FLAT_PARAMS_MAX = 16;
/** MAX_FLAT_RESULTS. */
const FLAT_RESULTS_MAX = 1;

/** Which canonical options are there. */
export interface OptionsGiven {
  readonly hasMemory: boolean;
  readonly hasRealloc: boolean;
}

/** The signature of the core function behind `canon lift` of `type`; throws when an option is missing that it needs. */
export function liftedSignature(type: FuncType, options: OptionsGiven, offset: number): CoreFuncType {
  const params = flattenAll(type.params.map((param) => param.type), FLAT_PARAMS_MAX);
  const results = flattenAll(type.result === null ? [] : [type.result], FLAT_RESULTS_MAX);
  const isCallerAllocating = params === null || type.params.some((param) => typeFacts(param.type).hasPointer);
  demand(isCallerAllocating || results === null, options.hasMemory, "memory", offset);
  demand(isCallerAllocating, options.hasRealloc, "realloc", offset);
  return { params: params ?? ["i32"], results: results ?? ["i32"] };
}

/** The signature of the core function that `canon lower` makes of a function of `type`. */
export function loweredSignature(type: FuncType, options: OptionsGiven, offset: number): CoreFuncType {
  const params = flattenAll(type.params.map((param) => param.type), FLAT_PARAMS_MAX);
  const results = flattenAll(type.result === null ? [] : [type.result], FLAT_RESULTS_MAX);
  const hasPointerResult = type.result !== null && typeFacts(type.result).hasPointer;
  const hasPointerParam = type.params.some((param) => typeFacts(param.type).hasPointer);
  demand(params === null || results === null || hasPointerParam, options.hasMemory, "memory", offset);
  demand(hasPointerResult, options.hasRealloc, "realloc", offset);
  // The caller makes room for what does not fit one result.
  return { params: [...(params ?? ["i32"]), ...(results === null ? ["i32"] : [])], results: results ?? [] };
}

function demand(isNeeded: boolean, isGiven: boolean, option: string, offset: number): void {
  if (isNeeded && !isGiven) {
    throw malformed(
      offset,
      `a canonical definition lacks the option ${option}`,
      `${option}, which its function type needs`,
    );
  }
}

/** The flat core types of `types` one after the other; null when there are more than `countMax`. */
function flattenAll(types: readonly ValueType[], countMax: number): CoreValueType[] | null {
  const flat: CoreValueType[] = [];
  return types.every((type) => flatten(type, flat, countMax)) ? flat : null;
}

/** Appends the flat core types of `type`; false as soon as there are more than `countMax`. */
function flatten(type: ValueType, flat: CoreValueType[], countMax: number): boolean {
  switch (type.kind) {
    case "bool":
    case "s8":
    case "u8":
    case "s16":
    case "u16":
    case "s32":
    case "u32":
    case "char":
    case "flags":
    case "enum":
    case "own":
    case "borrow":
      flat.push("i32");
      break;
    case "s64":
    case "u64":
      flat.push("i64");
      break;
    case "f32":
    case "f64":
      flat.push(type.kind);
      break;
    case "string":
    case "list":
      flat.push("i32", "i32");
      break;
    case "record":
      return type.fields.every((field) => flatten(field.type, flat, countMax));
    case "tuple":
      return type.elements.every((element) => flatten(element, flat, countMax));
    case "variant":
      return flattenCases(type.cases.map((item) => item.type), flat, countMax);
    case "option":
      return flattenCases([null, type.some], flat, countMax);
    case "result":
      return flattenCases([type.ok, type.err], flat, countMax);
  }
  return flat.length <= countMax;
}

/** A discriminant, then what holds every case's payload. */
function flattenCases(cases: readonly (ValueType | null)[], flat: CoreValueType[], countMax: number): boolean {
  flat.push("i32");
  const start = flat.length;
  if (start > countMax) return false;
  for (const payload of cases) {
    if (payload === null) continue;
    const own: CoreValueType[] = [];
    if (!flatten(payload, own, countMax - start)) return false;
    own.forEach((type, index) => {
      const other = flat[start + index];
      flat[start + index] = other === undefined ? type : join(other, type);
    });
  }
  return true;
}

/** The core type that can carry both. */
function join(a: CoreValueType, b: CoreValueType): CoreValueType {
  if (a === b) return a;
  return (a === "i32" && b === "f32") || (a === "f32" && b === "i32") ? "i32" : "i64";
}
