/** `wasi:sockets/instance-network`, as a guest sees it. */
import type { Network } from "./sockets_network.ts";

/** The workload's network. */
export declare function instanceNetwork(): Network;
