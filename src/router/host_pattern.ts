/** Host patterns of routes, and the host of a request in the form that they are compared with. */
import { type PatternFault, patternFault } from "./pattern_fault.ts";

/** A host pattern, read. */
export type HostPattern =
  /** A host name, an IPv4 address, or an IPv6 address in brackets. */
  | { readonly kind: "exact"; readonly host: string }
  /** `*.suffix`: subdomains of any depth, not the suffix itself (as in the rules of network.md). */
  | { readonly kind: "suffix"; readonly suffix: string }
  | { readonly kind: "any" };

/** Labels of letters, digits, `-` and `_`. Linear: a label cannot hold the dot that ends it. */
const HOST_NAME = /^(?:[a-z0-9_-]+\.)*[a-z0-9_-]+$/;

/** The name alone may not be longer (RFC 1035 section 2.3.4). */
const HOST_LENGTH_MAX = 253;
const LABEL_LENGTH_MAX = 63;

const EXPECTED = 'a host like "example.com", "*.example.com", "[::1]", or "*" for any';

/** Reads a pattern of a file: exactly one spelling of each host is accepted, the fault suggests it. */
export function parseHostPattern(text: string): HostPattern | PatternFault {
  if (text === "*") return { kind: "any" };
  if (text === "") return patternFault("it is empty", EXPECTED, "*");
  const spelling = usualSpelling(text);
  if (spelling.fault !== undefined) return patternFault(spelling.fault, EXPECTED, spelling.suggestion);
  if (text.startsWith("[")) {
    const address = canonicalIpv6(text);
    if (address === undefined) return patternFault("it is no IPv6 address", EXPECTED);
    if (address !== text) return patternFault("it is not the shortest form of its address", EXPECTED, address);
    return { kind: "exact", host: text };
  }
  const isSuffix = text.startsWith("*.");
  const name = isSuffix ? text.slice(2) : text;
  if (name.includes("*")) {
    return patternFault('it has a "*" that is not the whole first label', EXPECTED);
  }
  if (!HOST_NAME.test(name)) return patternFault("it is no host name", EXPECTED);
  if (name.length > HOST_LENGTH_MAX) return patternFault(`it has ${name.length} characters`, "at most 253");
  if (name.split(".").some((label) => label.length > LABEL_LENGTH_MAX)) {
    return patternFault("one of its labels has more than 63 characters", EXPECTED);
  }
  if (isSuffix && /^[0-9.]+$/.test(name)) return patternFault("an address has no subdomains", EXPECTED, name);
  return isSuffix ? { kind: "suffix", suffix: name } : { kind: "exact", host: name };
}

/**
 * The host of a request in the form of the patterns: without port and the root's dot, lower case, IPv6 in its
 * shortest form. "" when there is none or when it cannot be read; only routes for any host answer then, and a
 * listener refuses such a request before it comes here (RFC 9112 section 3.2).
 */
export function requestHost(authority: string | undefined): string {
  if (authority === undefined || authority === "") return "";
  if (authority.startsWith("[")) {
    const end = authority.indexOf("]");
    if (end < 0 || !isPort(authority.slice(end + 1))) return "";
    return canonicalIpv6(authority.slice(0, end + 1)) ?? "";
  }
  const colon = authority.indexOf(":");
  if (colon >= 0 && !isPort(authority.slice(colon))) return "";
  let host = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase();
  if (host.endsWith(".")) host = host.slice(0, -1);
  return host.length <= HOST_LENGTH_MAX && HOST_NAME.test(host) ? host : "";
}

/** Spellings that people write and that mean one clear thing. */
function usualSpelling(text: string): { readonly fault?: string; readonly suggestion?: string } {
  if (/^[a-z]+:\/\//i.test(text)) {
    return { fault: "it is a URL", suggestion: text.replace(/^[a-z]+:\/\//i, "").replace(/[:/].*$/, "").toLowerCase() };
  }
  if (/[^\]]:[0-9]+$/.test(text) && !/:.*:/.test(text) || /\]:[0-9]+$/.test(text)) {
    return { fault: "it has a port", suggestion: text.replace(/:[0-9]+$/, "").toLowerCase() };
  }
  if (!text.startsWith("[") && /^[0-9a-f]*:[0-9a-f:.]+$/i.test(text)) {
    return { fault: "it is an IPv6 address without brackets", suggestion: `[${text.toLowerCase()}]` };
  }
  if (/[^\0-\x7f]/.test(text)) {
    const ascii = asciiHost(text);
    const fault = "it has letters that a request never carries";
    return ascii === undefined ? { fault } : { fault, suggestion: ascii };
  }
  if (text !== text.toLowerCase()) return { fault: "it has upper-case letters", suggestion: text.toLowerCase() };
  if (/[^.*]\.$/.test(text)) return { fault: "it ends in a dot", suggestion: text.slice(0, -1) };
  return {};
}

/** "", or a colon and digits (RFC 3986 section 3.2.3 allows a colon alone). */
function isPort(text: string): boolean {
  return text === "" || /^:[0-9]{0,5}$/.test(text);
}

/** `[::1]` for every spelling of that address. */
function canonicalIpv6(bracketed: string): string | undefined {
  if (!/^\[[0-9a-fA-F:.]+\]$/.test(bracketed)) return undefined;
  const url = `http://${bracketed}/`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** The form in which browsers send an international name (UTS-46). */
function asciiHost(text: string): string | undefined {
  const prefix = text.startsWith("*.") ? "*." : "";
  const url = `http://${text.slice(prefix.length)}/`;
  return URL.canParse(url) ? prefix + new URL(url).hostname : undefined;
}
