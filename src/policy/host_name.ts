/**
 * What a rule, a URL or a guest calls a host, in the one form that is compared, resolved and sent: a name after
 * UTS-46 in lower case without a trailing dot, or an address as bytes.
 */
import { type IpAddress, parseAnySpelling, parseIpAddress } from "../base/ip_address.ts";

/** A name here is what `parseHost` made, never a guest's text. */
export type Host =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "address"; readonly address: IpAddress };

/** RFC 1035 section 2.3.4, without the root's dot. */
const NAME_LENGTH_MAX = 253;
/** A character may be mapped to nothing or to several; longer text is no name and only costs time. */
const TEXT_LENGTH_MAX = 4 * NAME_LENGTH_MAX;
/** Letters, digits, hyphens inside, and the underscore that service names use. */
const LABEL = /^(?:[a-z0-9_]|[a-z0-9_][a-z0-9_-]{0,61}[a-z0-9_])$/;
/** What would end the host of a URL, be decoded by its parser, or be dropped: tab and newline are. */
const NOT_IN_A_HOST = /[\s\0-\x20\x7f/\\?#@%:[\]<>^|"`{}*]/;
/** In front of a name, it keeps a runtime from its short way for ASCII, which takes any `xn--` label as it is. */
const PROBE = "\u00e4";
const PROBE_ASCII = "xn--4ca";

/**
 * The host that `text` means: an address in any spelling (decimal, octal, hexadecimal, short, full-width digits, IPv6
 * with or without brackets), or a name. Undefined when it is neither; a zone, a port or a URL is neither.
 *
 * @example
 * parseHost("B\u00dcCHER.example\u3002"); // { kind: "name", name: "xn--bcher-kva.example" }
 */
export function parseHost(text: string): Host | undefined {
  const address = parseAnySpelling(text);
  if (address !== undefined) return { kind: "address", address };
  if (text === "" || text.length > TEXT_LENGTH_MAX || NOT_IN_A_HOST.test(text) || !text.isWellFormed()) {
    return undefined;
  }
  const ascii = hostOfUrl(text);
  const mapped = ascii === undefined ? undefined : parseIpAddress(ascii);
  if (mapped !== undefined) return { kind: "address", address: mapped };
  return ascii === undefined ? undefined : nameOf(ascii);
}

/** `localhost` and every name below it: always the private loopback (RFC 6761 section 6.3). */
export function isLocalhost(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/**
 * The names above `name`, the nearest first: what a `*.suffix` would say to match it.
 *
 * @example
 * parentsOf("a.b.c"); // ["b.c", "c"]
 */
export function parentsOf(name: string): string[] {
  const parents: string[] = [];
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) parents.push(name.slice(dot + 1));
  return parents;
}

function nameOf(ascii: string): Host | undefined {
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  if (name.length > NAME_LENGTH_MAX || !name.split(".").every((label) => LABEL.test(label))) return undefined;
  // An `xn--` label that decodes to what no name has (or to ASCII) passes one runtime's parser and not the other's.
  if (name.includes("xn--") && hostOfUrl(`${PROBE}.${name}`) !== `${PROBE_ASCII}.${name}`) return undefined;
  return { kind: "name", name };
}

/**
 * UTS-46 as the URL standard applies it. Not `domainToASCII`: on Deno it maps U+2100 to `a/c` and lets that through, and
 * decodes no address; the URL parser of both refuses the one and decodes the other.
 */
function hostOfUrl(text: string): string | undefined {
  const url = URL.parse(`http://${text}/`);
  return url === null || url.hostname === "" ? undefined : url.hostname;
}
