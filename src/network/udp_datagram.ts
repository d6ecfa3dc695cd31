/** A datagram, and what one costs. */
import type { IpFamily, SocketAddress } from "../base/ip_address.ts";

/** One that was received, or is on its way on the private loopback. Whoever holds it owns `data`. */
export interface Datagram {
  readonly data: Uint8Array;
  /** Who sent it. */
  readonly remote: SocketAddress;
}

/** One that a guest sends. `data` may be a view of the guest's memory and is valid only during the call. */
export interface OutgoingDatagram {
  readonly data: Uint8Array;
  /** undefined where the socket has a remote address. */
  readonly remote: SocketAddress | undefined;
}

/**
 * What a held datagram costs beyond its bytes, in the bounds that protect the process's memory. Without it a guest
 * could hold millions of empty ones.
 */
export const DATAGRAM_COST_BYTES = 128;

/** RFC 768 and RFC 8200: 65,535 bytes less the headers (20 of IPv4, which its length counts, and 8 of UDP). */
const DATAGRAM_BYTES_MAX: Readonly<Record<IpFamily, number>> = { ipv4: 65_507, ipv6: 65_527 };

/** True when no packet of `family` can carry so many bytes. */
export function isDatagramTooLarge(family: IpFamily, bytes: number): boolean {
  return bytes > DATAGRAM_BYTES_MAX[family];
}
