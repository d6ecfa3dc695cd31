/**
 * IP addresses as bytes: parsing of every spelling, the canonical text, prefixes, and the few kinds that
 * the socket interfaces name themselves. What an address may be used for is `policy`'s matter.
 */

/** Which kind of address. */
export type IpFamily = "ipv4" | "ipv6";

/** 4 bytes for IPv4, 16 for IPv6, in network order. There is no zone: a scope changes no verdict. */
export interface IpAddress {
  /** Which says how many bytes there are. */
  readonly family: IpFamily;
  /** Of it, the first one first. */
  readonly bytes: readonly number[];
}

/** An address and a port. */
export interface SocketAddress {
  /** Where. */
  readonly address: IpAddress;
  /** 0 to 65535. */
  readonly port: number;
}

/** All addresses whose first `bits` bits are those of `address`. */
export interface IpPrefix {
  readonly address: IpAddress;
  readonly bits: number;
}

/** @example ipv4Address(127, 0, 0, 1) */
export function ipv4Address(...bytes: readonly [number, number, number, number]): IpAddress {
  return { family: "ipv4", bytes };
}

/** From eight 16-bit groups. */
export function ipv6Address(groups: readonly number[]): IpAddress {
  return { family: "ipv6", bytes: groups.flatMap((group) => [group >> 8, group & 0xff]) };
}

/** 127.0.0.1. */
export const LOOPBACK_V4: IpAddress = ipv4Address(127, 0, 0, 1);
/** ::1. */
export const LOOPBACK_V6: IpAddress = ipv6Address([0, 0, 0, 0, 0, 0, 0, 1]);

/**
 * The strict text form: four decimal parts without leading zeros, or RFC 4291 IPv6 without a zone.
 *
 * @example parseIpAddress("::ffff:10.0.0.1")
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.includes(":")) return parseIpv6(text);
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return { family: "ipv4", bytes: parts.map(Number) };
}

/**
 * What a resolver or a URL would take for an address: the strict form, IPv6 in brackets, and IPv4 with
 * one to four parts in decimal, octal or hexadecimal (`2130706433`, `0x7f.1`, `0177.0.0.1`), with one trailing dot.
 */
export function parseAnySpelling(text: string): IpAddress | undefined {
  if (text.startsWith("[")) return text.endsWith("]") ? parseIpv6(text.slice(1, -1)) : undefined;
  return text.includes(":") ? parseIpv6(text) : parseLooseIpv4(text);
}

/** The canonical text: dotted decimal, or RFC 5952. */
export function formatIpAddress(address: IpAddress): string {
  if (address.family === "ipv4") return address.bytes.join(".");
  if (isIpv4Mapped(address)) return `::ffff:${address.bytes.slice(12).join(".")}`;
  const groups = ipv6Groups(address);
  const [start, length] = longestZeroRun(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** @example formatSocketAddress({ address: LOOPBACK_V6, port: 80 }) // "[::1]:80" */
export function formatSocketAddress({ address, port }: SocketAddress): string {
  return address.family === "ipv4" ? `${formatIpAddress(address)}:${port}` : `[${formatIpAddress(address)}]:${port}`;
}

/** The eight 16-bit groups of an IPv6 address. */
export function ipv6Groups(address: IpAddress): number[] {
  return Array.from({ length: 8 }, (_, at) => (byteAt(address, 2 * at) << 8) | byteAt(address, 2 * at + 1));
}

/** True for the same bytes of the same family. */
export function isSameAddress(one: IpAddress, other: IpAddress): boolean {
  return one.family === other.family && one.bytes.every((byte, at) => byte === other.bytes[at]);
}

/** @throws RangeError when `text` is no prefix; for tables written in the source. */
export function parsePrefix(text: string): IpPrefix {
  const [addressText = "", bitsText] = text.split("/");
  const address = parseIpAddress(addressText);
  const bitsMax = address?.family === "ipv4" ? 32 : 128;
  const bits = bitsText === undefined ? bitsMax : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1;
  if (address === undefined || bits < 0 || bits > bitsMax) {
    throw new RangeError(`Cannot read prefix "${text}": not an address and a length, expected for example 10.0.0.0/8`);
  }
  return { address, bits };
}

/** Addresses of the other family are in no prefix. */
export function isInPrefix(address: IpAddress, prefix: IpPrefix): boolean {
  if (address.family !== prefix.address.family) return false;
  const wholeBytes = prefix.bits >> 3;
  for (let at = 0; at < wholeBytes; at++) {
    if (byteAt(address, at) !== byteAt(prefix.address, at)) return false;
  }
  const restBits = prefix.bits & 7;
  return restBits === 0 || (byteAt(address, wholeBytes) ^ byteAt(prefix.address, wholeBytes)) >> (8 - restBits) === 0;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: IpAddress): boolean {
  return address.family === "ipv4" ? byteAt(address, 0) === 127 : isSameAddress(address, LOOPBACK_V6);
}

/** 0.0.0.0 and ::. */
export function isUnspecified(address: IpAddress): boolean {
  return address.bytes.every((byte) => byte === 0);
}

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast(address: IpAddress): boolean {
  return address.family === "ipv4" ? byteAt(address, 0) >> 4 === 0xe : byteAt(address, 0) === 0xff;
}

/** 255.255.255.255. */
export function isBroadcast(address: IpAddress): boolean {
  return address.family === "ipv4" && address.bytes.every((byte) => byte === 255);
}

const MAPPED = parsePrefix("::ffff:0:0/96");
const COMPATIBLE = parsePrefix("::/96");

/** ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
export function isIpv4Mapped(address: IpAddress): boolean {
  return isInPrefix(address, MAPPED);
}

/** ::a.b.c.d (RFC 4291 section 2.5.5.1); :: and ::1 are none. */
export function isIpv4Compatible(address: IpAddress): boolean {
  return isInPrefix(address, COMPATIBLE) && !isUnspecified(address) && !isLoopback(address);
}

function byteAt(address: IpAddress, at: number): number {
  return address.bytes[at] ?? 0;
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [parseGroups(halves[0] ?? "", halves.length === 1), parseGroups(halves[1] ?? "", true)];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return ipv6Address([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

/** Groups between colons; the last may be a dotted IPv4 address where `isEnd` says so. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [at, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const [a = 0, b = 0, c = 0, d = 0] = (isEnd && at === parts.length - 1 ? parseIpAddress(part) : undefined)?.bytes ??
      [-1];
    if (a < 0) return undefined;
    groups.push((a << 8) | b, (c << 8) | d);
  }
  return groups;
}

/** The IPv4 parser of the WHATWG URL standard (which inet_aton agrees with). */
function parseLooseIpv4(text: string): IpAddress | undefined {
  const parts = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  if (parts.length > 4) return undefined;
  const numbers = parts.map(parseLooseNumber);
  const last = numbers.pop() ?? Number.NaN;
  if (!numbers.every((part) => part <= 255) || !(last < 256 ** (4 - numbers.length))) return undefined;
  const bytes = numbers;
  for (let shift = 3 - numbers.length; shift >= 0; shift--) bytes.push(Math.floor(last / 256 ** shift) % 256);
  return { family: "ipv4", bytes };
}

function parseLooseNumber(text: string): number {
  if (/^0x[0-9a-f]*$/i.test(text)) return text.length === 2 ? 0 : Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
}

/** RFC 5952 section 4.2: the longest run of zero groups, the first of equals. */
function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let [start, length] = [0, 0];
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
    at = Math.max(at, end - 1);
  }
  return [start, length];
}
