/**
 * `wasi:sockets/udp`. Guests of every toolchain import it, so it is whole; but no UDP socket can be created
 * (`udp_create_socket.ts`), so no guest ever holds one, and a method that were reached all the same says so.
 */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-udp";
import { WitError } from "../../base/errors.ts";
import { HostResource } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";

const DENIED: WitError<Declared.ErrorCode> = new WitError("access-denied");

/** The resource `udp-socket`, of which there is none. */
export abstract class UdpSocket extends HostResource implements HostSide<Declared.UdpSocket> {
  // WIT start-bind: func(network: borrow<network>, local-address: ip-socket-address) -> result<_, error-code>
  startBind(): never {
    throw DENIED;
  }

  // WIT finish-bind: func() -> result<_, error-code>
  finishBind(): never {
    throw DENIED;
  }

  // WIT %stream: func(remote-address: option<ip-socket-address>) -> result<tuple<incoming-datagram-stream, outgoing-datagram-stream>, error-code>
  stream(): never {
    throw DENIED;
  }

  // WIT local-address: func() -> result<ip-socket-address, error-code>
  localAddress(): never {
    throw DENIED;
  }

  // WIT remote-address: func() -> result<ip-socket-address, error-code>
  remoteAddress(): never {
    throw DENIED;
  }

  // WIT address-family: func() -> ip-address-family
  addressFamily(): never {
    throw DENIED;
  }

  // WIT unicast-hop-limit: func() -> result<u8, error-code>
  unicastHopLimit(): never {
    throw DENIED;
  }

  // WIT set-unicast-hop-limit: func(value: u8) -> result<_, error-code>
  setUnicastHopLimit(): never {
    throw DENIED;
  }

  // WIT receive-buffer-size: func() -> result<u64, error-code>
  receiveBufferSize(): never {
    throw DENIED;
  }

  // WIT set-receive-buffer-size: func(value: u64) -> result<_, error-code>
  setReceiveBufferSize(): never {
    throw DENIED;
  }

  // WIT send-buffer-size: func() -> result<u64, error-code>
  sendBufferSize(): never {
    throw DENIED;
  }

  // WIT set-send-buffer-size: func(value: u64) -> result<_, error-code>
  setSendBufferSize(): never {
    throw DENIED;
  }

  // WIT subscribe: func() -> pollable
  subscribe(): never {
    throw DENIED;
  }
}

/** The resource `incoming-datagram-stream`, of which there is none. */
export abstract class IncomingDatagramStream extends HostResource implements HostSide<Declared.IncomingDatagramStream> {
  // WIT receive: func(max-results: u64) -> result<list<incoming-datagram>, error-code>
  receive(): never {
    throw DENIED;
  }

  // WIT subscribe: func() -> pollable
  subscribe(): never {
    throw DENIED;
  }
}

/** The resource `outgoing-datagram-stream`, of which there is none. */
export abstract class OutgoingDatagramStream extends HostResource implements HostSide<Declared.OutgoingDatagramStream> {
  // WIT check-send: func() -> result<u64, error-code>
  checkSend(): never {
    throw DENIED;
  }

  // WIT send: func(datagrams: list<outgoing-datagram>) -> result<u64, error-code>
  send(): never {
    throw DENIED;
  }

  // WIT subscribe: func() -> pollable
  subscribe(): never {
    throw DENIED;
  }
}

/** The interface `wasi:sockets/udp`. */
export const UDP_INTERFACE = { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream } satisfies HostInterface<
  typeof Declared
>;
