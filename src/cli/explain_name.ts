/** What a decision about a name does not say yet: its answers are judged too, and a guest's own lookup is another right. */
import { classesInPrefix } from "../policy/address_class.ts";
import { denialLine } from "../policy/explain.ts";
import { isLocalhost } from "../policy/host_name.ts";
import type { NameTarget } from "../policy/judge.ts";
import { judgeLookup } from "../policy/judge_lookup.ts";
import type { PlacedRule, Policy, RuleBook } from "../policy/policy.ts";
import {
  CLASS_WORDS,
  type ClassWord,
  defaultPort,
  impliedPorts,
  isPortCovered,
  isSchemeCovered,
  printRule,
} from "../policy/rule.ts";
import { addition, denied, removal, type Verdict } from "../policy/verdict.ts";

/** What is known of a name by itself. */
export interface ExplainedName {
  readonly policy: Policy;
  readonly verdict: Verdict;
}

/**
 * Lines to stand below those of `explainVerdict`.
 *
 * @example
 * // answers: public ones pass; private ones pass where "10.1.0.0/16:5432" allows them; link-local ones are removed
 * // lookup: resolve-addresses is denied: "dns": false of shop/workload.jsonc; to allow: ...
 */
export function explainName(target: NameTarget, { policy, verdict }: ExplainedName): readonly string[] {
  if (isLocalhost(target.name)) return lookupLines(target, policy);
  return [...(verdict.isAllowed ? answersLines(target, policy) : []), ...lookupLines(target, policy)];
}

/**
 * The verdict for a name whose answers are not known: what admits the name is no help where every answer is removed, as
 * under a ceiling of classes that a rule for the name does not open.
 */
export function judgeUnresolved(target: NameTarget, { policy, verdict }: ExplainedName): Verdict {
  const { books } = policy;
  if (!verdict.isAllowed || isLocalhost(target.name)) return verdict;
  const denying = (word: ClassWord): readonly PlacedRule[] =>
    books.flatMap(({ deny }) => deny.forClass(word)).filter((placed) => isForUse(placed, target));
  const isSomeOpen = CLASS_WORDS.some((word) =>
    denying(word).length === 0 && passingWords(word, { target, books }) !== undefined
  );
  if (isSomeOpen) return verdict;
  const denials = denying("public");
  const closed = books.filter((book) => !isClassOpen("public", { target, book }));
  const { scheme, port, name } = target;
  const ports = port === defaultPort(scheme) ? impliedPorts("allow", scheme) : { first: port, last: port };
  const rule = printRule({ side: "allow", scheme, host: { kind: "name", name }, ports });
  const places = [
    ...denials.map(({ text, origin }) => `${JSON.stringify(text)} of ${origin.file ?? origin.key} denies them`),
    ...closed.map(({ net: { key, file } }) => `nothing in "${key}" of ${file} allows a public one`),
  ];
  return denied(
    denials.length > 0 ? "deny-rule" : "no-rule",
    `${verdict.rule} admits the name, but every answer is removed: ${places.join("; ")}`,
    [...denials.flatMap(removal), ...closed.flatMap(({ net }) => addition(net, [rule]))],
  );
}

function answersLines(target: NameTarget, { books }: Policy): readonly string[] {
  const passing = CLASS_WORDS.map((word) => ({ word, where: passingWords(word, { target, books }) }));
  const parts = passing.flatMap(({ word, where }) => (where === undefined ? [] : [`${word} ones ${where}`]));
  const closed = passing.filter(({ where }) => where === undefined).map(({ word }) => word);
  if (closed.length > 0) {
    parts.push(`${closed.join(" and ")} ones are removed (only a rule for their addresses opens them)`);
  }
  const lines = [`answers: ${parts.join("; ")}`];
  const denying = books.flatMap(({ denied }) => denied).filter((placed) =>
    isForUse(placed, target) && (placed.rule.host.kind === "prefix" || placed.rule.host.kind === "class")
  );
  if (denying.length > 0) lines.push(`answers: what ${quotedList(denying)} denies is removed`);
  return lines;
}

/** Every level has to let a class through, and a name's rule does so for `public` alone; undefined when one does not. */
function passingWords(
  word: ClassWord,
  { target, books }: { readonly target: NameTarget; readonly books: readonly RuleBook[] },
): string | undefined {
  const closed = books.filter((book) => !isClassOpen(word, { target, book }));
  if (closed.length === 0) return "pass";
  const prefixes = closed.map(({ allowed }) =>
    allowed.filter((placed) => isForUse(placed, target) && isPrefixFor(word, placed))
  );
  if (prefixes.some((list) => list.length === 0)) return undefined;
  return `pass where ${prefixes.map(quotedList).join(" and ")} allows them`;
}

function isClassOpen(
  word: ClassWord,
  { target, book }: { readonly target: NameTarget; readonly book: RuleBook },
): boolean {
  const isNamed = word === "public" && book.allow.naming(target.name, target).length > 0;
  return isNamed || book.allow.forClass(word).some((placed) => isForUse(placed, target));
}

function isForUse({ rule }: PlacedRule, { scheme, port }: NameTarget): boolean {
  return isSchemeCovered(rule, scheme) && isPortCovered(rule, port);
}

/** A prefix opens link-local addresses only when it has no others. */
function isPrefixFor(word: ClassWord, { rule: { host } }: PlacedRule): boolean {
  if (host.kind !== "prefix") return false;
  const classes = classesInPrefix(host.prefix);
  return classes.has(word) && (word !== "link-local" || classes.size === 1);
}

/** A raw socket takes an address, so the guest has to look the name up itself; for `wasi:http` the gateway does. */
function lookupLines({ scheme, name }: NameTarget, policy: Policy): readonly string[] {
  if (scheme === "http" || scheme === "https") return [];
  const lookup = judgeLookup(name, { policy });
  switch (lookup.kind) {
    case "malformed":
      return [];
    case "denied":
      return [`lookup: resolve-addresses is denied: ${denialLine(lookup.verdict)}`];
    case "answered":
      return ["lookup: resolve-addresses answers without a packet"];
    case "resolve":
      return [`lookup: resolve-addresses is allowed by ${lookup.rule}`];
  }
}

function quotedList(rules: readonly PlacedRule[]): string {
  return rules.map(({ text }) => JSON.stringify(text)).join(", ");
}
