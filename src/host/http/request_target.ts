/** The parts of a request's target: what a guest may set, and where `handle` would send it (RFC 3986, RFC 9110 section 4.2). */
import { isToken } from "./field_grammar.ts";

/** Longer ones are refused when set. Servers stop at 8 to 64 KiB for the whole request line. */
export const PATH_LENGTH_MAX = 65_536;

/** A name has at most 253 characters, a user part is refused later anyway. */
export const AUTHORITY_LENGTH_MAX = 1_024;

/** Real methods have up to 17 characters (UPDATEREDIRECTREF). */
export const METHOD_LENGTH_MAX = 256;

/** As in the usual URI libraries. */
export const SCHEME_LENGTH_MAX = 64;

/** `*`, or a path from the root with a query, or one of the two; visible ASCII without what no URI holds. */
const PATH_WITH_QUERY = /^(?:\*|(?:\/[!"$-;=@-~]*)?(?:\?[!$-;=?-~]*)?)$/;

const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*$/;

/** RFC 3986 section 3.2: user part, registered name or IP literal, port. A colon needs digits behind it, as in wasmtime. */
const AUTHORITY =
  /^(?:(?<user>(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*)@)?(?<host>\[[^\]]*\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::(?<port>[0-9]+))?$/;

/** Without a zone: a scope means something on one machine only. */
const IP_LITERAL = /^\[[0-9A-Fa-f:.]+\]$/;

const PORT_MAX = 65_535;

/** Whether `method.other` may have this name. */
export function isMethodName(text: string): boolean {
  return text.length <= METHOD_LENGTH_MAX && isToken(text);
}

/** Whether it is a path and query, the empty one included. */
export function isPathWithQuery(text: string): boolean {
  return text.length <= PATH_LENGTH_MAX && PATH_WITH_QUERY.test(text);
}

/** Whether `scheme.other` may have this name. */
export function isSchemeName(text: string): boolean {
  return text.length <= SCHEME_LENGTH_MAX && SCHEME.test(text);
}

/** Whether it is an authority by syntax; it may still be none that a request is sent to. */
export function isAuthority(text: string): boolean {
  if (text.length > AUTHORITY_LENGTH_MAX) return false;
  const groups = AUTHORITY.exec(text)?.groups;
  const host = groups?.["host"];
  if (groups === undefined || host === undefined) return false;
  if (host.startsWith("[") && !isIpLiteral(host)) return false;
  return groups["port"] === undefined || Number(groups["port"]) <= PORT_MAX;
}

/** The URL parser of the runtime knows every spelling of an IPv6 address. */
function isIpLiteral(host: string): boolean {
  return IP_LITERAL.test(host) && URL.canParse(`http://${host}/`);
}
