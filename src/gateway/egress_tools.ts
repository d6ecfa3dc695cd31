/** What all guests of a gateway share on their way out: the resolver, whom TLS trusts, and the gateway's name in CDN-Loop. */
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import type { IpPrefix, SocketAddress } from "../base/ip_address.ts";
import type { EgressTools } from "../host/egress/guest_egress.ts";
import { systemDnsServers } from "../network/dns_servers.ts";
import { openDnsChannel } from "../network/dns_sockets.ts";
import { Resolver } from "../network/resolver.ts";
import { TlsTrust } from "../network/tls_trust.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { ownAddresses } from "./default_egress.ts";
import { randomBytes } from "./random_bytes.ts";

/** What the operator said, and what the gateway has. */
export interface OpenEgressToolsOptions {
  /** Name servers; undefined: the machine's. */
  readonly resolver: readonly SocketAddress[] | undefined;
  /** PEM text of certificates that are trusted besides the machine's. */
  readonly ca: string | undefined;
  readonly nat64: readonly IpPrefix[];
  /** Where the gateway itself listens, as far as that is known. */
  readonly listeners: () => readonly SocketAddress[];
  readonly clock: Clock;
  readonly counters: LiveCounters;
}

/** With the function that ends every lookup. */
export interface OpenedEgressTools {
  readonly tools: EgressTools;
  readonly close: () => void;
}

/** Others would take a shorter name for their own. */
const ID_BYTES = 8;

/** @throws {LoopgateError} ERR_CONFIG when the roots or the machine's name servers cannot be read */
export function openEgressTools(options: OpenEgressToolsOptions): OpenedEgressTools {
  const { ca, clock, counters } = options;
  const resolver = new Resolver({
    servers: options.resolver ?? systemDnsServers(),
    openChannel: openDnsChannel,
    clock,
    counters,
  });
  const id = [...randomBytes(ID_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const tools = { own: ownAddresses(options), resolver, trust: trustOf(ca), cdnId: `loopgate-${id}` };
  return { tools, close: () => resolver.close() };
}

function trustOf(ca: string | undefined): TlsTrust {
  try {
    return new TlsTrust(ca);
  } catch (cause) {
    throw new LoopgateError("LG5005", cause instanceof Error ? cause.message : "Cannot read roots", { cause });
  }
}
