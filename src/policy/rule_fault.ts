/** What is wrong with the text of a rule or of a name: where, a sentence, and what to write instead. */
import { escapeText } from "../base/escape_text.ts";
import type { FaultPlace } from "./rule_text.ts";

/** One of each kind of mistake; tests and tools match these, never the sentence. */
export type RuleFaultKind = keyof typeof EXPECTED;

/** One mistake; the first that was met. */
export interface RuleFault {
  readonly kind: RuleFaultKind;
  /** UTF-16 units from the start of the text; `end` is not included. */
  readonly start: number;
  readonly end: number;
  /** A sentence in the form of `base/errors.ts`. */
  readonly message: string;
  /** What to do, when there is one answer. */
  readonly fix?: string;
  /** The text that would be read, when there is one; part of `fix`. */
  readonly replacement?: string;
}

/** What each kind of fault should have been. */
const EXPECTED = {
  empty: 'a rule such as "https://api.example.com", "10.1.0.0/16:5432" or "public"',
  long: "at most 1,024 characters",
  space: "no white space or control character",
  scheme: "tcp, udp, http, https or no scheme",
  user: "no user name",
  path: "no path: a rule is for a whole host and port",
  query: "no query: a rule is for a whole host and port",
  fragment: "no fragment: a rule is for a whole host and port",
  backslash: "no backslash",
  percent: "the character itself: nothing is decoded",
  star: 'a "*" alone, or "*." before a name',
  port: 'a port from 1 to 65535 without leading zeros, a range "first-last" or "*"',
  range: "the lower port first",
  bracket: "an IPv6 address or prefix between [ and ]",
  zone: "an address without a zone",
  ipv4: "four decimal parts from 0 to 255",
  ipv6: "an IPv6 address of RFC 4291",
  length: "a length from 0 to 32, or to 128 for IPv6, without leading zeros",
  cidr: "a prefix whose bits after the length are 0",
  loopback: "an address outside: the loopback is always the private network and takes no rule",
  never: "an address that a rule can open",
  carried: "the IPv4 address it carries: it is judged as that",
  word: '"public", "private", "link-local", "*" or a host',
  name: "a host name of letters, digits, hyphens and dots",
  nameOnly: 'a name such as "db.example.com" or "*.example.com"',
} as const;

/** A rule text is short; longer is no mistake of typing, and reading it only costs time. */
export const RULE_LENGTH_MAX = 1024;

/** @example makeFault("path", { text: "x/y", noun: "rule" }, { is: "it has a path", start: 1, end: 3, replacement: "x" }) */
export function makeFault(
  kind: RuleFaultKind,
  { text, noun }: { readonly text: string; readonly noun: "rule" | "name" },
  { is, start, end, replacement, fix }: FaultPlace,
): RuleFault {
  const shown = text.length > 100 ? `${text.slice(0, 100)}...` : text;
  const said = fix ?? (replacement === undefined ? undefined : `write "${escapeText(replacement)}"`);
  return {
    kind,
    start,
    end,
    message: `Cannot read ${noun} "${escapeText(shown)}": ${escapeText(is)}, expected ${EXPECTED[kind]}`,
    ...(said !== undefined && { fix: said }),
    ...(replacement !== undefined && { replacement }),
  };
}
