/** `wasi:sockets/instance-network`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-instance-network";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";
import { Network } from "./network.ts";

/** The interface `wasi:sockets/instance-network`. */
export function instanceNetworkInterface({ counters }: HostContext) {
  return {
    // WIT instance-network: func() -> network
    instanceNetwork: () => new Network({ counters }),
  } satisfies HostInterface<typeof Declared>;
}
