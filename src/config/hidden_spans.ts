/**
 * Which parts of a file a code frame may not show. Values can be secrets (environment, arguments, whatever stands
 * under a key that is mistyped), and so can comments. Only values under keys that never hold one are shown. It goes
 * by tokens, not by the tree, because in a broken file the tree does not have them all.
 */
import { createScanner } from "jsonc-parser";
import {
  type LimitKeys,
  LISTENER_LIMIT_KEYS,
  PROCESS_LIMIT_KEYS,
  ROUTE_LIMIT_KEYS,
  SERVICE_LIMIT_KEYS,
  VOLUME_KEYS,
  WORKLOAD_TOTAL_KEYS,
} from "./limit_keys.ts";

/** From `start` to before `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Of a volume, and of the operator's ceiling for volumes. */
const VOLUME_WORDS: ReadonlySet<string> = new Set(["folder", "write", "shared", "memory", ...Object.keys(VOLUME_KEYS)]);
/** Keys whose values are shown. */
const PUBLIC_KEYS: ReadonlySet<string> = new Set([
  "$schema",
  "component",
  "host",
  "path",
  "methods",
  "tcp",
  "policy",
  "net",
  "dns",
  "match",
  "ready",
  "restart",
  "instance",
  "allow",
  "deny",
  "nat64",
  "trustedProxies",
  "resolver",
  "ca",
  "build",
  "listen",
  "admin",
  "log",
  "replicas",
  "watch",
  "http2",
]);
/** Keys that are public in the object of such a key only: elsewhere they may be a slip of the finger. */
const PUBLIC_WITHIN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["limits", limitNames(ROUTE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS, SERVICE_LIMIT_KEYS)],
  ["process", limitNames(PROCESS_LIMIT_KEYS)],
  ["listener", limitNames(LISTENER_LIMIT_KEYS)],
  ["volumes", VOLUME_WORDS],
  ["restart", new Set(["budget"])],
  ["build", new Set(["engine", "optimize"])],
  // A key may be pasted where its path belongs.
  ["tls", new Set(["certificate"])],
  ["instance", new Set(["reuse"])],
]);
/** Keys on the way to those; a scalar below them is hidden. */
const PUBLIC_PARENTS: ReadonlySet<string> = new Set([...PUBLIC_KEYS, "service", ...PUBLIC_WITHIN.keys()]);
/** Keys that are known words, so that showing them tells nothing in any file. */
const KNOWN_WORDS: ReadonlySet<string> = new Set([...PUBLIC_PARENTS, "env", "args"]);

/** A user name of a URL, up to its "@". */
const USER = /(\/\/|["'])[^"'/]+(?=@)/g;

interface Container {
  readonly key: string;
  readonly isList: boolean;
}

interface Token {
  readonly text: string;
  readonly start: number;
}

/** The spans, in order. From `soundEnd` on the file is broken: there, a key that is no known word may be a value. */
export function hiddenSpans(text: string, soundEnd: number): readonly Span[] {
  const spans: Span[] = [];
  /** The objects and lists around a token, each with its key. */
  const around: Container[] = [];
  let key = "";
  let before = "";
  const tokens = [...significantTokens(text, spans)];
  for (const [index, { text: token, start }] of tokens.entries()) {
    const isKey = tokens[index + 1]?.text === ":" && (before === "{" || before === ",");
    const isKnown = KNOWN_WORDS.has(wordOf(token));
    if (token === "{" || token === "[") {
      around.push({ key, isList: token === "[" });
      if (token === "{") key = "";
    } else if (token === "}" || token === "]") {
      key = around.pop()?.key ?? "";
    } else if (token === ",") {
      // In a list the key stays the list's own.
      const container = around.at(-1);
      key = container?.isList === true ? container.key : "";
    } else if (isKey) {
      key = wordOf(token);
      if (start >= soundEnd && !isKnown) spans.push({ start, end: start + token.length });
    } else if (token !== ":" && !isKnown) {
      // A lost quote turns the rest of a file inside out, so there only what directly follows its key is trusted.
      const isTrusted = start < soundEnd || (before === ":" && followsKey(text, key, tokens[index - 2], start));
      if (!isTrusted || !isPublic(key, around)) spans.push({ start, end: start + token.length });
      else spans.push(...userSpans(token, start));
    }
    before = token;
  }
  return spans.toSorted((a, b) => a.start - b.start);
}

/** A line with its hidden parts starred out; its length stays. `start` is the line's place in the file. */
export function hideSpans(line: string, start: number, spans: readonly Span[]): string {
  let shown = line;
  for (const span of spans) {
    const [from, to] = [Math.max(span.start - start, 0), Math.min(span.end - start, line.length)];
    if (from < to) shown = shown.slice(0, from) + "*".repeat(to - from) + shown.slice(to);
  }
  return shown;
}

/** All but blanks and comments; the comments are added to `hidden`. */
function* significantTokens(text: string, hidden: Span[]): Generator<Token> {
  const scanner = createScanner(text, false);
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const start = scanner.getTokenOffset();
    const token = text.slice(start, start + scanner.getTokenLength());
    if (token.trim() === "") continue;
    if (/^\/[/*]/.test(token)) hidden.push({ start: start + 2, end: start + token.length });
    else yield { text: token, start };
  }
}

/** Before an "@", whoever pasted a URL into a rule may have left a password. */
function userSpans(token: string, start: number): readonly Span[] {
  return [...token.matchAll(USER)].map(({ index, 0: whole, 1: lead = "" }) => {
    return { start: start + index + lead.length, end: start + index + whole.length };
  });
}

/** A message with what stands before an "@" starred out. */
export function hideUser(message: string): string {
  return message.replaceAll(USER, "$1***");
}

/** Whether `owner` is the key itself, on the line of the value that starts at `start`. */
function followsKey(text: string, key: string, owner: Token | undefined, start: number): boolean {
  return owner !== undefined && wordOf(owner.text) === key && !/[\r\n]/.test(text.slice(owner.start, start));
}

function isPublic(key: string, around: readonly Container[]): boolean {
  // The outermost object has no key.
  if (around.at(-2)?.key === "volumes" && around.at(-1)?.key.startsWith("/") === true) {
    // A volume stands under its path.
    return VOLUME_WORDS.has(key) && around.slice(1, -1).every((each) => PUBLIC_PARENTS.has(each.key));
  }
  // What is run is in the sentence anyhow.
  if (key === "command") return around.length === 3 && around[1]?.key === "build" && around[2]?.isList === true;
  const isOne = PUBLIC_KEYS.has(key) || PUBLIC_WITHIN.get(around.at(-1)?.key ?? "")?.has(key) === true;
  return isOne && around.slice(1).every((each) => PUBLIC_PARENTS.has(each.key));
}

function limitNames(...keys: readonly LimitKeys[]): ReadonlySet<string> {
  return new Set(keys.flatMap((each) => Object.keys(each)));
}

function wordOf(token: string): string {
  return token.replace(/^["']/, "").replace(/["']$/, "");
}
