/** The `network` option: who stands behind which address. */
import { formatIpAddress, isLoopback, isSameAddress, type SocketAddress } from "../base/ip_address.ts";
import type { EgressProtocol } from "../network/access.ts";
import { type Host, isLocalhost, parseHost } from "../policy/host_name.ts";
import type { ScriptedResolver } from "./name_script.ts";
import { ScriptError } from "./script_error.ts";
import type { TcpScript } from "./tcp_script.ts";
import type { UdpScript } from "./udp_script.ts";

/** Keys are `host:port` or `tcp://host:port` for a `TcpScript`, `udp://host:port` for a `UdpScript`; a host is a name or an address. */
export type NetworkScripts = Readonly<Record<string, TcpScript | UdpScript>>;

/** One key, read. */
export interface NetworkEntry {
  readonly key: string;
  /** As attempts have it. */
  readonly target: string;
  readonly host: Host;
  readonly port: number;
  readonly script: TcpScript | UdpScript;
  isUsed: boolean;
}

const TARGET = /^(?:(tcp|udp):\/\/)?(.+):(\d{1,5})$/;
const PORT_MAX = 65_535;

/** All keys of one test. */
export class NetworkTable {
  readonly #entries: readonly NetworkEntry[];
  readonly #resolver: ScriptedResolver;

  /** @throws {ScriptError} for a key that is no target */
  constructor(scripts: NetworkScripts, resolver: ScriptedResolver) {
    this.#resolver = resolver;
    this.#entries = Object.entries(scripts).map(([key, script]) => readEntry(key, script));
    // Their addresses are known from the start, so that lookups find them.
    for (const { host } of this.#entries) if (host.kind === "name") resolver.addressesOf(host.name);
  }

  /** Keys that nobody reached. */
  get unused(): readonly string[] {
    return this.#entries.filter((entry) => !entry.isUsed).map(({ key }) => `network["${key}"]`);
  }

  /** Those on the private loopback. */
  get onLoopback(): readonly NetworkEntry[] {
    return this.#entries.filter(isOnLoopback);
  }

  /** Who stands at an address, and is used now. */
  find(protocol: EgressProtocol, { address, port }: SocketAddress): NetworkEntry | undefined {
    const entry = this.#entries.find((each) =>
      each.port === port && protocolOf(each.script) === protocol &&
      this.#addressesOf(each.host).some((one) => isSameAddress(one, address))
    );
    if (entry !== undefined) entry.isUsed = true;
    return entry;
  }

  #addressesOf(host: Host): readonly SocketAddress["address"][] {
    return host.kind === "address" ? [host.address] : this.#resolver.addressesOf(host.name);
  }
}

/** As in denials, which do not say the protocol either: the operation does. */
export function targetText(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The line that answers what nobody scripted. */
export function missingLine(protocol: EgressProtocol, target: string): string {
  return `network: { "${protocol === "udp" ? "udp://" : ""}${target}": ${protocol}.answers("...") }`;
}

function readEntry(key: string, script: TcpScript | UdpScript): NetworkEntry {
  const [, protocol = "tcp", hostText = "", portText = ""] = TARGET.exec(key) ?? [];
  const host = parseHost(hostText);
  const port = Number(portText);
  if (host === undefined || port < 1 || port > PORT_MAX) {
    throw new ScriptError(
      `Cannot script network["${key}"]: it is no target, expected "host:port", or "udp://host:port" for datagrams`,
    );
  }
  if (protocolOf(script) !== protocol) {
    const other = protocol === "tcp" ? `"udp://${hostText}:${portText}"` : `"${hostText}:${portText}"`;
    throw new ScriptError(
      `Cannot script network["${key}"]: its script is for ${protocolOf(script)}, expected it under ${other}`,
    );
  }
  if (host.kind === "name" && isLocalhost(host.name)) {
    throw new ScriptError(`Cannot script network["${key}"]: names of the loopback are addresses, expected "127.0.0.1"`);
  }
  const target = targetText(host.kind === "name" ? host.name : formatIpAddress(host.address), port);
  const entry = { key, target, host, port, script, isUsed: false };
  if (script.kind === "tcp-failure" && script.code !== "connection-refused" && isOnLoopback(entry)) {
    throw new ScriptError(
      `Cannot script network["${key}"]: a connect on the private loopback is answered or refused, expected tcp.refuses()`,
    );
  }
  return entry;
}

function isOnLoopback({ host }: NetworkEntry): boolean {
  return host.kind === "address" && isLoopback(host.address);
}

function protocolOf({ kind }: TcpScript | UdpScript): EgressProtocol {
  return kind === "tcp" || kind === "tcp-failure" ? "tcp" : "udp";
}
