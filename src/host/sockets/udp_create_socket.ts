/** `wasi:sockets/udp-create-socket`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-udp-create-socket";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";
import { orThrow } from "./network.ts";
import { UdpSocket } from "./udp.ts";

/** The interface `wasi:sockets/udp-create-socket`. */
export function udpCreateSocketInterface(context: HostContext) {
  return {
    // WIT create-udp-socket: func(address-family: ip-address-family) -> result<udp-socket, error-code>
    createUdpSocket: (addressFamily: Declared.IpAddressFamily) =>
      new UdpSocket(orThrow(context.network.createUdpSocket(addressFamily)), {
        counters: context.counters,
        trace: () => context.trace,
      }),
  } satisfies HostInterface<typeof Declared>;
}
