/**
 * The types under which a component imports host functions, held against WIT. Host functions trust their arguments: a
 * component that declares other types of its own (an address of strings, a length that is a float) or names a method
 * of a host class that no interface has would get values and code to each other that never were meant to meet.
 */
import { bareName } from "../component/js_names.ts";
import { funcText } from "../component/type_text.ts";
import type { ComponentImport } from "../component/types.ts";
import { SIGNATURE_PARTS, WIT_SIGNATURES } from "./wit_signatures.ts";

/** How many faults a message lists before it only counts. */
const FAULTS_LISTED_MAX = 3;
/** Of a type in a message. */
const TYPE_LENGTH_MAX = 200;

/** What is wrong, as the middle of a sentence; undefined when nothing is. Interfaces that WIT does not have are not looked at. */
export function importTypeFault(imports: readonly ComponentImport[]): string | undefined {
  const faults: string[] = [];
  for (const item of imports) {
    if (item.kind !== "instance") continue;
    const signatures = signaturesOf(bareName(item.name));
    if (signatures === undefined) continue;
    for (const { name, type } of item.functions) {
      const declared = funcText(type);
      const expected = signatures.get(name);
      if (declared === expected) continue;
      faults.push(
        expected === undefined
          ? `it imports "${item.name}#${name}", which WASI 0.2 does not have`
          : `it imports "${item.name}#${name}" as ${cut(declared)}, expected ${cut(expected)}`,
      );
    }
  }
  if (faults.length === 0) return undefined;
  const rest = faults.length - FAULTS_LISTED_MAX;
  return faults.slice(0, FAULTS_LISTED_MAX).join("; ") + (rest > 0 ? `; and ${rest} more like that` : "");
}

const expanded = new Map<string, ReadonlyMap<string, string>>();

/** The functions of an interface with their types written out; undefined for one that WIT does not have. */
function signaturesOf(interfaceName: string): ReadonlyMap<string, string> | undefined {
  const known = expanded.get(interfaceName);
  if (known !== undefined || !Object.hasOwn(WIT_SIGNATURES, interfaceName)) return known;
  const signatures = new Map(
    Object.entries(WIT_SIGNATURES[interfaceName] ?? {}).map(([name, text]) => [name, writtenOut(text)]),
  );
  expanded.set(interfaceName, signatures);
  return signatures;
}

function writtenOut(text: string): string {
  return text.replace(/\$(\d+)/g, (_, place: string) => writtenOut(SIGNATURE_PARTS[Number(place)] ?? ""));
}

function cut(text: string): string {
  return text.length > TYPE_LENGTH_MAX ? `${text.slice(0, TYPE_LENGTH_MAX)}...` : text;
}
