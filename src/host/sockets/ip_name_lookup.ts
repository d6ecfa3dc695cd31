/** `wasi:sockets/ip-name-lookup` for guests without `dns`: names are checked, none is looked up, no packet is sent. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-ip-name-lookup";
import { WitError } from "../../base/errors.ts";
import { parseLookupName } from "../../network/lookup_name.ts";
import type { HostContext } from "../context.ts";
import { HostResource } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";
import type { Network } from "./network.ts";

/** The code means "not permitted" and nothing else. */
const NOT_PERMITTED: WitError<Declared.ErrorCode> = new WitError("permanent-resolver-failure");

/** The resource `resolve-address-stream`, of which there is none while no name is permitted. */
export abstract class ResolveAddressStream extends HostResource implements HostSide<Declared.ResolveAddressStream> {
  // WIT resolve-next-address: func() -> result<option<ip-address>, error-code>
  resolveNextAddress(): never {
    throw NOT_PERMITTED;
  }

  // WIT subscribe: func() -> pollable
  subscribe(): never {
    throw NOT_PERMITTED;
  }
}

/** The interface `wasi:sockets/ip-name-lookup`. */
export function ipNameLookupInterface({ network }: HostContext) {
  return {
    ResolveAddressStream,

    // WIT resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>
    resolveAddresses: (_network: Network, name: string): never => {
      const target = parseLookupName(name);
      if (target === undefined) throw new WitError<Declared.ErrorCode>("invalid-argument");
      network.deny("resolve-addresses", target, network.access === "none" ? '"net": false' : '"dns" is not set');
      throw NOT_PERMITTED;
    },
  } satisfies HostInterface<typeof Declared>;
}
