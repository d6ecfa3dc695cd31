/** A client of a workload's private loopback that is no guest of it: the operator's own, for debugging. */
import { LOOPBACK_V4, LOOPBACK_V6 } from "../base/ip_address.ts";
import { untilReady } from "../base/waitable.ts";
import type { GuestNetwork } from "./guest_network.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { TcpConnection } from "./tcp_connection.ts";

/** Connects to `port` of 127.0.0.1, or of ::1 when nobody listens there. What comes of it is the `client`'s, and goes with it. */
export async function connectToLoopback(client: GuestNetwork, port: number): Promise<TcpConnection | SocketErrorCode> {
  let outcome: TcpConnection | SocketErrorCode = "connection-refused";
  for (const address of [LOOPBACK_V4, LOOPBACK_V6]) {
    const socket = client.createTcpSocket(address.family);
    if (typeof socket === "string") return socket;
    const error = socket.startConnect({ address, port });
    if (error === undefined) await untilReady(socket);
    outcome = error ?? socket.finishConnect();
    // The connection lives on by its streams.
    socket.drop();
    if (typeof outcome !== "string") return outcome;
  }
  return outcome;
}
