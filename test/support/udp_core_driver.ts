/** Drives the core of UDP directly. */
import { formatSocketAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import type { UdpSocket } from "../../src/network/udp_socket.ts";
import { parseAddress } from "./tcp_bench.ts";
import type { DrivenUdp, DrivenUdpStreams, Sent, UdpDriver } from "./udp_bench.ts";

export const UDP_CORE_DRIVER: UdpDriver = {
  open: (guest) => ({
    create(family) {
      const socket = guest.createUdpSocket(family);
      return typeof socket === "string" ? socket : drive(socket);
    },
  }),
};

function drive(socket: UdpSocket): DrivenUdp {
  return {
    startBind: (address) => socket.startBind(parseAddress(address)),
    finishBind: () => socket.finishBind(),
    stream: (remote) => socket.stream(remote === undefined ? undefined : parseAddress(remote)) ?? streams(socket),
    local: () => addressText(socket.localAddress()),
    remote: () => addressText(socket.remoteAddress()),
    family: () => socket.family,
    get(option) {
      const { hopLimit, receiveBufferBytes, sendBufferBytes } = socket.options;
      return BigInt({ hopLimit, receiveBuffer: receiveBufferBytes, sendBuffer: sendBufferBytes }[option]);
    },
    set(option, value) {
      switch (option) {
        case "hopLimit":
          return socket.setHopLimit(Number(value));
        case "receiveBuffer":
          return socket.setReceiveBufferSize(value);
        case "sendBuffer":
          return socket.setSendBufferSize(value);
      }
    },
    isReady: () => true,
    drop: () => socket.drop(),
  };
}

function streams(socket: UdpSocket): DrivenUdpStreams {
  return {
    incoming: {
      receive(datagramsMax = 10_000) {
        const datagrams = socket.receive(datagramsMax);
        if (typeof datagrams === "string") return datagrams;
        return datagrams.map(({ data, remote }) => datagramText(data, formatSocketAddress(remote)));
      },
      isReady: () => socket.incoming.isReady(),
      whenReady: async () => untilReady(socket.incoming),
    },
    outgoing: {
      permit: () => socket.checkSend(),
      send: (...datagrams) =>
        socket.send(datagrams.map(([data, to]) => ({
          data: bytesOf(data),
          remote: to === undefined ? undefined : parseAddress(to),
        }))),
      isReady: () => socket.outgoing.isReady(),
      whenReady: async () => untilReady(socket.outgoing),
    },
    drop() {},
  };
}

export function bytesOf(data: Sent[0]): Uint8Array {
  return typeof data === "number" ? new Uint8Array(data) : new TextEncoder().encode(data);
}

export function datagramText(data: Uint8Array, sender: string): string {
  return `${data.length > 100 ? `${data.length} bytes` : new TextDecoder().decode(data)} < ${sender}`;
}

function addressText(address: ReturnType<UdpSocket["localAddress"]>): string {
  return typeof address === "string" ? address : formatSocketAddress(address);
}
