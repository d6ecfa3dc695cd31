/** `wasi:sockets/tcp-create-socket`, as a guest sees it. */
import type { TcpSocket } from "./sockets_tcp.ts";

/** @throws ErrorCode */
export declare function createTcpSocket(family: "ipv4" | "ipv6"): TcpSocket;
