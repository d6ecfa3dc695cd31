/** From what the definition finds in a document to diagnostics: where it stands, and the fix. */
import type { FaultCode } from "../base/fault_codes.ts";
import * as v from "valibot";
import type { Diagnostic } from "../base/diagnostics.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { type ConfigDocument, type Node, propertiesOf, valueOf } from "./document.ts";
import { descriptionOf, entriesOf, notesOf, type Schema, schemaAt } from "./schema_tree.ts";

/** A document that was held against a definition. */
export interface Checked<Output> {
  /** Undefined when there are faults. */
  readonly value: Output | undefined;
  /** What is left without the parts that have faults, to look for further ones; undefined when that makes no sense. Not to be used. */
  readonly sound: Output | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

type PathKey = string | number;

/** Keys that valibot passes over for safety; they would be ignored silently. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

/** Every fault of a document: its syntax, keys that are there twice, and all that the definition does not allow. */
export function checkDocument<Output>(
  document: ConfigDocument,
  schema: v.GenericSchema<unknown, Output>,
): Checked<Output> {
  const diagnostics = [...document.syntaxFaults];
  const { root } = document;
  if (root === undefined) return { value: undefined, sound: undefined, diagnostics };
  diagnostics.push(...keyFaults(document, root));
  const isWellFormed = diagnostics.length === 0;
  const result = v.safeParse(schema, valueOf(root));
  const seen = new Set<string>();
  const mistyped = mistypedKeys(schema, result.issues ?? []);
  for (const issue of result.issues ?? []) {
    const path = pathOf(issue);
    if (isMissingKey(issue) && mistyped.has(JSON.stringify(path))) continue;
    // One fault for each place: what comes second about a value is a consequence of the first.
    const key = JSON.stringify([path, issue.type === "never"]);
    if (seen.has(key)) continue;
    seen.add(key);
    const found = issueFault(document, schema, issue, path);
    if (found !== undefined) diagnostics.push(found);
  }
  if (diagnostics.length === 0 && result.success) return { value: result.output, sound: result.output, diagnostics };
  const sound = isWellFormed ? soundPart(schema, valueOf(root), result.issues ?? []) : undefined;
  return { value: undefined, sound, diagnostics };
}

/** Parts without which others make no sense are found by the next round. */
const SOUND_ROUNDS_MAX = 3;

/** Takes out of `value`, which is changed, what the issues are about. */
function soundPart<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
  issues: readonly v.BaseIssue<unknown>[],
): Output | undefined {
  let left = issues;
  for (let round = 0; round < SOUND_ROUNDS_MAX; round++) {
    for (const issue of left) {
      const path = pathOf(issue);
      if (!removeAt(value, isMissingKey(issue) ? path.slice(0, -1) : path)) return undefined;
    }
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    left = result.issues;
  }
  return undefined;
}

/** Removes a key, with the whole list where the path leads into one; returns whether there is something left. */
function removeAt(value: unknown, path: readonly PathKey[]): boolean {
  const list = path.findIndex((part) => typeof part === "number");
  const keys = list === -1 ? path : path.slice(0, list);
  const last = keys.at(-1);
  if (last === undefined) return false;
  let parent = value;
  for (const key of keys.slice(0, -1)) parent = (parent as Readonly<Record<PathKey, unknown>> | undefined)?.[key];
  // Another issue may have been about what it stood in.
  if (typeof parent === "object" && parent !== null) Reflect.deleteProperty(parent, last);
  return true;
}

function pathOf(issue: v.BaseIssue<unknown>): readonly PathKey[] {
  return (issue.path ?? []).map((item) => item.key as PathKey);
}

function isMissingKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === "object_with_rest";
}

/** Paths that unknown keys were probably meant for: that such a key is missing is no fault of its own. */
function mistypedKeys(schema: Schema, issues: readonly v.BaseIssue<unknown>[]): ReadonlySet<string> {
  const unknown = issues.filter((issue) => issue.type === "never").map(pathOf);
  return new Set(unknown.flatMap((path) => {
    const parent = schemaAt(schema, path.slice(0, -1));
    if (parent === undefined) return [];
    const [name, absent] = [String(path.at(-1)), notesOf(parent).absentKeys ?? {}];
    const meant = Object.hasOwn(absent, name) ? undefined : nearestWord(name, Object.keys(entriesOf(parent)));
    return meant === undefined ? [] : [JSON.stringify([...path.slice(0, -1), meant])];
  }));
}

/** The node at a path, as far as the tree has it; for a key that is there twice, the last one, as JSON takes it. */
export function nodeAt(root: Node, path: readonly PathKey[]): Node {
  let node = root;
  for (const part of path) {
    const next = typeof part === "number"
      ? node.children?.[part]
      : propertiesOf(node).findLast((property) => property.name === part)?.value;
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** `service.ready.tcp`, `match.methods[1]`, `env["A B"]`. */
export function pathText(path: readonly PathKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[$\w-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** Keys twice in one object, and those that are never let through. */
function* keyFaults(document: ConfigDocument, node: Node): Generator<Diagnostic> {
  const first = new Map<string, Node>();
  for (const { key, name, value } of propertiesOf(node)) {
    const earlier = first.get(name);
    if (earlier !== undefined && key.offset < document.soundEnd) {
      const line = document.lineOf(earlier.offset);
      yield document.fault(
        "LG1101",
        key.offset,
        `Cannot use the key "${name}": it is also on line ${line}, expected it once`,
      );
    } else first.set(name, key);
    if (RESERVED_KEYS.has(name) && key.offset < document.soundEnd) {
      yield document.fault(
        "LG1101",
        key.offset,
        `Cannot use the key "${name}": it is a reserved word, expected another name`,
      );
    }
    yield* keyFaults(document, value);
  }
  if (node.type === "array") { for (const item of node.children ?? []) yield* keyFaults(document, item); }
}

function issueFault(
  document: ConfigDocument,
  schema: Schema,
  issue: v.BaseIssue<unknown>,
  path: readonly PathKey[],
): Diagnostic | undefined {
  const { root, soundEnd } = document;
  if (root === undefined) return undefined;
  const isMissing = isMissingKey(issue);
  // In a broken file a key may be missing because the tree ends early, and past the fault everything is a guess.
  if (isMissing && soundEnd !== Number.POSITIVE_INFINITY) return undefined;
  const isKey = issue.path?.at(-1)?.origin === "key" || issue.type === "never";
  const parent = path.slice(0, -1);
  const name = String(path.at(-1) ?? "");
  const property = isKey ? propertiesOf(nodeAt(root, parent)).findLast((each) => each.name === name) : undefined;
  const { offset } = property?.key ?? nodeAt(root, path);
  if (offset >= soundEnd) return undefined;
  if (isMissing) {
    const wanted = schemaAt(schema, path);
    const expected = wanted === undefined ? undefined : descriptionOf(wanted);
    const example = wanted === undefined ? undefined : notesOf(wanted).example;
    const message = `Cannot use ${thing(parent)}: "${name}" is missing, expected ${expected ?? "it"}`;
    return document.fault("LG1102", offset, message, example && `add ${example}`);
  }
  if (issue.type === "never") return unknownKey(document, schemaAt(schema, parent), parent, name, offset);
  const [sentence = "", fix] = issue.message.split("\n");
  const subject = isKey ? `the key "${name}" of ${thing(parent)}` : thing(path);
  return document.fault(valueCode(schema, path), offset, `Cannot use ${subject}: ${sentence}`, fix);
}

/** What the definition says of the value, or of what it stands in. */
function valueCode(schema: Schema, path: readonly PathKey[]): FaultCode {
  for (let length = path.length; length > 0; length--) {
    const part = schemaAt(schema, path.slice(0, length));
    const code = part && notesOf(part).code;
    if (code !== undefined) return code;
  }
  return "LG1104";
}

function unknownKey(
  document: ConfigDocument,
  parentSchema: Schema | undefined,
  parent: readonly PathKey[],
  name: string,
  offset: number,
): Diagnostic {
  const known = parentSchema === undefined ? [] : Object.keys(entriesOf(parentSchema));
  const absent = parentSchema === undefined ? undefined : notesOf(parentSchema).absentKeys;
  const subject = `Cannot use the key "${name}" of ${thing(parent)}`;
  const sentence = absent !== undefined && Object.hasOwn(absent, name) ? absent[name] : undefined;
  if (sentence !== undefined) {
    // Where the thing is elsewhere, the sentence is the fix.
    return sentence.includes("does not have it yet")
      ? document.fault("LG1105", offset, `${subject}: ${sentence}`, `remove "${name}"`)
      : document.fault("LG1105", offset, `${subject}: it does not belong here`, sentence);
  }
  const nearest = nearestWord(name, known);
  const expected = `${subject}: it is unknown, expected ${known.map((key) => `"${key}"`).join(", ")}`;
  return document.fault("LG1103", offset, expected, nearest && `did you mean "${nearest}"?`);
}

function thing(path: readonly PathKey[]): string {
  return path.length === 0 ? "the file" : `"${pathText(path)}"`;
}
