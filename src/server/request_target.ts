/** What a request is for: request-target and Host read together (RFC 9112 section 3.2). Pure. */

/** The part of a request that names its target. */
export interface TargetInput {
  readonly method: string;
  /** The request-target as received. */
  readonly target: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  /** Of the connection. Default: http. */
  readonly scheme?: "http" | "https";
}

/** What the router and the guest get to see. */
export interface RequestTarget {
  /** As received, checked; undefined when a client of HTTP/1.0 named none. */
  readonly authority: string | undefined;
  /** The path as received, without the query. */
  readonly path: string;
  readonly pathWithQuery: string;
}

/** What came of reading a target. */
export type TargetVerdict =
  | { readonly kind: "target"; readonly target: RequestTarget }
  /** `OPTIONS *`: about the server, not about a resource. */
  | { readonly kind: "server-wide" }
  /** An https target on a connection without TLS, or the other way round (RFC 9110 section 7.4). */
  | { readonly kind: "misdirected" }
  | { readonly kind: "bad"; readonly reason: string };

/** A name or IPv4 address, or an IPv6 address in brackets, with or without a port. Stricter than the RFC: no sub-delims, no escapes. */
const AUTHORITY = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?$/;
const ABSOLUTE_FORM = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/;
/** What a path may hold: visible ASCII without `#`, which no client sends. */
const PATH = /^\/[!-"$-~]*$/;
const PORT_MAX = 65_535;
/** No longer name can be resolved (RFC 1035 section 2.3.4). */
const HOST_LENGTH_MAX = 253;

/** Reads what `input` asks for. */
export function parseRequestTarget(input: TargetInput): TargetVerdict {
  const hosts = findValues(input.rawHeaders, "host");
  if (hosts.length > 1) return bad("more than one Host field");
  const [hostField] = hosts;
  if (hostField === undefined && input.httpVersion !== "1.0") return bad("no Host field");
  if (hostField !== undefined && !isAuthority(hostField)) return bad("an invalid Host field");

  if (input.target === "*") {
    return input.method === "OPTIONS" ? { kind: "server-wide" } : bad("an asterisk target");
  }
  // Its authority was just looked at.
  if (input.target.startsWith("/")) return targetOf(hostField, input.target);
  const absolute = ABSOLUTE_FORM.exec(input.target);
  if (absolute === null) return bad("an invalid request target");
  const [, scheme = "", authority = "", rest = ""] = absolute;
  const asked = scheme.toLowerCase();
  if (asked !== "http" && asked !== "https") return bad("a target of an unknown scheme");
  if (asked !== (input.scheme ?? "http")) return { kind: "misdirected" };
  if (rest === "" && input.method === "OPTIONS") return { kind: "server-wide" };
  // The authority of an absolute target wins over Host (RFC 9112 section 3.2.2).
  return originForm(authority, rest.startsWith("/") ? rest : `/${rest}`);
}

function originForm(authority: string | undefined, pathWithQuery: string): TargetVerdict {
  if (authority !== undefined && !isAuthority(authority)) return bad("an invalid authority in the request target");
  return targetOf(authority, pathWithQuery);
}

function targetOf(authority: string | undefined, pathWithQuery: string): TargetVerdict {
  if (!PATH.test(pathWithQuery)) return bad("an invalid path");
  const queryStart = pathWithQuery.indexOf("?");
  const path = queryStart === -1 ? pathWithQuery : pathWithQuery.slice(0, queryStart);
  return { kind: "target", target: { authority, path, pathWithQuery } };
}

/** Most clients of a gateway name the same host: what was found good last is good again. */
let lastAuthority: string | undefined;

/** Whether a text is a host with or without a port, as `Host` may have it. */
export function isAuthority(text: string): boolean {
  if (text === lastAuthority) return true;
  if (!isWellFormedAuthority(text)) return false;
  lastAuthority = text;
  return true;
}

function isWellFormedAuthority(text: string): boolean {
  const match = AUTHORITY.exec(text);
  if (match === null) return false;
  const [, host = "", port = ""] = match;
  if (Number(port) > PORT_MAX || host.length > HOST_LENGTH_MAX) return false;
  if (host.startsWith("[")) return URL.canParse(`http://${host}/`);
  return !host.startsWith(".") && !host.includes("..");
}

function findValues(rawHeaders: readonly string[], name: string): string[] {
  const found: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const key = rawHeaders[index] ?? "";
    if (key.length === name.length && key.toLowerCase() === name) found.push(rawHeaders[index + 1] ?? "");
  }
  return found;
}

function bad(reason: string): TargetVerdict {
  return { kind: "bad", reason };
}
