/** IPv6 addresses that carry an IPv4 one: whatever translates or tunnels them, the packet ends at that IPv4 address. */
import {
  type IpAddress,
  type IpPrefix,
  isInPrefix,
  isLoopback,
  isUnspecified,
  parsePrefix,
} from "../base/ip_address.ts";

interface CarrierRow {
  readonly name: string;
  readonly prefix: string;
  /** Where the four bytes are. */
  readonly at: number;
  /** Teredo stores the client's address with every bit flipped (RFC 4380 section 4). */
  readonly isFlipped?: true;
}

/** Teredo carries two: the server that relays and the client that receives; both are judged. */
const CARRIERS: readonly CarrierRow[] = [
  { name: "IPv4-mapped (RFC 4291)", prefix: "::ffff:0:0/96", at: 12 },
  { name: "IPv4-compatible (RFC 4291)", prefix: "::/96", at: 12 },
  { name: "IPv4-translated (RFC 2765)", prefix: "::ffff:0:0:0/96", at: 12 },
  { name: "NAT64 (RFC 6052)", prefix: "64:ff9b::/96", at: 12 },
  { name: "6to4 (RFC 3056)", prefix: "2002::/16", at: 2 },
  { name: "Teredo server (RFC 4380)", prefix: "2001::/32", at: 4 },
  { name: "Teredo client (RFC 4380)", prefix: "2001::/32", at: 12, isFlipped: true },
];
const PARSED_CARRIERS = CARRIERS.map((row) => ({ ...row, prefix: parsePrefix(row.prefix) }));

/** The lengths of RFC 6052 section 2.2; others have no place for the four bytes. */
const NAT64_LENGTHS: readonly number[] = [32, 40, 48, 56, 64, 96];

/** Whether a prefix can stand in `nat64`. */
export function isNat64Prefix({ address, bits }: IpPrefix): boolean {
  return address.family === "ipv6" && NAT64_LENGTHS.includes(bits);
}

/** The IPv4 addresses that `address` carries; none for most. `nat64`: prefixes of the local network besides 64:ff9b::/96. */
export function carriedIpv4(address: IpAddress, nat64: readonly IpPrefix[] = []): readonly IpAddress[] {
  if (address.family === "ipv4" || isUnspecified(address) || isLoopback(address)) return [];
  const carried: IpAddress[] = [];
  for (const { prefix, at, isFlipped } of PARSED_CARRIERS) {
    if (isInPrefix(address, prefix)) carried.push(fourBytes(address, at, isFlipped === true));
  }
  for (const prefix of nat64) {
    if (isInPrefix(address, prefix)) carried.push(translatedBytes(address, prefix.bits));
  }
  if (isIsatap(address)) carried.push(fourBytes(address, 12, false));
  return carried;
}

/** RFC 6052 section 2.2: the four bytes follow the prefix and leave out byte 8. */
function translatedBytes({ bytes }: IpAddress, bits: number): IpAddress {
  const start = bits / 8;
  return { family: "ipv4", bytes: bytes.slice(start, start + 5).filter((_, at) => start + at !== 8).slice(0, 4) };
}

/** ISATAP (RFC 5214 section 6.1): the interface identifier is 0000:5efe or 0200:5efe and the address, under any prefix. */
export function isIsatap({ bytes }: IpAddress): boolean {
  return (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
}

function fourBytes({ bytes }: IpAddress, at: number, isFlipped: boolean): IpAddress {
  return { family: "ipv4", bytes: bytes.slice(at, at + 4).map((byte) => (isFlipped ? byte ^ 0xff : byte)) };
}
