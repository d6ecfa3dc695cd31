/** `wasi:sockets/ip-name-lookup`: names are judged before anything is asked, and answers before a guest sees one. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-sockets-ip-name-lookup";
import { WitError } from "../../base/errors.ts";
import { formatIpAddress } from "../../base/ip_address.ts";
import { parseHost } from "../../policy/host_name.ts";
import type { HostContext } from "../context.ts";
import type { NameLookup } from "../egress/name_lookup.ts";
import { Pollable } from "../io/poll.ts";
import { HostResource } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";
import type { Network } from "./network.ts";
import { endAtAnswers, endSocketSpan, startLookupSpan } from "./socket_span.ts";
import { ipAddressToWit } from "./wit_address.ts";

/** What a guest is told at once. That of "denied" means so and nothing else. */
const CODES: Readonly<Record<"malformed" | "denied" | "busy", Declared.ErrorCode>> = {
  malformed: "invalid-argument",
  denied: "permanent-resolver-failure",
  busy: "temporary-resolver-failure",
};

/** The resource `resolve-address-stream`. Dropping it ends a lookup that is under way. */
export class ResolveAddressStream extends HostResource implements HostSide<Declared.ResolveAddressStream> {
  readonly #lookup: NameLookup;
  #taken = 0;

  constructor(lookup: NameLookup, { counters }: Pick<HostContext, "counters">) {
    super({ counters });
    this.#lookup = lookup;
  }

  // WIT resolve-next-address: func() -> result<option<ip-address>, error-code>
  resolveNextAddress(): Declared.IpAddress | undefined {
    const outcome = this.#lookup.outcome();
    if (outcome === undefined) throw failure("would-block");
    if (typeof outcome === "string") throw failure(outcome);
    const address = outcome[this.#taken];
    if (address === undefined) return undefined;
    this.#taken++;
    return ipAddressToWit(address);
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#lookup, { counters: this.counters, parent: this });
  }

  protected override onDrop(): void {
    this.#lookup.cancel();
  }
}

/** The interface `wasi:sockets/ip-name-lookup`. */
export function ipNameLookupInterface(context: HostContext) {
  return {
    ResolveAddressStream,

    // WIT resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>
    resolveAddresses: (_network: Network, name: string): ResolveAddressStream => {
      const span = context.trace && startLookupSpan(context.trace, name);
      const outcome = context.egress === undefined ? denyWithout(context, name) : context.egress.resolve(name);
      if (typeof outcome === "string") {
        if (span !== undefined) endSocketSpan(span, CODES[outcome]);
        throw failure(CODES[outcome]);
      }
      if (span !== undefined) endAtAnswers(span, outcome);
      return new ResolveAddressStream(outcome, context);
    },
  } satisfies HostInterface<typeof Declared>;
}

/** Where nobody resolves names, each valid one is denied. */
function denyWithout({ network }: HostContext, text: string): "malformed" | "denied" {
  const host = parseHost(text);
  if (host === undefined) return "malformed";
  const target = host.kind === "name" ? host.name : formatIpAddress(host.address);
  const rule = "there is no way out for names here";
  network.deny({ operation: "resolve-addresses", target, rule, decision: "off" });
  return "denied";
}

function failure(code: Declared.ErrorCode): WitError<Declared.ErrorCode> {
  return new WitError(code);
}
