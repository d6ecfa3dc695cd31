/** The way out over this machine's sockets, and what the machine says about itself. */
import { networkInterfaces } from "node:os";
import type { Clock } from "../base/clock.ts";
import { type IpAddress, type IpPrefix, parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { Egress } from "../network/egress.ts";
import { dialEgressTcp } from "../network/egress_tcp.ts";
import { openEgressUdp } from "../network/egress_udp.ts";
import type { OwnAddresses } from "../policy/address_class.ts";

/** Over the machine's sockets. */
export const DEFAULT_EGRESS: Egress = { dial: dialEgressTcp, openUdp: openEgressUdp };

/** They change while the gateway runs, but not for each datagram; reading them costs more than a decision. */
const INTERFACES_FRESH_NS = 1_000_000_000n;

/** What the addresses of this machine and gateway are made of. */
export interface OwnAddressesOptions {
  readonly clock: Clock;
  /** Asked at each decision: the gateway's own address is known only once it listens. */
  readonly listeners: () => readonly SocketAddress[];
  readonly nat64: readonly IpPrefix[];
}

/** What every decision is given. */
export function ownAddresses({ clock, listeners, nat64 }: OwnAddressesOptions): () => OwnAddresses {
  let interfaces: readonly IpAddress[] = [];
  let readNs: bigint | undefined;
  return () => {
    const nowNs = clock.monotonicNs();
    if (readNs === undefined || nowNs - readNs >= INTERFACES_FRESH_NS) {
      interfaces = interfaceAddresses();
      readNs = nowNs;
    }
    return { listeners: listeners(), interfaces, nat64 };
  };
}

function interfaceAddresses(): readonly IpAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address }) => parseIpAddress(address.split("%")[0] ?? "") ?? [])
  );
}
