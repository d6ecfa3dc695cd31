/** The outcome of a decision, in the same words for the run time, the log and `loopgate explain`. */
import { escapeText } from "../base/escape_text.ts";
import type { DenialDecision } from "../telemetry/denial_counts.ts";
import type { NetSetting, PlacedRule } from "./policy.ts";

/** A change of a file that takes away one reason of a denial. */
export interface PolicyEdit {
  readonly file: string;
  /** `net`, `net.allow`, `dns`. */
  readonly key: string;
  /** `add` one text to the list, `remove` it, or `write` the whole value (as JSON). */
  readonly verb: "add" | "remove" | "write";
  readonly text: string;
}

/** What was decided and by what; it fits where a plain `{ isAllowed, rule }` is wanted. */
export interface Verdict {
  readonly isAllowed: boolean;
  /** The rule or default that decided and where it stands; one line, safe to print. */
  readonly rule: string;
  /** Of a denial. */
  readonly decision?: DenialDecision;
  /** What would have to change, every one of them; empty when allowed and when nothing can open the target. */
  readonly edits: readonly PolicyEdit[];
}

/** @example ruleWords({ rule, text: "public", origin: { file: "a.jsonc", key: "net[0]" } }) // '"public" (net[0] of a.jsonc)' */
export function ruleWords({ text, origin: { file, key } }: PlacedRule): string {
  return file === undefined ? key : `"${escapeText(text)}" (${key} of ${file})`;
}

/** A verdict of a rule that allows. */
export function allowed(by: PlacedRule): Verdict {
  return { isAllowed: true, rule: ruleWords(by), edits: [] };
}

/** A verdict that no line in a file changes, or that `edits` do. */
export function denied(decision: DenialDecision, rule: string, edits: readonly PolicyEdit[] = []): Verdict {
  return { isAllowed: false, rule, decision, edits };
}

/** Taking a deny rule away. */
export function removal({ text, origin: { file, key } }: PlacedRule): PolicyEdit[] {
  const list = key.replace(/\[\d+\]$/, "");
  return file === undefined ? [] : [{ file, key: list, verb: "remove", text: escapeText(text) }];
}

/** Adding rules to the allow list that counts, in the form that the file has; what was allowed stays so. */
export function addition({ file, key, form, allow }: NetSetting, texts: readonly string[]): PolicyEdit[] {
  const unique = [...new Set(texts)];
  const list = allow === undefined || form === "on" ? ["public", "private", ...unique] : unique;
  switch (form) {
    case "list":
      return unique.map((text) => ({ file, key, verb: "add", text }));
    case "full":
      return allow === undefined
        ? [{ file, key: `${key}.allow`, verb: "write", text: listText(list) }]
        : unique.map((text) => ({ file, key: `${key}.allow`, verb: "add", text }));
    case "absent":
    case "on":
    case "off":
      return [{ file, key, verb: "write", text: listText(list) }];
  }
}

/** @example editWords({ file: "a.jsonc", key: "net", verb: "add", text: "public" }) // 'add "public" to "net" in a.jsonc' */
export function editWords({ file, key, verb, text }: PolicyEdit): string {
  switch (verb) {
    case "add":
      return `add "${text}" to "${key}" in ${file}`;
    case "remove":
      return `remove "${text}" from "${key}" in ${file}`;
    case "write":
      return `write "${key}": ${text} in ${file}`;
  }
}

function listText(list: readonly string[]): string {
  return `[${list.map((text) => JSON.stringify(text)).join(", ")}]`;
}
