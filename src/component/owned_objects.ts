/**
 * The host objects in a result: what an instance has to take over when the result cannot be lowered. Looked for by type,
 * on the way out of a failure only.
 */
import { casesOf } from "./abi_layout.ts";
import { fieldKeys } from "./abi_lift.ts";
import { holds } from "./codecs.ts";
import type { TakenObject } from "./handles.ts";
import { caseOpener, fieldKey, readField, recordOf } from "./host_values.ts";
import type { ValueType } from "./types.ts";

/** Finds the objects in a value. */
export type FindOwned = (value: unknown) => readonly TakenObject[];

/** null for types whose values own no host object. */
export function ownedFinder(type: ValueType | null): FindOwned | null {
  if (type === null || !holds(type, "own")) return null;
  return (value) => {
    const found: TakenObject[] = [];
    collect(type, () => value, found);
    return found;
  };
}

/** In the order of lowering, so that a parent that comes before its child is also disposed of after it. */
function collect(type: ValueType, read: () => unknown, found: TakenObject[]): void {
  if (!holds(type, "own")) return;
  try {
    collectParts(type, read(), found);
  } catch {
    // It does not fit its type, or a getter of the host threw: that is why we are here, and is reported already.
  }
}

function collectParts(type: ValueType, value: unknown, found: TakenObject[]): void {
  if (type.kind === "own") {
    const isObject = typeof value === "object" && value !== null;
    if (isObject && type.resource.origin.kind === "host") found.push({ resourceId: type.resource.id, value });
  } else if (type.kind === "record") {
    const record = recordOf(value);
    const keys = fieldKeys(type.fields.map((field) => field.name));
    for (const [index, field] of type.fields.entries()) {
      const key = fieldKey(keys[index] ?? "");
      collect(field.type, () => readField(record, key), found);
    }
  } else if (type.kind === "tuple" || type.kind === "list") {
    if (!Array.isArray(value)) return;
    const length = type.kind === "tuple" ? type.elements.length : value.length;
    for (let index = 0; index < length; index++) {
      const element = type.kind === "tuple" ? type.elements[index] : type.element;
      if (element !== undefined) collect(element, () => value[index], found);
    }
  } else {
    const open = caseOpener(type);
    const payload = casesOf(type)[open.tag(value)]?.type ?? null;
    if (payload !== null) collect(payload, () => open.payload(value), found);
  }
}
