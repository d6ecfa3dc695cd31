/** `wasi:sockets/tcp`, as a guest sees it. */
import type { Pollable } from "./io_poll.ts";
import type { InputStream, OutputStream } from "./io_streams.ts";
import type { IpSocketAddress, Network } from "./sockets_network.ts";

/** Every method but `subscribe` throws an `ErrorCode`. */
export declare class TcpSocket implements Disposable {
  private constructor();
  startBind(network: Network, address: IpSocketAddress): void;
  finishBind(): void;
  startConnect(network: Network, address: IpSocketAddress): void;
  finishConnect(): readonly [InputStream, OutputStream];
  startListen(): void;
  finishListen(): void;
  accept(): readonly [TcpSocket, InputStream, OutputStream];
  localAddress(): IpSocketAddress;
  remoteAddress(): IpSocketAddress;
  shutdown(what: "receive" | "send" | "both"): void;
  subscribe(): Pollable;
  [Symbol.dispose](): void;
}
