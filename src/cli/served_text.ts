/** What a gateway serves, as a table, and a line to try it. Pure. */
import { escapeText } from "../base/escape_text.ts";
import { formatSocketAddress, type SocketAddress } from "../base/ip_address.ts";
import type { HostPort, RouteSpec, WorkloadSpec } from "../workload/spec.ts";
import { formatByteSize } from "../base/quantity.ts";
import type { MountSpec } from "../volume/mount.ts";
import type { Colours } from "./colours.ts";
import { isEveryInterface, urlOf } from "../base/listen_address.ts";

/** A gateway that has started. */
export interface Served {
  readonly address: { readonly host: string; readonly port: number };
  /** Whether it serves over TLS stands here. */
  readonly url?: string;
  /** Where the admin listens. */
  readonly adminAddress?: HostPort | undefined;
  readonly workloads: readonly WorkloadSpec[];
}

/** A headline, a line for each route and each service, a curl line; ends with a line break. */
export function servedText(served: Served, colours: Colours): string {
  const base = served.url?.startsWith("https:") === true
    ? urlOf(served.address).replace("http:", "https:")
    : urlOf(served.address);
  const rows = served.workloads.flatMap((workload) => rowsOf(workload, served.address.port, base));
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => {
    return `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}`;
  });
  const { address: { host }, adminAddress } = served;
  const everywhere = isEveryInterface(host) ? ` (${host}: at every address of this machine)` : "";
  const admin = adminAddress === undefined ? [] : [`Admin on ${colours.strong(urlOf(adminAddress))}`];
  const parts = [`Listening on ${colours.strong(base)}${everywhere}`, ...admin, "", ...lines];
  const example = curlLine(served, base);
  if (example !== undefined) parts.push("", `Try: ${colours.fix(example)}`);
  return `${parts.join("\n")}\n\n`;
}

/** A command that reaches one of the routes: best one that answers GET, at any host, without a parameter, by a short path. */
export function curlLine({ workloads }: Served, base: string): string | undefined {
  const routes = workloads.flatMap((workload) => workload.routes);
  const best = routes.toSorted((a, b) => effort(a) - effort(b) || a.match.path.length - b.match.path.length)[0];
  if (best === undefined) return undefined;
  const { host, path, methods } = best.match;
  const url = base + path.replace(/\/:[A-Za-z_][A-Za-z0-9_]*(?=\/|$)/g, "/1").replace(/\*$/, "");
  const words = ["curl", "-i"];
  const method = methods === undefined || methods.includes("GET") ? "GET" : methods[0] ?? "GET";
  if (method === "HEAD") words.push("--head");
  else if (method !== "GET") words.push("-X", method);
  if (["POST", "PUT", "PATCH", "QUERY"].includes(method)) words.push("-d", "{}");
  if (host !== "*") words.push("-H", `Host: ${host.replace("*", "www")}`);
  return [...words, url].map(shellWord).join(" ");
}

function rowsOf(workload: WorkloadSpec, port: number, base: string): readonly (readonly string[])[] {
  const component = (path: string): string => escapeText(path.slice(workload.folder.length).replace(/^\/+/, ""));
  const rows: (readonly string[])[] = workload.routes.map(({ match, component: path }) => {
    const start = match.host === "*" ? base : `http://${match.host}:${port}`;
    return [methodsText(match.methods), `${start}${match.path}`, workload.name, component(path)];
  });
  rows.push(...volumeRows(workload));
  if (workload.service === undefined) return rows;
  const { readyTcpPort, component: path } = workload.service;
  const where = readyTcpPort === undefined ? "(private loopback)" : `(private loopback, port ${readyTcpPort})`;
  return [...rows, ["service", where, workload.name, component(path)]];
}

/** A row for each volume, whoever of the workload has it. */
function volumeRows({ name, service, routes }: WorkloadSpec): readonly string[][] {
  const all = [...routes, ...(service === undefined ? [] : [service])].flatMap(({ volumes }) => volumes ?? []);
  const texts = new Set(all.map((mount) => mountText(mount)));
  return [...texts].map((text) => ["volume", text, name, ""]);
}

/** A volume: where a guest has it, and what it is. */
export function mountText(mount: MountSpec): string {
  const [path, size] = [escapeText(mount.path), formatByteSize(mount.limits.bytesMax)];
  if (mount.kind === "memory") return `${path} (memory of ${size}${mount.isShared ? ", shared" : ""})`;
  return `${path} (folder ${escapeText(mount.folder)}, ${mount.isWritable ? `writable up to ${size}` : "read only"})`;
}

function methodsText(methods: readonly string[] | undefined): string {
  return methods === undefined ? "any" : methods.join(",");
}

function effort({ match }: RouteSpec): number {
  const isRead = match.methods === undefined || match.methods.includes("GET");
  return (isRead ? 0 : 4) + (match.host === "*" ? 0 : 2) + (/\/[:*]/.test(match.path) ? 1 : 0);
}

/** Quoted where a shell would read more than the text. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_.,:/%+=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A port that leads into a private loopback. */
export interface PublishedText {
  readonly workload: string;
  readonly address: SocketAddress;
  /** On the private loopback. */
  readonly port: number;
}

/** A line for each published port; nothing when there is none. */
export function publishedText(
  ports: readonly PublishedText[],
  colours: Colours,
): string {
  const lines = ports.map(({ workload, address, port }) => {
    const where = formatSocketAddress(address);
    return `Published ${colours.strong(where)}, which leads to port ${port} of ${
      escapeText(workload)
    }'s private loopback\n`;
  });
  return lines.length === 0 ? "" : `${lines.join("")}\n`;
}
