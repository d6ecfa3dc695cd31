/** A rule of the egress policy as data, and the one text it is printed as. `rule_parse.ts` reads texts. */
import { formatIpAddress, type IpPrefix } from "../base/ip_address.ts";
import { nearestWord } from "../base/nearest_word.ts";

/** What a guest does with a target: a raw socket, or a request of `wasi:http`. */
export type Scheme = "tcp" | "udp" | "http" | "https";
/** Every scheme of the grammar. */
export const SCHEMES: readonly Scheme[] = ["tcp", "udp", "http", "https"];

/** Which list the rule stands in: what is not written means something else in each. */
export type RuleSide = "allow" | "deny";

/** Both ends are included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The words of the grammar for the class of an address. */
export type ClassWord = "public" | "private" | "link-local";
/** Every class word of the grammar. */
export const CLASS_WORDS: readonly ClassWord[] = ["public", "private", "link-local"];

/** What the rule is about; an address or name of the private loopback never is. */
export type RuleHost =
  /** `*` */
  | { readonly kind: "any" }
  | { readonly kind: "class"; readonly word: ClassWord }
  /** Exactly this name, in the form of `parseHost`. */
  | { readonly kind: "name"; readonly name: string }
  /** `*.suffix`: what is below it, not itself. */
  | { readonly kind: "suffix"; readonly suffix: string }
  /** An address is a prefix of full length. */
  | { readonly kind: "prefix"; readonly prefix: IpPrefix };

/** One rule of a list. Made by `parseRule`; two rules that mean the same are deeply equal. */
export interface Rule {
  readonly side: RuleSide;
  /** As written; undefined stands for several, see `isSchemeCovered`. */
  readonly scheme: Scheme | undefined;
  readonly host: RuleHost;
  /** What is compared, written or not. */
  readonly ports: PortRange;
}

/** Every port that a target can have. */
export const ANY_PORT: PortRange = { first: 1, last: 65535 };
const DEFAULT_PORTS: Readonly<Record<"http" | "https", number>> = { http: 80, https: 443 };

/** The port that a URL of this scheme means when it names none; undefined for raw sockets. */
export function defaultPort(scheme: Scheme): number | undefined {
  return scheme === "http" || scheme === "https" ? DEFAULT_PORTS[scheme] : undefined;
}

/** What a rule without a port means: the scheme's default to allow http or https, otherwise every port. */
export function impliedPorts(side: RuleSide, scheme: Scheme | undefined): PortRange {
  const port = side === "allow" && scheme !== undefined ? defaultPort(scheme) : undefined;
  return port === undefined ? ANY_PORT : { first: port, last: port };
}

/**
 * Without a scheme an allow rule is for tcp, http and https, a deny rule for all four; a deny rule for tcp covers http
 * and https, because these are TCP, but one to allow tcp does not open what the gateway speaks by itself.
 */
export function isSchemeCovered(rule: Rule, scheme: Scheme): boolean {
  if (rule.scheme === undefined) return rule.side === "deny" || scheme !== "udp";
  return rule.scheme === scheme || (rule.side === "deny" && rule.scheme === "tcp" && scheme !== "udp");
}

/** Whether the rule is for this port. */
export function isPortCovered({ ports }: Rule, port: number): boolean {
  return port >= ports.first && port <= ports.last;
}

/**
 * The shortest text that is read as this rule again.
 *
 * @example
 * printRule({ side: "allow", scheme: "https", host: { kind: "name", name: "db" }, ports: { first: 443, last: 443 } });
 * // "https://db"
 */
export function printRule({ side, scheme, host, ports }: Rule): string {
  const implied = impliedPorts(side, scheme);
  const isImplied = implied.first === ports.first && implied.last === ports.last;
  return `${scheme === undefined ? "" : `${scheme}://`}${printHost(host)}${isImplied ? "" : `:${printPorts(ports)}`}`;
}

/** Words that people take for a class and that are none, with what they look for; undefined: no rule says it. */
export const NO_WORDS: ReadonlyMap<string, string | undefined> = new Map([
  ["all", "*"],
  ["any", "*"],
  ["loopback", undefined],
  ["metadata", "link-local"],
  ["never", undefined],
  ["none", undefined],
]);

/**
 * True for a name that reads like a class word or a misspelt one: such a host is written with a trailing dot, so that
 * a slip of the finger does not become the name of a host.
 */
export function isWordLike(name: string): boolean {
  return !name.includes(".") && (NO_WORDS.has(name) || nearestWord(name, CLASS_WORDS) !== undefined);
}

function printHost(host: RuleHost): string {
  switch (host.kind) {
    case "any":
      return "*";
    case "class":
      return host.word;
    case "name":
      return isWordLike(host.name) ? `${host.name}.` : host.name;
    case "suffix":
      return `*.${host.suffix}`;
    case "prefix":
      return printPrefix(host.prefix);
  }
}

/** @example printPrefix(parsePrefix("fd00::/8")) // "[fd00::/8]" */
export function printPrefix({ address, bits }: IpPrefix): string {
  const isWhole = bits === address.bytes.length * 8;
  const text = `${formatIpAddress(address)}${isWhole ? "" : `/${bits}`}`;
  return address.family === "ipv6" ? `[${text}]` : text;
}

function printPorts({ first, last }: PortRange): string {
  if (first === ANY_PORT.first && last === ANY_PORT.last) return "*";
  return first === last ? String(first) : `${first}-${last}`;
}
