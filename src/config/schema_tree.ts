/** A valibot schema as a tree that can be looked into: its steps, its keys, its notes. */
import * as v from "valibot";
import type { Notes } from "./definition_parts.ts";

/** Any schema of the definition. */
export type Schema = v.GenericSchema;

/** A schema or an action, with the fields that are looked at. */
export interface SchemaPart {
  readonly kind: string;
  readonly type: string;
  readonly pipe?: readonly SchemaPart[];
  /** Of objects. */
  readonly entries?: Readonly<Record<string, SchemaPart>>;
  /** Of lists. */
  readonly item?: SchemaPart;
  /** Of records. */
  readonly key?: SchemaPart;
  readonly value?: SchemaPart;
  /** Of optional ones. */
  readonly wrapped?: SchemaPart;
  /** Of those that look at the value first: what an object is held against. */
  readonly getter?: (input: unknown) => SchemaPart;
  /** Of unions: schemas. Of picklists: values. */
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly requirement?: unknown;
  readonly metadata?: Notes;
  readonly description?: string;
}

/** The steps of a schema, pipes within pipes unrolled; a schema without a pipe is its only step. */
export function stepsOf(part: SchemaPart): readonly SchemaPart[] {
  if (part.type === "optional" && part.wrapped !== undefined) return stepsOf(part.wrapped);
  if (part.pipe === undefined) return part.getter === undefined ? [part] : stepsOf(part.getter({}));
  return part.pipe.flatMap((step) => (step.kind === "schema" ? stepsOf(step) : [step]));
}

/** The keys that an object's schema knows. */
export function entriesOf(schema: Schema): Readonly<Record<string, Schema>> {
  const entries = stepsOf(schema as SchemaPart).findLast((step) => step.entries !== undefined)?.entries ?? {};
  return entries as unknown as Readonly<Record<string, Schema>>;
}

/** What the definition says of a schema besides its type. */
export function notesOf(schema: Schema): Notes {
  return Object.assign({}, ...stepsOf(schema as SchemaPart).map((step) => step.metadata ?? {}));
}

/** What finishes "expected ..." for a schema. */
export function descriptionOf(schema: Schema): string | undefined {
  return stepsOf(schema as SchemaPart).findLast((step) => step.description !== undefined)?.description;
}

/** Of a record: what stands under each of its keys. */
function valueSchemaOf(schema: Schema): Schema | undefined {
  const value = stepsOf(schema as SchemaPart).findLast((step) => step.type === "record")?.value;
  return value as unknown as Schema | undefined;
}

/** The schema of the value at a path of keys; undefined where the definition has none. */
export function schemaAt(schema: Schema, path: readonly (string | number)[]): Schema | undefined {
  let current: Schema | undefined = schema;
  for (const part of path) {
    const entries: Readonly<Record<string, Schema>> = entriesOf(current);
    current = Object.hasOwn(entries, String(part)) ? entries[String(part)] : valueSchemaOf(current);
    if (current === undefined) return undefined;
  }
  return current;
}
