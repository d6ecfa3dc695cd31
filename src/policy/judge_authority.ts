/** The authority of a request of `wasi:http`: parsed once; what was parsed is judged, dialled and sent as Host. */
import { formatIpAddress, type IpAddress, isLoopback, LOOPBACK_V4, LOOPBACK_V6 } from "../base/ip_address.ts";
import { type Host, isLocalhost, parseHost } from "./host_name.ts";
import { deniedByOff, judgeAddress, type JudgeContext, judgeName } from "./judge.ts";
import { defaultPort } from "./rule.ts";
import type { Verdict } from "./verdict.ts";

/** Where a request goes. */
export interface Authority {
  readonly host: Host;
  /** The one used, written or not. */
  readonly port: number;
  /** The value of the Host field: the host in its one form, the port unless it is the scheme's default. */
  readonly hostField: string;
}

/** What is to be done with a request. */
export type RequestVerdict =
  /** `HTTP-request-URI-invalid`. */
  | { readonly kind: "malformed" }
  /** `HTTP-request-denied`. */
  | { readonly kind: "denied"; readonly authority: Authority; readonly verdict: Verdict }
  /** The private loopback, never the machine: tried in this order. */
  | { readonly kind: "loopback"; readonly authority: Authority; readonly addresses: readonly IpAddress[] }
  /** This address and no other. */
  | {
    readonly kind: "address";
    readonly authority: Authority;
    readonly address: IpAddress;
    readonly verdict: Verdict;
  }
  /** To be resolved; then `judgeAnswers` with this name and port. */
  | { readonly kind: "name"; readonly authority: Authority; readonly name: string; readonly verdict: Verdict };

/** A name of 253 characters in their longest spelling, and a port. */
const AUTHORITY_LENGTH_MAX = 1100;

/**
 * Undefined for an authority with a user name, a zone, a bad host or a bad port. An empty port and one with leading
 * zeros are bad, because others read them in other ways.
 *
 * @example
 * parseAuthority("EXAMPLE.com.:443", "https"); // { host: { kind: "name", name: "example.com" }, port: 443, ... }
 */
export function parseAuthority(text: string, scheme: "http" | "https"): Authority | undefined {
  if (text.length > AUTHORITY_LENGTH_MAX) return undefined;
  const [, hostText, portText] = /^(\[[^\]]*\]|[^:[\]]*)(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
  const host = hostText === undefined ? undefined : parseHost(hostText);
  const usual = defaultPort(scheme);
  const port = portText === undefined ? usual : Number(portText);
  if (host === undefined || port === undefined || port > 65535) return undefined;
  const shown = host.kind === "name" ? host.name : addressField(host.address);
  return { host, port, hostField: port === usual ? shown : `${shown}:${port}` };
}

/**
 * @example
 * judgeRequest({ scheme: "https", authority: "api.example.com" }, { policy, own }).kind; // "name"
 */
export function judgeRequest(
  request: { readonly scheme: "http" | "https"; readonly authority: string },
  { policy, own }: JudgeContext,
): RequestVerdict {
  const { scheme } = request;
  const authority = parseAuthority(request.authority, scheme);
  if (authority === undefined) return { kind: "malformed" };
  const { host, port } = authority;
  const addresses = loopbackAddresses(host);
  if (addresses !== undefined) {
    return policy.off === undefined
      ? { kind: "loopback", authority, addresses }
      : { kind: "denied", authority, verdict: deniedByOff(policy) };
  }
  if (host.kind === "address") {
    const { address } = host;
    const verdict = judgeAddress({ scheme, address, port }, { policy, own });
    return verdict.isAllowed
      ? { kind: "address", authority, address, verdict }
      : { kind: "denied", authority, verdict };
  }
  const { name } = host;
  const verdict = judgeName({ scheme, name, port }, { policy });
  return verdict.isAllowed ? { kind: "name", authority, name, verdict } : { kind: "denied", authority, verdict };
}

function loopbackAddresses(host: Host): readonly IpAddress[] | undefined {
  if (host.kind === "address") return isLoopback(host.address) ? [host.address] : undefined;
  return isLocalhost(host.name) ? [LOOPBACK_V4, LOOPBACK_V6] : undefined;
}

function addressField(address: IpAddress): string {
  const text = formatIpAddress(address);
  return address.family === "ipv6" ? `[${text}]` : text;
}
