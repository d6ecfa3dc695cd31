/** `wasi:sockets/udp-create-socket`: denied, with or without a network. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-udp-create-socket";
import { WitError } from "../../base/errors.ts";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";

/** The interface `wasi:sockets/udp-create-socket`. */
export function udpCreateSocketInterface({ network }: HostContext) {
  return {
    // WIT create-udp-socket: func(address-family: ip-address-family) -> result<udp-socket, error-code>
    createUdpSocket: (addressFamily: Declared.IpAddressFamily): never => {
      network.deny("create-udp-socket", addressFamily, network.access === "none" ? '"net": false' : "UDP is off");
      throw new WitError<Declared.ErrorCode>("access-denied");
    },
  } satisfies HostInterface<typeof Declared>;
}
