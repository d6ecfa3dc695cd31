/**
 * Proxies in front of the gateway, and what they say of the client: from a trusted peer, and through it as far as each next
 * one is trusted too, Forwarded (RFC 7239) and X-Forwarded-* are believed. Everybody else may have made them up.
 */
import {
  formatIpAddress,
  type IpAddress,
  type IpPrefix,
  isInPrefix,
  isIpv4Mapped,
  parseIpAddress,
} from "../base/ip_address.ts";
import { type ForwardedHop, parseForwarded } from "./forwarded_field.ts";
import { isAuthority } from "./request_target.ts";

/** What trusted proxies say of a request. */
export interface ProxyClaim {
  /** The client's address; undefined when the last trusted proxy does not tell it. */
  readonly client: string | undefined;
  /** What the client spoke; undefined: nobody says. */
  readonly scheme: "http" | "https" | undefined;
  /** What the client asked for, where a proxy says so. */
  readonly host: string | undefined;
}

/** A claim; undefined when nobody may make one; a fault when it says two things, or nothing that can be read. */
export type ReadClaim = ProxyClaim | { readonly fault: string } | undefined;

/** Whoever connects from more addresses than this is not looked up faster for it. */
const KNOWN_PEERS_MAX = 1_024;

/** What one kind of field says. */
interface Said {
  /** Whether it speaks of the client at all; its address may be kept back even then. */
  readonly hasClient: boolean;
  readonly client: string | undefined;
  readonly scheme: string | undefined;
  readonly host: string | undefined;
}

/** The proxies that the operator lists. */
export class TrustedProxies {
  #prefixes: readonly IpPrefix[] = [];
  /** Whether a peer is one of them: clients keep their connections, and proxies are few. */
  readonly #known = new Map<string, boolean>();

  /** From now on these. */
  use(prefixes: readonly IpPrefix[]): void {
    this.#prefixes = prefixes;
    this.#known.clear();
  }

  /** Whether the other end of a connection is one of them. */
  trusts(peer: string | undefined): peer is string {
    return this.#prefixes.length > 0 && peer !== undefined && this.#trustsPeer(peer);
  }

  /** Reads what a request says; `peer` is the address of its connection. */
  claimOf(rawHeaders: readonly string[], peer: string | undefined): ReadClaim {
    if (!this.trusts(peer)) return undefined;
    const fields = { for: "", proto: "", host: "", forwarded: "" };
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = NAMES.get((rawHeaders[index] ?? "").toLowerCase());
      // Several fields are one list (RFC 9110 section 5.3), in their order.
      if (name !== undefined) fields[name] += `,${rawHeaders[index + 1] ?? ""}`;
    }
    const hops = parseForwarded(fields.forwarded);
    if (hops === undefined) return { fault: "a Forwarded field from a trusted proxy is malformed" };
    const standard = hops.length === 0 ? undefined : this.#saidByHops(hops);
    const said = joined(standard, this.#saidByLists(listOf(fields.for), listOf(fields.proto), listOf(fields.host)));
    if (said === undefined) return { client: formatPeer(peer), scheme: undefined, host: undefined };
    if ("fault" in said) return said;
    const { hasClient, client, scheme, host } = said;
    return { client: hasClient ? client : formatPeer(peer), scheme: schemeOf(scheme), host: hostOf(host) };
  }

  #trustsPeer(peer: string): boolean {
    const known = this.#known.get(peer);
    if (known !== undefined) return known;
    const address = addressOf(peer.split("%")[0] ?? "");
    const isTrusted = address !== undefined && this.#trusts(address);
    if (this.#known.size >= KNOWN_PEERS_MAX) this.#known.clear();
    this.#known.set(peer, isTrusted);
    return isTrusted;
  }

  #trusts(address: IpAddress): boolean {
    return this.#prefixes.some((prefix) => isInPrefix(address, prefix));
  }

  /**
   * Which of the nodes is the client. The last one was added by the peer, so it is true; the one before it was added by the
   * last one, and is as true as that is trusted. So the client is the rightmost that is no trusted proxy, or the first of all.
   */
  #clientOf(nodes: readonly string[]): { readonly at: number; readonly client: string | undefined } {
    for (let at = nodes.length - 1;; at--) {
      const address = addressOf(nodes[at] ?? "");
      // Who it is its proxy does not say, so nobody knows whether it can be believed.
      if (address === undefined) return { at, client: undefined };
      if (at <= 0 || !this.#trusts(address)) return { at, client: formatIpAddress(address) };
    }
  }

  #saidByHops(hops: readonly ForwardedHop[]): Said {
    if (hops.every((hop) => hop.for === undefined)) {
      return { hasClient: false, client: undefined, scheme: hops.at(-1)?.proto, host: hops.at(-1)?.host };
    }
    const { at, client } = this.#clientOf(hops.map((hop) => hop.for ?? ""));
    return { hasClient: true, client, scheme: hops[at]?.proto, host: hops[at]?.host };
  }

  #saidByLists(nodes: readonly string[], schemes: readonly string[], hosts: readonly string[]): Said | undefined {
    if (nodes.length === 0 && schemes.length === 0 && hosts.length === 0) return undefined;
    if (nodes.length === 0) return { hasClient: false, client: undefined, scheme: schemes.at(-1), host: hosts.at(-1) };
    const { at, client } = this.#clientOf(nodes);
    // Proxies that add to all lists keep them in step; of others the last word is the nearest proxy's.
    const wordOf = (list: readonly string[]): string | undefined =>
      list[list.length === nodes.length ? at : list.length - 1];
    return { hasClient: true, client, scheme: wordOf(schemes), host: wordOf(hosts) };
  }
}

/** Field names to what they hold. */
const NAMES: ReadonlyMap<string, "for" | "proto" | "host" | "forwarded"> = new Map([
  ["forwarded", "forwarded"],
  ["x-forwarded-for", "for"],
  ["x-forwarded-proto", "proto"],
  ["x-forwarded-host", "host"],
]);

/**
 * Both kinds at once. A proxy that writes one kind often lets the other pass as its client wrote it, and nobody can tell
 * which kind this one writes: so they have to say the same, or the request is refused.
 */
function joined(standard: Said | undefined, usual: Said | undefined): Said | { readonly fault: string } | undefined {
  if (standard === undefined || usual === undefined) return standard ?? usual;
  if (standard.hasClient !== usual.hasClient) return standard.hasClient ? standard : usual;
  for (const [key, what] of [["client", "clients"], ["scheme", "schemes"], ["host", "hosts"]] as const) {
    const [one, other] = [standard[key], usual[key]];
    const isSilent = key !== "client" && (one === undefined || other === undefined);
    if (!isSilent && one !== other) {
      return { fault: `Forwarded and X-Forwarded-* from a trusted proxy name different ${what}` };
    }
  }
  return { ...standard, scheme: standard.scheme ?? usual.scheme, host: standard.host ?? usual.host };
}

function listOf(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

/** An address as proxies write it, with a port or without; other spellings of an IPv4 address are nobody's. */
function addressOf(node: string): IpAddress | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9A-Fa-f:.]+))$/.exec(node) ?? [];
  const [, withoutPort] = /^([0-9.]+):[0-9]{1,5}$/.exec(plain ?? "") ?? [];
  const text = bracketed ?? withoutPort ?? plain;
  if (
    text === undefined || (!text.includes(":") && !/^(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})$/.test(text))
  ) {
    return undefined;
  }
  const address = parseIpAddress(text);
  // A socket that listens on :: reports clients of IPv4 as mapped addresses, and so do proxies that do.
  return address !== undefined && isIpv4Mapped(address) ? { family: "ipv4", bytes: address.bytes.slice(12) } : address;
}

function formatPeer(peer: string): string {
  const address = addressOf(peer.split("%")[0] ?? "");
  return address === undefined ? peer : formatIpAddress(address);
}

function schemeOf(text: string | undefined): ProxyClaim["scheme"] {
  const scheme = text?.toLowerCase();
  return scheme === "http" || scheme === "https" ? scheme : undefined;
}

function hostOf(text: string | undefined): string | undefined {
  return text !== undefined && isAuthority(text) ? text : undefined;
}
