/** `wasi:sockets/tcp-create-socket`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-tcp-create-socket";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";
import { orThrow } from "./network.ts";
import { TcpSocket } from "./tcp.ts";

/** The interface `wasi:sockets/tcp-create-socket`. */
export function tcpCreateSocketInterface(context: HostContext) {
  return {
    // WIT create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>
    createTcpSocket: (addressFamily: Declared.IpAddressFamily) =>
      new TcpSocket(orThrow(context.network.createTcpSocket(addressFamily)), {
        counters: context.counters,
        trace: () => context.trace,
      }),
  } satisfies HostInterface<typeof Declared>;
}
