/** The way out by the default policy: what `policy` decides about this machine's addresses, dialled by `network`. */
import { networkInterfaces } from "node:os";
import { type IpAddress, parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { Egress } from "../network/egress.ts";
import { dialEgressTcp } from "../network/egress_tcp.ts";
import { decideTcp } from "../policy/decide.ts";

/** `listeners` is asked at each decision: the gateway's own address is known only once it listens. */
export function defaultEgress(listeners: () => readonly SocketAddress[]): Egress {
  return {
    // Only workloads with the default access ask.
    decide: (remote) =>
      decideTcp(remote, { access: "default", own: { listeners: listeners(), interfaces: interfaceAddresses() } }),
    dial: dialEgressTcp,
  };
}

/** They change while the gateway runs, and connections to the outside are rare beside what reading them costs. */
function interfaceAddresses(): readonly IpAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address }) => parseIpAddress(address.split("%")[0] ?? "") ?? [])
  );
}
