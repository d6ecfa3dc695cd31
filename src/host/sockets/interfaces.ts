/** The interfaces of `wasi:sockets`, bound to one guest. */
import type { HostContext } from "../context.ts";
import { instanceNetworkInterface } from "./instance_network.ts";
import { ipNameLookupInterface } from "./ip_name_lookup.ts";
import { NETWORK_INTERFACE } from "./network.ts";
import { TCP_INTERFACE } from "./tcp.ts";
import { tcpCreateSocketInterface } from "./tcp_create_socket.ts";
import { UDP_INTERFACE } from "./udp.ts";
import { udpCreateSocketInterface } from "./udp_create_socket.ts";

/** By name without version; they serve every 0.2.x. */
export function socketInterfaces(context: HostContext): Readonly<Record<string, object>> {
  return {
    "wasi:sockets/instance-network": instanceNetworkInterface(context),
    "wasi:sockets/ip-name-lookup": ipNameLookupInterface(context),
    "wasi:sockets/network": NETWORK_INTERFACE,
    "wasi:sockets/tcp": TCP_INTERFACE,
    "wasi:sockets/tcp-create-socket": tcpCreateSocketInterface(context),
    "wasi:sockets/udp": UDP_INTERFACE,
    "wasi:sockets/udp-create-socket": udpCreateSocketInterface(context),
  };
}
