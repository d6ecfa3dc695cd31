/** `wasi:sockets/network`: the handle on the network, and what a stream's error says about it. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-network";
import { WitError } from "../../base/errors.ts";
import type { SocketErrorCode } from "../../network/socket_error.ts";
import { IoError } from "../io/error.ts";
import { HostResource } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";

/** The resource `network`. A guest has one network, whichever handle it shows. */
export class Network extends HostResource implements HostSide<Declared.Network> {
  protected override onDrop(): void {}
}

// WIT @unstable(feature = network-error-code)
// WIT network-error-code: func(err: borrow<error>) -> option<error-code>
function networkErrorCode(error: IoError): Declared.ErrorCode | undefined {
  return error.failure.networkCode as Declared.ErrorCode | undefined;
}

/** The interface `wasi:sockets/network`. */
export const NETWORK_INTERFACE = { Network, networkErrorCode } satisfies
  & HostInterface<typeof Declared>
  & { networkErrorCode(error: IoError): Declared.ErrorCode | undefined };

/** The core answers with a value or with an error code; a host function returns the one and throws the other. */
export function orThrow<T extends object | undefined>(answer: T | SocketErrorCode): T {
  if (typeof answer === "string") throw new WitError<Declared.ErrorCode>(answer);
  return answer;
}
