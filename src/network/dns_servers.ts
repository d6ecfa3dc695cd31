/** Which name servers to ask: those that the operator gives, else the system's. */
import { readFileSync } from "node:fs";
import { LoopgateError } from "../base/errors.ts";
import { LOOPBACK_V4, parseIpAddress, type SocketAddress } from "../base/ip_address.ts";

const RESOLV_CONF = "/etc/resolv.conf";
const DNS_PORT = 53;
/** As in the C library (MAXNS): more than the first three are never asked. */
const SERVERS_MAX = 3;
/** Without a file or a server in it, resolv.conf(5) says, the one on the local machine. */
const DEFAULT_SERVERS: readonly SocketAddress[] = [{ address: LOOPBACK_V4, port: DNS_PORT }];

/**
 * The servers of the machine, read once by whoever starts a resolver.
 *
 * @throws LoopgateError when the file is there and cannot be read.
 */
export function systemDnsServers(): readonly SocketAddress[] {
  let text: string;
  try {
    text = readFileSync(RESOLV_CONF, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return DEFAULT_SERVERS;
    const message = `Cannot read "${RESOLV_CONF}": ${String(cause)}, expected a readable file or --resolver host:port`;
    throw new LoopgateError("LG5004", message, { cause });
  }
  return parseResolvConf(text);
}

/**
 * The `nameserver` lines of a resolv.conf(5). The others are ignored: `search`, `domain` and `ndots` make of one name
 * another one, which no rule has judged; `sortlist` orders addresses, which is the guest's own affair; timeouts,
 * attempts, `rotate` and `edns0` have values here that are tested together. A server with a zone (`fe80::1%eth0`)
 * is skipped: an address has no zone in this gateway.
 */
export function parseResolvConf(text: string): readonly SocketAddress[] {
  const servers: SocketAddress[] = [];
  for (const line of text.split("\n")) {
    const [, word = ""] = /^nameserver[ \t]+([^\s;#]+)/.exec(line) ?? [];
    const address = parseIpAddress(word);
    if (address !== undefined) servers.push({ address, port: DNS_PORT });
  }
  return servers.length === 0 ? DEFAULT_SERVERS : servers.slice(0, SERVERS_MAX);
}

/**
 * A server as the operator writes it: an address, with a port or without. undefined for anything else; a name would
 * need a resolver.
 *
 * @example
 * parseDnsServer("[::1]:5353");
 */
export function parseDnsServer(text: string): SocketAddress | undefined {
  const bare = parseIpAddress(text);
  if (bare !== undefined) return { address: bare, port: DNS_PORT };
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = parseIpAddress(bracketed ?? plain ?? "");
  const port = portText === undefined ? DNS_PORT : Number(portText);
  if (address === undefined || port < 1 || port > 65_535) return undefined;
  // "[1.2.3.4]" is no form of an address.
  return (bracketed !== undefined) === (address.family === "ipv6") ? { address, port } : undefined;
}
