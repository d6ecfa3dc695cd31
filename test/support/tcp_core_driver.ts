/** Drives the core of the network directly. */
import type { ByteSink, ByteSource, StreamEnd } from "../../src/base/byte_stream.ts";
import { formatSocketAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import type { TcpSocket } from "../../src/network/tcp_socket.ts";
import {
  type DrivenInput,
  type DrivenOutput,
  type DrivenSocket,
  type DrivenStreams,
  parseAddress,
  type TcpDriver,
} from "./tcp_bench.ts";

export const CORE_DRIVER: TcpDriver = {
  open: (guest) => ({
    create(family) {
      const socket = guest.createTcpSocket(family);
      return typeof socket === "string" ? socket : drive(socket);
    },
  }),
};

export function drive(socket: TcpSocket): DrivenSocket {
  return {
    startBind: (address) => socket.startBind(parseAddress(address)),
    finishBind: () => socket.finishBind(),
    startConnect: (address) => socket.startConnect(parseAddress(address)),
    finishConnect() {
      const connection = socket.finishConnect();
      return typeof connection === "string" ? connection : streams(connection);
    },
    startListen: () => socket.startListen(),
    finishListen: () => socket.finishListen(),
    accept() {
      const accepted = socket.accept();
      if (typeof accepted === "string") return accepted;
      return { socket: drive(accepted.socket), ...streams(accepted.connection) };
    },
    local: () => addressText(socket.localAddress()),
    remote: () => addressText(socket.remoteAddress()),
    isListening: () => socket.isListening(),
    family: () => socket.family,
    get(option) {
      const { options } = socket;
      const values = {
        keepAliveEnabled: BigInt(options.keepAliveEnabled),
        keepAliveIdle: options.keepAliveIdleNs,
        keepAliveInterval: options.keepAliveIntervalNs,
        keepAliveCount: BigInt(options.keepAliveCount),
        hopLimit: BigInt(options.hopLimit),
        receiveBuffer: BigInt(options.receiveBufferBytes),
        sendBuffer: BigInt(options.sendBufferBytes),
      };
      return values[option];
    },
    set(option, value) {
      switch (option) {
        case "backlog":
          return socket.setListenBacklogSize(value);
        case "keepAliveEnabled":
          return socket.options.setKeepAliveEnabled(value !== 0n);
        case "keepAliveIdle":
          return socket.options.setKeepAliveIdleNs(value);
        case "keepAliveInterval":
          return socket.options.setKeepAliveIntervalNs(value);
        case "keepAliveCount":
          return socket.options.setKeepAliveCount(Number(value));
        case "hopLimit":
          return socket.options.setHopLimit(Number(value));
        case "receiveBuffer":
          return socket.setReceiveBufferSize(value);
        case "sendBuffer":
          return socket.setSendBufferSize(value);
      }
    },
    isReady: () => socket.isReady(),
    whenReady: async () => untilReady(socket),
    shutdown: (how) => socket.shutdown(how),
    drop: () => socket.drop(),
  };
}

function streams({ input, output }: { readonly input: ByteSource; readonly output: ByteSink }): DrivenStreams {
  return { input: driveInput(input), output: driveOutput(output) };
}

function driveInput(input: ByteSource): DrivenInput {
  return {
    read(bytesMax = 1_000_000) {
      const bytes = input.read(bytesMax);
      return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : endText(bytes);
    },
    isReady: () => input.isReady(),
    drop: () => input.dispose(),
  };
}

function driveOutput(output: ByteSink): DrivenOutput {
  return {
    permit() {
      const permit = output.permit();
      return typeof permit === "number" ? permit : endText(permit);
    },
    write(text) {
      const permit = output.permit();
      const end = typeof permit === "number" ? output.write(new TextEncoder().encode(text)) : permit;
      return end === undefined ? undefined : endText(end);
    },
    isReady: () => output.isReady(),
    drop: () => output.dispose(),
  };
}

function endText(end: StreamEnd): string {
  return end === "closed" ? end : `failed: ${end.failed.networkCode}`;
}

function addressText(address: ReturnType<TcpSocket["localAddress"]>): string {
  return typeof address === "string" ? address : formatSocketAddress(address);
}
