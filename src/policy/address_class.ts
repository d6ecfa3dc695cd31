/**
 * The class of an address: what the default policy and the words `public`, `private` and `link-local` of a rule
 * are about. Every address has one class, the first that fits.
 */
import {
  formatIpAddress,
  type IpAddress,
  type IpPrefix,
  isInPrefix,
  isLoopback,
  isSameAddress,
  isUnspecified,
  parsePrefix,
  type SocketAddress,
} from "../base/ip_address.ts";
import { carriedIpv4 } from "./carried_ipv4.ts";

/** "loopback" is no class of the grammar: it always is the private network, never the machine's. */
export type AddressClass = "loopback" | "never" | "link-local" | "private" | "public";

/** What the machine that runs the gateway says about itself. */
export interface OwnAddresses {
  /** Where the gateway itself listens: proxy, admin, metrics. No guest reaches them. 0.0.0.0 and :: stand for `interfaces`. */
  readonly listeners: readonly SocketAddress[];
  /** The addresses of the machine's interfaces: `private`, whatever range they are from. */
  readonly interfaces: readonly IpAddress[];
  /** Prefixes under which the network translates to IPv4 (RFC 6052), besides 64:ff9b::/96: `nat64` of the operator. */
  readonly nat64?: readonly IpPrefix[];
}

/** A class and why it is that. */
export interface AddressVerdict {
  readonly class: AddressClass;
  /** The row that decided, for the operator. */
  readonly reason: string;
}

type TableRow = readonly [prefix: string, cls: "never" | "link-local" | "private", reason: string];

/** In the order in which they are asked; what no row has is `public`. */
const TABLE: readonly TableRow[] = [
  ["0.0.0.0/8", "never", "this network"],
  ["::/128", "never", "the unspecified address"],
  ["224.0.0.0/4", "never", "multicast"],
  ["ff00::/8", "never", "multicast"],
  ["255.255.255.255/32", "never", "broadcast"],
  ["64:ff9b:1::/48", "never", "local NAT64"],
  ["169.254.0.0/16", "link-local", "link-local"],
  ["fe80::/10", "link-local", "link-local"],
  ["100.100.100.200/32", "link-local", "cloud metadata"],
  ["168.63.129.16/32", "link-local", "cloud metadata"],
  ["192.0.0.192/32", "link-local", "cloud metadata"],
  ["fd00:ec2::/32", "link-local", "cloud metadata"],
  ["fd20:ce::254/128", "link-local", "cloud metadata"],
  ["fd00:c1::a9fe:a9fe/128", "link-local", "cloud metadata"],
  ["fd00:42::42/128", "link-local", "cloud metadata"],
  ["fd00:a9fe:a9fe::1/128", "link-local", "cloud metadata"],
  ["fd00:100::100:200/128", "link-local", "cloud metadata"],
  ["10.0.0.0/8", "private", "private use"],
  ["172.16.0.0/12", "private", "private use"],
  ["192.168.0.0/16", "private", "private use"],
  ["100.64.0.0/10", "private", "shared address space"],
  ["192.0.0.0/24", "private", "protocol assignments"],
  ["198.18.0.0/15", "private", "benchmarking"],
  ["240.0.0.0/4", "private", "reserved"],
  ["fc00::/7", "private", "unique local"],
  ["fec0::/10", "private", "site-local"],
];
const PARSED_TABLE = TABLE.map(([prefix, cls, reason]) => ({ prefix: parsePrefix(prefix), text: prefix, cls, reason }));

const LOOPBACK_ROWS = [
  { prefix: parsePrefix("127.0.0.0/8"), cls: "loopback" },
  { prefix: parsePrefix("::1/128"), cls: "loopback" },
] as const;

/** Why an address under a `nat64` prefix would be closed, were it not translated. */
const LOCAL_RANGES: ReadonlySet<string> = new Set(["64:ff9b:1::/48, local NAT64", "fc00::/7, unique local"]);

/** From the most to the least restrictive. */
const STRICTNESS: readonly AddressClass[] = ["never", "link-local", "private", "public"];

/**
 * The class of `remote`. An IPv6 address that carries an IPv4 one has the stricter class of the two, so that
 * neither form opens what the other closes; one that carries a loopback address is `never`.
 */
export function classifyAddress(remote: SocketAddress, own: OwnAddresses): AddressVerdict {
  const { address, port } = remote;
  if (isLoopback(address)) return { class: "loopback", reason: "loopback" };
  let verdict = classifyPlain(remote, own);
  // The operator says that such an address is a translated one; that its range is for local use says nothing more.
  if (own.nat64?.some((prefix) => isInPrefix(address, prefix)) === true && LOCAL_RANGES.has(verdict.reason)) {
    verdict = { class: "public", reason: "under nat64" };
  }
  for (const carried of carriedIpv4(address, own.nat64)) {
    const inner: AddressVerdict = isLoopback(carried)
      ? { class: "never", reason: "loopback" }
      : classifyPlain({ address: carried, port }, own);
    if (STRICTNESS.indexOf(inner.class) < STRICTNESS.indexOf(verdict.class)) {
      verdict = { class: inner.class, reason: `it carries ${formatIpAddress(carried)}: ${inner.reason}` };
    }
  }
  return verdict;
}

/**
 * Every class that some address of `prefix` has, what it carries aside. A prefix that a row has wholly has the class of
 * that row alone.
 */
export function classesInPrefix(prefix: IpPrefix): ReadonlySet<AddressClass> {
  const classes = new Set<AddressClass>();
  for (const { prefix: row, cls } of [...LOOPBACK_ROWS, ...PARSED_TABLE]) {
    if (row.bits <= prefix.bits && isInPrefix(prefix.address, row)) return classes.add(cls);
    if (isInPrefix(row.address, prefix)) classes.add(cls);
  }
  return classes.add("public");
}

function classifyPlain({ address, port }: SocketAddress, own: OwnAddresses): AddressVerdict {
  const isOwn = own.interfaces.some((candidate) => isSameAddress(candidate, address));
  const isListener = own.listeners.some(
    (listener) =>
      listener.port === port &&
      // One that was written as ::ffff:10.0.0.5 is reached by 10.0.0.5.
      [listener.address, ...carriedIpv4(listener.address)].some((each) =>
        isSameAddress(each, address) || (isOwn && isUnspecified(each))
      ),
  );
  if (isListener) return { class: "never", reason: "the gateway itself" };
  const row = PARSED_TABLE.find(({ prefix }) => isInPrefix(address, prefix));
  // An interface address may be from a metadata or link-local range; those rows come first.
  if (isOwn && row?.cls !== "never" && row?.cls !== "link-local") {
    return { class: "private", reason: "an address of this machine" };
  }
  return row === undefined
    ? { class: "public", reason: "in no special range" }
    : { class: row.cls, reason: `${row.text}, ${row.reason}` };
}
