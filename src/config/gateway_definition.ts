/** What may stand in `gateway.jsonc`, the operator's file; the rules of `definition.ts` hold for its messages. */
import * as v from "valibot";
import { type IpPrefix, parsePrefix } from "../base/ip_address.ts";
import { parseListenAddress } from "../base/listen_address.ts";
import { PROCESS_LIMITS } from "../base/limits.ts";
import { parseDnsServer } from "../network/dns_servers.ts";
import { isNat64Prefix } from "../policy/carried_ipv4.ts";
import { LISTENER_LIMITS } from "../server/listener_limits.ts";
import { closed, dns, LATER, net, type Notes, quoted, schemaKey, wrongType } from "./definition_parts.ts";
import { limitsObject } from "./limit_definition.ts";
import { volumeCeiling } from "./volume_definition.ts";
import { LISTENER_LIMIT_KEYS, PROCESS_LIMIT_KEYS, ROUTE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS } from "./limit_keys.ts";

/** A name would need a resolver. */
export const RESOLVER_EXPECTED = 'the address of a name server, like "192.0.2.53:53" or "[2001:db8::53]:53"';

const nat64 = v.pipe(
  v.array(
    v.pipe(
      v.string(wrongType('a prefix in quotes, like "2001:db8:64::/96"')),
      v.rawCheck(({ dataset, addIssue }) => {
        const message = dataset.typed ? nat64Fault(dataset.value) : undefined;
        if (message !== undefined) addIssue({ message });
      }),
      v.metadata({ jsonSchema: { pattern: "^[0-9A-Fa-f:.]+/(?:32|40|48|56|64|96)$" } } satisfies Notes),
    ),
    wrongType("a list of prefixes"),
  ),
  v.description("Prefixes of the network's own NAT64 (RFC 6052), besides 64:ff9b::/96."),
);

const resolver = v.pipe(
  v.array(
    v.pipe(
      v.string(wrongType(`${RESOLVER_EXPECTED}, in quotes`)),
      v.check((input) => parseDnsServer(input) !== undefined, ({ input }) => {
        return `${quoted(input)} is none, expected ${RESOLVER_EXPECTED}`;
      }),
      v.metadata(
        {
          jsonSchema: {
            pattern: "^(?:[0-9.]+(?::[0-9]{1,5})?|\\[[0-9A-Fa-f:.]+\\](?::[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
          },
        } satisfies Notes,
      ),
    ),
    wrongType('a list of name servers like ["192.0.2.53:53"]'),
  ),
  v.minLength(
    1,
    'it is empty, so no name could be resolved, expected a name server\nleave "resolver" out for the machine\'s',
  ),
  v.description("Name servers, asked in this order; without it, the machine's."),
);

const ca = v.pipe(
  v.string(wrongType("the path of a PEM file in quotes")),
  v.check((input) => input !== "" && !input.includes("\0"), "it is no path, expected the path of a PEM file"),
  v.metadata({ jsonSchema: { pattern: "^[^\\u0000]+$" } } satisfies Notes),
  v.description("A PEM file with certificates that are trusted besides the machine's; its path starts at this folder."),
);

const ceilingLimits = limitsObject({ ...ROUTE_LIMIT_KEYS, ...WORKLOAD_TOTAL_KEYS }, {
  defaults: undefined,
  absentKeys: {
    cpuShare: 'no service gets more than one core: write it in "limits" of "service" in workload.jsonc',
    start: 'write it in "limits" of "service" in workload.jsonc',
    stacks: 'write it in "process"',
  },
  about: "The ceiling: no route and no workload gets more. What a service has as well holds for services too.",
});

const processLimits = limitsObject(PROCESS_LIMIT_KEYS, {
  defaults: PROCESS_LIMITS,
  about: "What all guests of the process may use together.",
});

const LISTEN_KEY = 'write "listen": "127.0.0.1:8080" beside "listener"';

/** Where something listens, as `host:port`. */
function listenAddress(about: string) {
  const expected = 'host:port in quotes, like "127.0.0.1:8080"';
  return v.pipe(
    v.string(wrongType(expected)),
    v.rawCheck(({ dataset, addIssue }) => {
      const read = dataset.typed ? parseListenAddress(dataset.value) : undefined;
      if (read?.kind !== "fault") return;
      const fix = read.suggestion === undefined ? "" : `\nwrite ${read.suggestion}`;
      addIssue({ message: `${read.is}, expected ${expected}${fix}` });
    }),
    v.metadata({ jsonSchema: { pattern: "^(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$" } } satisfies Notes),
    v.description(about),
  );
}

const listener = limitsObject(LISTENER_LIMIT_KEYS, {
  defaults: LISTENER_LIMITS,
  absentKeys: { host: LISTEN_KEY, port: LISTEN_KEY, address: LISTEN_KEY },
  about: "What clients may use.",
});

/** `gateway.jsonc`. */
export const GATEWAY_FILE = closed({
  $schema: schemaKey,
  net: v.optional(net),
  dns: v.optional(dns),
  nat64: v.optional(nat64),
  resolver: v.optional(resolver),
  ca: v.optional(ca),
  limits: v.optional(ceilingLimits),
  volumes: v.optional(volumeCeiling),
  process: v.optional(processLimits),
  listener: v.optional(listener),
  listen: v.optional(listenAddress("Where clients are served. Default: 127.0.0.1:8080.")),
  admin: v.optional(
    listenAddress(
      "Where health, metrics and the admin page are served; best an address of the loopback. Default: nowhere.",
    ),
  ),
}, {
  trustedProxies: LATER,
  proxies: LATER,
  replicas: LATER,
  metrics: 'write "admin": "127.0.0.1:8081"; it has /metrics',
  service: "a service belongs to workload.jsonc of a sub-folder",
  env: "variables belong to workload.jsonc of a sub-folder, or to a route file",
});

/** A checked `gateway.jsonc`. */
export type GatewayFile = v.InferOutput<typeof GATEWAY_FILE>;

function nat64Fault(text: string): string | undefined {
  const expected = "expected a prefix of 32, 40, 48, 56, 64 or 96 bits";
  let prefix: IpPrefix;
  try {
    prefix = parsePrefix(text);
  } catch {
    return `${quoted(text)} is no prefix, ${expected}`;
  }
  if (!text.includes("/") || !isNat64Prefix(prefix)) {
    return `${quoted(text)} has no place for an IPv4 address, ${expected}`;
  }
  const { address: { bytes }, bits } = prefix;
  // RFC 6052 section 2.2: byte 8 is 0 in all of them.
  if (bytes.some((byte, at) => byte !== 0 && (8 * at >= bits || at === 8))) {
    return `${quoted(text)} has bits that are not of the prefix, ${expected} and 0 after them`;
  }
  return undefined;
}
