/** Addresses of sockets as text and as WASI has them. */
import type { IpAddress, IpSocketAddress, Ipv4Address, Ipv6Address } from "./wasi/sockets_network.ts";

/** One end of a connection. */
export interface SocketAddress {
  /** The address as text; of IPv6 without brackets. */
  readonly hostname: string;
  /** The number of its port. */
  readonly port: number;
}

/** An address written as such, an IPv6 one with or without brackets; null for a name. */
export function parseAddress(hostname: string): IpAddress | null {
  const text = hostname.replace(/^\[(.*)\]$/, "$1");
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return { tag: "ipv4", val: ipv4 };
  const ipv6 = parseIpv6(text);
  return ipv6 === null ? null : { tag: "ipv6", val: ipv6 };
}

/** An address with its port. */
export function toSocketAddress(address: IpAddress, port: number): IpSocketAddress {
  if (address.tag === "ipv4") return { tag: "ipv4", val: { port, address: address.val } };
  return { tag: "ipv6", val: { port, flowInfo: 0, address: address.val, scopeId: 0 } };
}

/** An address as text. */
export function fromSocketAddress({ tag, val }: IpSocketAddress): SocketAddress {
  const hostname = tag === "ipv4"
    ? val.address.join(".")
    : val.address.map((part) => part.toString(16)).join(":").replace(/(^|:)0(:0)+(:|$)/, "::");
  return { hostname, port: val.port };
}

function parseIpv4(text: string): Ipv4Address | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return null;
  }
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return [a, b, c, d];
}

function parseIpv6(text: string): Ipv6Address | null {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0 || !text.includes(":")) return null;
  const left = groupsOf(head);
  const right = groupsOf(tail ?? "");
  if (left === null || right === null) return null;
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = [
    ...left,
    ...Array.from({ length: missing }, () => 0),
    ...right,
  ];
  return [a, b, c, d, e, f, g, h];
}

/** Groups of sixteen bits; the last may be an IPv4 address, which is two. */
function groupsOf(text: string): readonly number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [place, part] of parts.entries()) {
    const ipv4 = place === parts.length - 1 ? parseIpv4(part) : null;
    if (ipv4 !== null) groups.push(ipv4[0] * 256 + ipv4[1], ipv4[2] * 256 + ipv4[3]);
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
