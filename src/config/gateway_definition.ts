/** What may stand in `gateway.jsonc`, the operator's file; the rules of `definition.ts` hold for its messages. */
import * as v from "valibot";
import { formatIpAddress, type IpPrefix, isIpv4Mapped, parsePrefix } from "../base/ip_address.ts";
import { PROCESS_LIMITS } from "../base/limits.ts";
import { isNat64Prefix } from "../policy/carried_ipv4.ts";
import { LISTENER_LIMITS } from "../server/listener_limits.ts";
import { closed, type Notes, quoted, schemaKey, wrongType } from "./definition_parts.ts";
import { DNS_JSON_SCHEMA, NET_JSON_SCHEMA, RULE_LIST_NOTE } from "./policy_schema.ts";
import { limitsObject } from "./limit_definition.ts";
import { tls } from "./tls_files.ts";
import { volumeCeiling } from "./volume_definition.ts";
import { LISTENER_LIMIT_KEYS, PROCESS_LIMIT_KEYS, ROUTE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS } from "./limit_keys.ts";
import { secrets } from "./secret_definition.ts";
import { SETTING_ENTRIES } from "./settings.ts";

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

const trustedProxies = v.pipe(
  v.array(
    v.pipe(
      v.string(wrongType('an address or a prefix in quotes, like "10.0.0.0/8"')),
      v.rawCheck(({ dataset, addIssue }) => {
        const message = dataset.typed ? proxyFault(dataset.value) : undefined;
        if (message !== undefined) addIssue({ message });
      }),
      v.metadata({ jsonSchema: { pattern: "^[0-9A-Fa-f:.]+(?:/(?!0+$)[0-9]{1,3})?$" } } satisfies Notes),
    ),
    wrongType('a list of addresses and prefixes like ["10.0.0.0/8"]'),
  ),
  v.description(
    "Proxies in front of the gateway: what they say of a request's client in Forwarded or X-Forwarded-For, -Proto and -Host is believed. Default: none.",
  ),
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

const HTTP2_KEY = 'write "http2": true beside "tls"';

const listener = limitsObject(LISTENER_LIMIT_KEYS, {
  defaults: LISTENER_LIMITS,
  absentKeys: { host: LISTEN_KEY, port: LISTEN_KEY, address: LISTEN_KEY, http2: HTTP2_KEY },
  about: "What clients may use.",
});

const http2 = v.pipe(
  v.boolean(wrongType("true or false")),
  v.description(
    'Whether clients that prefer it get HTTP/2, beside HTTP/1.1. It needs "tls", and Node: on Deno its limits do not hold. Default: false.',
  ),
);

const netCeiling = v.pipe(
  v.unknown(),
  v.description(
    `The ceiling: no guest reaches more. Without it there is no ceiling: a workload gets what its files ask for, link-local addresses too. ${RULE_LIST_NOTE}`,
  ),
  v.metadata({ jsonSchema: NET_JSON_SCHEMA } satisfies Notes),
);

const dnsCeiling = v.pipe(
  v.unknown(),
  v.description(
    "The ceiling: no guest resolves more names. true for all, false or [] for none, or a list. Without it there is no ceiling: a workload gets what its files ask for.",
  ),
  v.metadata({ jsonSchema: DNS_JSON_SCHEMA } satisfies Notes),
);

/** `gateway.jsonc`. */
export const GATEWAY_FILE = closed({
  $schema: schemaKey,
  net: v.optional(netCeiling),
  dns: v.optional(dnsCeiling),
  nat64: v.optional(nat64),
  trustedProxies: v.optional(trustedProxies),
  limits: v.optional(ceilingLimits),
  volumes: v.optional(volumeCeiling),
  process: v.optional(processLimits),
  listener: v.optional(listener),
  secrets: v.optional(secrets),
  tls: v.optional(tls),
  http2: v.optional(http2),
  ...SETTING_ENTRIES,
}, {
  proxies: 'write "trustedProxies"',
  metrics: 'write "admin": "127.0.0.1:8081"; it has /metrics',
  service: "a service belongs to workload.jsonc of a sub-folder",
  env: "variables belong to workload.jsonc of a sub-folder, or to a route file",
});

/** A checked `gateway.jsonc`. */
export type GatewayFile = v.InferOutput<typeof GATEWAY_FILE>;

function proxyFault(text: string): string | undefined {
  const expected = "expected the address of a proxy or a prefix of such";
  let prefix: IpPrefix;
  try {
    prefix = parsePrefix(text);
  } catch {
    return `${quoted(text)} is no address, ${expected}`;
  }
  if (prefix.bits === 0) return `${quoted(text)} is everybody, so any client could say that it is another, ${expected}`;
  if (isIpv4Mapped(prefix.address)) {
    return `${quoted(text)} is an IPv4 address in an IPv6 one, ${expected}\nwrite the IPv4 address`;
  }
  const masked = maskedPrefix(prefix);
  if (masked === undefined) return undefined;
  return `${quoted(text)} has bits that are not of the prefix, ${expected} and 0 after them\nwrite ${quoted(masked)}`;
}

/** The prefix without its other bits; undefined when it has none. */
function maskedPrefix({ address, bits }: IpPrefix): string | undefined {
  const bytes = address.bytes.map((byte, at) => byte & (0xff << Math.min(8, Math.max(0, 8 * (at + 1) - bits))) & 0xff);
  const isSame = bytes.every((byte, at) => byte === address.bytes[at]);
  return isSame ? undefined : `${formatIpAddress({ ...address, bytes })}/${bits}`;
}

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
