/** `wasi:sockets/ip-name-lookup`, as a guest sees it. */
import type { Pollable } from "./io_poll.ts";
import type { IpAddress, Network } from "./sockets_network.ts";

/** The addresses of a name, one after the other. */
export declare class ResolveAddressStream implements Disposable {
  private constructor();
  /** Null or undefined after the last. @throws ErrorCode */
  resolveNextAddress(): IpAddress | null | undefined;
  subscribe(): Pollable;
  [Symbol.dispose](): void;
}

/** @throws ErrorCode */
export declare function resolveAddresses(network: Network, name: string): ResolveAddressStream;
