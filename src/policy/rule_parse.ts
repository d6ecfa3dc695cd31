/**
 * Reads the text of a rule:
 * `[scheme://](host | *.suffix | ip | [v6] | cidr | [v6cidr] | class | *)[:port | :a-b | :*]`.
 * What it does not take word for word it refuses and says what to write; it never guesses.
 */
import { parseIpAddress } from "../base/ip_address.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { ANY_PORT, impliedPorts, type PortRange, type Rule, type RuleSide, type Scheme, SCHEMES } from "./rule.ts";
import { makeFault, RULE_LENGTH_MAX, type RuleFault, type RuleFaultKind } from "./rule_fault.ts";
import { readBracketed, readHost } from "./rule_host.ts";
import { FaultFound, type FaultPlace, type RuleText } from "./rule_text.ts";

/** One of the two is there. */
export type ParsedRule =
  | { readonly rule: Rule; readonly fault?: never }
  | { readonly rule?: never; readonly fault: RuleFault };

/** Schemes that people mean something by. */
const SCHEME_WORDS: ReadonlyMap<string, Scheme> = new Map([["ws", "http"], ["wss", "https"], ["tls", "tcp"]]);
/** How many mistakes of one text are corrected to offer a fix. */
const CORRECTIONS_MAX = 4;

/**
 * @example
 * parseRule("https://api.example.com", "allow"); // { rule: { scheme: "https", ports: { first: 443, last: 443 }, ... } }
 * parseRule("https://api.example.com/v1", "allow"); // { fault: { start: 23, end: 26, fix: 'write "https://..."' } }
 */
export function parseRule(text: string, side: RuleSide): ParsedRule {
  return parseCorrecting(text, side, CORRECTIONS_MAX);
}

function parseCorrecting(text: string, side: RuleSide, corrections: number): ParsedRule {
  const fail = (kind: RuleFaultKind, { is, start, end, replacement, fix }: FaultPlace): never => {
    const correct = (): string | undefined => {
      if (replacement === undefined || corrections === 0 || text.length > RULE_LENGTH_MAX) return undefined;
      const corrected = `${text.slice(0, start)}${replacement}${text.slice(end)}`;
      const { fault } = parseCorrecting(corrected, side, corrections - 1);
      return fault === undefined ? corrected : fault.replacement;
    };
    throw new FaultFound(makeFault(kind, { text, noun: "rule" }, { is, start, end, fix, replacement: correct() }));
  };
  try {
    return { rule: readRule({ text, side, fail }) };
  } catch (error) {
    if (error instanceof FaultFound) return { fault: error.fault };
    throw error;
  }
}

function readRule(rule: RuleText): Rule {
  checkCharacters(rule);
  const { scheme, start } = readScheme(rule);
  checkBareIpv6(rule, start);
  checkUrlParts(rule, start);
  const colon = rule.text.indexOf(":", start);
  const { host, end } = rule.text[start] === "["
    ? readBracketed(rule, start)
    : readHost(rule, start, colon < 0 ? rule.text.length : colon);
  const ports = readPorts(rule, end) ?? impliedPorts(rule.side, scheme);
  return { side: rule.side, scheme, host, ports };
}

function checkCharacters({ text, fail }: RuleText): void {
  const end = text.length;
  if (end > RULE_LENGTH_MAX) fail("long", { is: `it has ${end} characters`, start: 0, end });
  if (!text.isWellFormed()) fail("name", { is: "it has half of a surrogate pair", start: 0, end });
  const space = /[\s\0-\x20\x7f-\x9f]+/.exec(text);
  if (text === "" || space?.[0].length === end) fail("empty", { is: "it is empty", start: 0, end });
  if (space === null) return;
  const isAround = space.index === 0 || space.index + space[0].length === end;
  fail("space", {
    is: "it has white space or a control character",
    start: space.index,
    end: space.index + space[0].length,
    // Inside, it may stand for anything: two rules, a typing mistake.
    ...(isAround && { replacement: "" }),
  });
}

function readScheme({ text, fail }: RuleText): { readonly scheme: Scheme | undefined; readonly start: number } {
  const slash = /^([a-z]+):\/(?!\/)/i.exec(text);
  if (slash !== null) {
    const { length } = slash[0];
    fail("scheme", { is: "there is one slash after the scheme", start: 0, end: length, replacement: `${slash[1]}://` });
  }
  const end = text.indexOf("://");
  const written = text.slice(0, Math.max(end, 0));
  // After one of these it is no scheme but part of a user name or a path.
  if (end < 0 || /[/?#@[\]\\]/.test(written)) return { scheme: undefined, start: 0 };
  const lower = written.toLowerCase();
  const scheme = SCHEMES.find((known) => known === lower);
  if (scheme !== undefined) return { scheme, start: end + 3 };
  if (written === "") return fail("scheme", { is: 'it begins with "://"', start: 0, end: 3, replacement: "" });
  const meant = SCHEME_WORDS.get(lower) ?? nearestWord(lower, SCHEMES);
  return fail("scheme", { is: `"${written}" is no scheme of a rule`, start: 0, end, replacement: meant });
}

/** What a URL has and a rule has not. The slash before the length of a prefix begins no path. */
function checkUrlParts({ text, fail }: RuleText, start: number): void {
  const rest = text.slice(start);
  const end = text.length;
  if (rest === "") fail("empty", { is: "it has no host", start: 0, end });
  // An "@" behind one of these belongs to the path: the host is in front of it.
  const user = (rest.split(/[/?#\\]/, 1)[0] ?? "").lastIndexOf("@");
  if (user >= 0) fail("user", { is: "it has a user name", start, end: start + user + 1, replacement: "" });
  const outside = /^\[([^\]/]*)\](\/\d{1,3})(?!\d)/.exec(rest);
  if (outside !== null) {
    const [whole, address, length] = outside;
    const replacement = `[${address}${length}]`;
    fail("bracket", { is: "the length is outside the brackets", start, end: start + whole.length, replacement });
  }
  const host = /^(?:\[[^\]]*\]|[\d.]+\/\d+(?![^:/?#\\]))/.exec(rest)?.[0] ?? "";
  const cut = rest.slice(host.length).search(/[/?#\\]/);
  if (cut < 0) return;
  const at = host.length + cut;
  const kind = rest[at] === "?" ? "query" : rest[at] === "#" ? "fragment" : rest[at] === "\\" ? "backslash" : "path";
  fail(kind, {
    is: kind === "backslash" ? "it has a backslash" : `it has a ${kind} ("${rest.slice(at, at + 40)}")`,
    start: start + at,
    end,
    // Parsers disagree on where the host ends at a backslash; nobody can tell which was meant.
    ...(kind !== "backslash" && { replacement: "" }),
  });
}

/** An IPv6 address or prefix that is not in brackets: its colons could be the port's. */
function checkBareIpv6({ text, fail }: RuleText, start: number): void {
  const rest = text.slice(start);
  const [, bare] = /^([\da-f:.]*:[\da-f:.]*:[\da-f:.]*)(?:%[^/]*)?(?:\/\d{1,3})?$/i.exec(rest) ?? [];
  if (bare === undefined) return;
  const isAddress = parseIpAddress(bare) !== undefined;
  const is = isAddress
    ? "the IPv6 address is not in brackets"
    : `"${rest}" is neither an address nor a host and a port`;
  fail("bracket", { is, start, end: text.length, ...(isAddress && { replacement: `[${rest}]` }) });
}

function readPorts({ text, fail }: RuleText, start: number): PortRange | undefined {
  if (start === text.length) return undefined;
  const written = text.slice(start + 1);
  const end = text.length;
  if (text[start] !== ":") return fail("port", { is: `"${text.slice(start)}" follows the host`, start, end });
  if (written === "*") return ANY_PORT;
  const range = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(written);
  const first = Number(range?.[1]);
  const last = range?.[2] === undefined ? first : Number(range[2]);
  if (range === null || first > 65535 || last > 65535) {
    return fail("port", { is: portFault(written), start, end, ...portFix(written) });
  }
  if (first <= last) return { first, last };
  return fail("range", { is: `"${written}" ends before it begins`, start, end, replacement: `:${last}-${first}` });
}

function portFault(written: string): string {
  if (written === "") return "there is no port after the colon";
  if (/^0+$/.test(written)) return "nothing has port 0";
  if (/^\d[\d-]*[,;]/.test(written)) return `"${written}" is a list, and a rule has one port or one range`;
  return `"${written}" is no port`;
}

/** Leading zeros, an open end and no port at all have one answer; a list needs a rule for each. */
function portFix(written: string): { readonly replacement?: string; readonly fix?: string } {
  if (written === "") return { replacement: "" };
  if (/^\d[\d-]*[,;]/.test(written)) return { fix: "write one rule for each port" };
  const range = /^0*([1-9]\d*)?(?:(-|:|\.\.)0*([1-9]\d*)?)?$/.exec(written);
  if (range === null || /^0+$/.test(written)) return {};
  const [, first = "1", separator, last = "65535"] = range;
  return { replacement: separator === undefined ? `:${first}` : `:${first}-${last}` };
}
