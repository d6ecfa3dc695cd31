/** What the definitions of all files share: closed objects, sentences about wrong types, and the keys of every level. */
import type { FaultCode } from "../base/fault_codes.ts";
import * as v from "valibot";
import { DNS_JSON_SCHEMA, NET_JSON_SCHEMA, RULE_LIST_NOTE } from "./policy_schema.ts";

/** What a schema says besides its type, for the converter and the diagnostics. */
export interface Notes {
  /** Keywords of JSON schema for a check that is a function. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** Of what is wrong with the value, where that has a code of its own. */
  readonly code?: FaultCode;
  /** A line to add where the key is missing. */
  readonly example?: string;
  /** Sentences for keys that people may expect in an object and that are not there. */
  readonly absentKeys?: Readonly<Record<string, string>>;
}

/** What a message is made of. */
export type Issue = { readonly input: unknown };

/** Anything with `{}` in the file, an array excepted (valibot takes one for an object). */
export function plainObject(expected: string) {
  return v.custom<object>(
    (input) => typeof input === "object" && input !== null && !Array.isArray(input),
    wrongType(expected),
  );
}

/** An object that has these keys and no others. Without a prototype, `toString` is no known key. */
export function closed<const Entries extends v.ObjectEntries>(
  entries: Entries,
  absentKeys: Readonly<Record<string, string>> = {},
) {
  const bare: Entries = Object.assign(Object.create(null), entries);
  return v.pipe(
    plainObject(`an object with ${Object.keys(entries).filter((key) => key !== "$schema").map(quoted).join(", ")}`),
    v.objectWithRest(bare, v.never()),
    v.metadata({ absentKeys } satisfies Notes),
  );
}

/** For `$schema`. */
export const schemaKey = v.optional(v.pipe(
  v.string(wrongType("the path of a JSON schema in quotes")),
  v.description("The JSON schema for the editor; the gateway does not read it."),
));

/** For a key of a later version. */
export const LATER = "this version does not have it yet";

/** `policy` reads what stands in it, see `policy_layer.ts`. */
export const net = v.pipe(
  v.unknown(),
  v.description(`What a guest may reach. Default: true. ${RULE_LIST_NOTE}`),
  v.metadata({ jsonSchema: NET_JSON_SCHEMA } satisfies Notes),
);

/** As `net`. */
export const dns = v.pipe(
  v.unknown(),
  v.description("Names that a guest may resolve: true for all, false or [] for none, or a list. Default: none."),
  v.metadata({ jsonSchema: DNS_JSON_SCHEMA } satisfies Notes),
);

/** The kind of a value, never the value: it may be a secret. */
export function wrongType(expected: string): (issue: Issue) => string {
  return ({ input }) => `it is ${kindOf(input)}, expected ${expected}`;
}

/** The kind of a value, in words. */
export function kindOf(input: unknown): string {
  if (input === null) return "null";
  if (Array.isArray(input)) return "a list";
  const kind = typeof input;
  return kind === "object" ? "an object" : `a ${kind}`;
}

/** A word in quotes. */
export function quoted(word: string): string {
  return `"${word}"`;
}
