/** Socket addresses between WIT and the core. A scope-id or flow-info changes no verdict and is 0 in what a guest is shown. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-network";
import { type IpAddress, ipv6Address, ipv6Groups, type SocketAddress } from "../../base/ip_address.ts";
import type { HostSide } from "../types.ts";

/** `ip-socket-address` as a guest passes and gets it. */
export type WitSocketAddress = HostSide<Declared.IpSocketAddress>;

/** What the core works with. */
export function socketAddressFromWit({ tag, val }: WitSocketAddress): SocketAddress {
  const address: IpAddress = tag === "ipv4" ? { family: tag, bytes: val.address } : ipv6Address(val.address);
  return { address, port: val.port };
}

/** What a guest is shown. */
export function socketAddressToWit({ address, port }: SocketAddress): WitSocketAddress {
  const shown = ipAddressToWit(address);
  return shown.tag === "ipv4"
    ? { tag: "ipv4", val: { port, address: shown.val } }
    : { tag: "ipv6", val: { port, flowInfo: 0, address: shown.val, scopeId: 0 } };
}

/** `ip-address` as a guest is shown it. */
export function ipAddressToWit(address: IpAddress): Declared.IpAddress {
  if (address.family === "ipv4") {
    const [a = 0, b = 0, c = 0, d = 0] = address.bytes;
    return { tag: "ipv4", val: [a, b, c, d] };
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = ipv6Groups(address);
  return { tag: "ipv6", val: [a, b, c, d, e, f, g, h] };
}
