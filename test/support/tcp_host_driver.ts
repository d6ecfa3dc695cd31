/** Drives the host classes of `wasi:sockets`, as the engine does for a guest. */
import assert from "node:assert/strict";
import { WitError } from "../../src/base/errors.ts";
import { formatSocketAddress, type IpFamily } from "../../src/base/ip_address.ts";
import type { HostContext } from "../../src/host/context.ts";
import { IoError } from "../../src/host/io/error.ts";
import type { InputStream, OutputStream } from "../../src/host/io/streams.ts";
import { NETWORK_INTERFACE } from "../../src/host/sockets/network.ts";
import { instanceNetworkInterface } from "../../src/host/sockets/instance_network.ts";
import type { TcpSocket } from "../../src/host/sockets/tcp.ts";
import { tcpCreateSocketInterface } from "../../src/host/sockets/tcp_create_socket.ts";
import { socketAddressFromWit, socketAddressToWit } from "../../src/host/sockets/wit_address.ts";
import type { GuestNetwork } from "../../src/network/guest_network.ts";
import { type DrivenSocket, type DrivenStreams, parseAddress, type TcpBench, type TcpDriver } from "./tcp_bench.ts";

export const HOST_DRIVER: TcpDriver = {
  open(guest, bench) {
    const context = hostContext(guest, bench);
    const { createTcpSocket } = tcpCreateSocketInterface(context);
    return {
      create(family: IpFamily) {
        const socket = attempt(() => createTcpSocket(family));
        return typeof socket === "string" ? socket : drive(socket, context);
      },
    };
  },
};

/** What the engine would hand to the host classes of `guest`. */
export function hostContext(
  guest: GuestNetwork,
  bench: Pick<TcpBench, "clock" | "counters" | "events">,
): HostContext {
  return {
    label: guest.label,
    env: [],
    args: [],
    clock: bench.clock,
    randomBytes: (length) => new Uint8Array(length),
    output: () => assert.fail("no output is expected"),
    network: guest,
    counters: bench.counters,
    emit: (event) => bench.events.push(event),
    onLimit: () => {},
  };
}

/** The value, or the code of the `WitError` thrown. */
export function attempt<T>(call: () => T): T | string {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof WitError)) throw error;
    return errorText(error.payload);
  }
}

/** The code of the `WitError` thrown, if one was. */
export function code(call: () => void): string | undefined {
  return attempt(call) as string | undefined;
}

function errorText(payload: unknown): string {
  if (typeof payload === "string") return payload;
  const { tag, val } = payload as { tag: string; val?: unknown };
  if (tag === "closed") return tag;
  assert.ok(val instanceof IoError);
  const text = `failed: ${NETWORK_INTERFACE.networkErrorCode(val)}`;
  val[Symbol.dispose]();
  return text;
}

function drive(socket: TcpSocket, context: HostContext): DrivenSocket {
  const network = instanceNetworkInterface(context).instanceNetwork();
  const wit = (address: string) => socketAddressToWit(parseAddress(address));
  return {
    startBind: (address) => code(() => socket.startBind(network, wit(address))),
    finishBind: () => code(() => socket.finishBind()),
    startConnect: (address) => code(() => socket.startConnect(network, wit(address))),
    finishConnect() {
      const pair = attempt(() => socket.finishConnect());
      return typeof pair === "string" ? pair : streams(...pair);
    },
    startListen: () => code(() => socket.startListen()),
    finishListen: () => code(() => socket.finishListen()),
    accept() {
      const accepted = attempt(() => socket.accept());
      if (typeof accepted === "string") return accepted;
      return { socket: drive(accepted[0], context), ...streams(accepted[1], accepted[2]) };
    },
    local: () => attempt(() => formatSocketAddress(socketAddressFromWit(socket.localAddress()))),
    remote: () => attempt(() => formatSocketAddress(socketAddressFromWit(socket.remoteAddress()))),
    isListening: () => socket.isListening(),
    family: () => socket.addressFamily(),
    get(option) {
      switch (option) {
        case "keepAliveEnabled":
          return BigInt(socket.keepAliveEnabled());
        case "keepAliveIdle":
          return socket.keepAliveIdleTime();
        case "keepAliveInterval":
          return socket.keepAliveInterval();
        case "keepAliveCount":
          return BigInt(socket.keepAliveCount());
        case "hopLimit":
          return BigInt(socket.hopLimit());
        case "receiveBuffer":
          return socket.receiveBufferSize();
        case "sendBuffer":
          return socket.sendBufferSize();
      }
    },
    set(option, value) {
      switch (option) {
        case "backlog":
          return code(() => socket.setListenBacklogSize(value));
        case "keepAliveEnabled":
          return code(() => socket.setKeepAliveEnabled(value !== 0n));
        case "keepAliveIdle":
          return code(() => socket.setKeepAliveIdleTime(value));
        case "keepAliveInterval":
          return code(() => socket.setKeepAliveInterval(value));
        case "keepAliveCount":
          return code(() => socket.setKeepAliveCount(Number(value)));
        case "hopLimit":
          return code(() => socket.setHopLimit(Number(value)));
        case "receiveBuffer":
          return code(() => socket.setReceiveBufferSize(value));
        case "sendBuffer":
          return code(() => socket.setSendBufferSize(value));
      }
    },
    isReady: () => isReady(socket),
    async whenReady() {
      const pollable = socket.subscribe();
      await pollable.block();
      pollable[Symbol.dispose]();
    },
    shutdown: (how) => code(() => socket.shutdown(how)),
    drop: () => socket[Symbol.dispose](),
  };
}

function streams(input: InputStream, output: OutputStream): DrivenStreams {
  return {
    input: {
      read(bytesMax = 1_000_000) {
        const bytes = attempt(() => input.read(BigInt(bytesMax)));
        return typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
      },
      isReady: () => isReady(input),
      drop: () => input[Symbol.dispose](),
    },
    output: {
      permit() {
        const permit = attempt(() => output.checkWrite());
        return typeof permit === "string" ? permit : Number(permit);
      },
      write: (text) =>
        code(() => {
          output.checkWrite();
          output.write(new TextEncoder().encode(text));
        }),
      isReady: () => isReady(output),
      drop: () => output[Symbol.dispose](),
    },
  };
}

function isReady(resource: Pick<TcpSocket, "subscribe">): boolean {
  const pollable = resource.subscribe();
  const ready = pollable.ready();
  pollable[Symbol.dispose]();
  return ready;
}
