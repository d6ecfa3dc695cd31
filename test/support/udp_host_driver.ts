/** Drives the host classes of `wasi:sockets/udp`, as the engine does for a guest. */
import { formatSocketAddress } from "../../src/base/ip_address.ts";
import type { HostContext } from "../../src/host/context.ts";
import type { Pollable } from "../../src/host/io/poll.ts";
import { instanceNetworkInterface } from "../../src/host/sockets/instance_network.ts";
import type { IncomingDatagramStream, OutgoingDatagramStream, UdpSocket } from "../../src/host/sockets/udp.ts";
import { udpCreateSocketInterface } from "../../src/host/sockets/udp_create_socket.ts";
import { socketAddressFromWit, socketAddressToWit, type WitSocketAddress } from "../../src/host/sockets/wit_address.ts";
import { parseAddress } from "./tcp_bench.ts";
import { attempt, code, hostContext } from "./tcp_host_driver.ts";
import type { DrivenUdp, DrivenUdpStreams, Sent, UdpDriver } from "./udp_bench.ts";
import { bytesOf, datagramText } from "./udp_core_driver.ts";

export const UDP_HOST_DRIVER: UdpDriver = {
  open(guest, bench) {
    const context = hostContext(guest, bench);
    const { createUdpSocket } = udpCreateSocketInterface(context);
    return {
      create(family) {
        const socket = attempt(() => createUdpSocket(family));
        return typeof socket === "string" ? socket : drive(socket, context);
      },
    };
  },
};

/** As the engine passes the datagrams of a list. */
export function outgoing(...datagrams: readonly Sent[]): { data: Uint8Array; remoteAddress?: WitSocketAddress }[] {
  return datagrams.map(([data, to]) => ({
    data: bytesOf(data),
    ...(to === undefined ? {} : { remoteAddress: witAddress(to) }),
  }));
}

export function witAddress(address: string): WitSocketAddress {
  return socketAddressToWit(parseAddress(address));
}

function drive(socket: UdpSocket, context: HostContext): DrivenUdp {
  const network = instanceNetworkInterface(context).instanceNetwork();
  return {
    startBind: (address) => code(() => socket.startBind(network, witAddress(address))),
    finishBind: () => code(() => socket.finishBind()),
    stream(remote) {
      const pair = attempt(() => socket.stream(remote === undefined ? undefined : witAddress(remote)));
      return typeof pair === "string" ? pair : streams(...pair);
    },
    local: () => attempt(() => formatSocketAddress(socketAddressFromWit(socket.localAddress()))),
    remote: () => attempt(() => formatSocketAddress(socketAddressFromWit(socket.remoteAddress()))),
    family: () => socket.addressFamily(),
    get(option) {
      switch (option) {
        case "hopLimit":
          return BigInt(socket.unicastHopLimit());
        case "receiveBuffer":
          return socket.receiveBufferSize();
        case "sendBuffer":
          return socket.sendBufferSize();
      }
    },
    set(option, value) {
      switch (option) {
        case "hopLimit":
          return code(() => socket.setUnicastHopLimit(Number(value)));
        case "receiveBuffer":
          return code(() => socket.setReceiveBufferSize(value));
        case "sendBuffer":
          return code(() => socket.setSendBufferSize(value));
      }
    },
    isReady: () => isReady(socket),
    drop: () => socket[Symbol.dispose](),
  };
}

function streams(incoming: IncomingDatagramStream, outgoingStream: OutgoingDatagramStream): DrivenUdpStreams {
  return {
    incoming: {
      receive(datagramsMax = 10_000) {
        const datagrams = attempt(() => incoming.receive(BigInt(datagramsMax)));
        if (typeof datagrams === "string") return datagrams;
        return datagrams.map(({ data, remoteAddress }) =>
          datagramText(data, formatSocketAddress(socketAddressFromWit(remoteAddress)))
        );
      },
      isReady: () => isReady(incoming),
      whenReady: () => whenReady(incoming),
    },
    outgoing: {
      permit() {
        const permit = attempt(() => outgoingStream.checkSend());
        return typeof permit === "string" ? permit : Number(permit);
      },
      send(...datagrams) {
        // A core without room takes none, and so does the host: with a permit of 0 a list of any length would trap.
        const permit = attempt(() => outgoingStream.checkSend());
        if (typeof permit === "string") return permit;
        const sent = attempt(() => outgoingStream.send(outgoing(...datagrams.slice(0, Number(permit)))));
        return typeof sent === "string" ? sent : Number(sent);
      },
      isReady: () => isReady(outgoingStream),
      whenReady: () => whenReady(outgoingStream),
    },
    drop() {
      incoming[Symbol.dispose]();
      outgoingStream[Symbol.dispose]();
    },
  };
}

function isReady(resource: { subscribe(): Pollable }): boolean {
  const pollable = resource.subscribe();
  const ready = pollable.ready();
  pollable[Symbol.dispose]();
  return ready;
}

async function whenReady(resource: { subscribe(): Pollable }): Promise<void> {
  const pollable = resource.subscribe();
  await pollable.block();
  pollable[Symbol.dispose]();
}
