// UDP, which no sample uses: what test guests import beside `types/wasi.d.ts`.
declare module "wasi:sockets/udp-create-socket@0.2.10" {
  import type { IpAddressFamily } from "wasi:sockets/network@0.2.10";
  import type { UdpSocket } from "wasi:sockets/udp@0.2.10";
  /** @throws ErrorCode */
  export function createUdpSocket(family: IpAddressFamily): UdpSocket;
}

declare module "wasi:sockets/udp@0.2.10" {
  import type { Pollable } from "wasi:io/poll@0.2.10";
  import type { IpSocketAddress, Network } from "wasi:sockets/network@0.2.10";

  export interface IncomingDatagram {
    readonly data: Uint8Array;
    readonly remoteAddress: IpSocketAddress;
  }
  export interface OutgoingDatagram {
    readonly data: Uint8Array;
    readonly remoteAddress: IpSocketAddress | null;
  }
  /** Every method but `subscribe` throws an `ErrorCode`. */
  export class UdpSocket implements Disposable {
    private constructor();
    startBind(network: Network, address: IpSocketAddress): void;
    finishBind(): void;
    stream(remote: IpSocketAddress | null): [IncomingDatagramStream, OutgoingDatagramStream];
    localAddress(): IpSocketAddress;
    remoteAddress(): IpSocketAddress;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
  export class IncomingDatagramStream implements Disposable {
    private constructor();
    receive(resultsMax: number): IncomingDatagram[];
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
  export class OutgoingDatagramStream implements Disposable {
    private constructor();
    checkSend(): number;
    send(datagrams: readonly OutgoingDatagram[]): number;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
}
