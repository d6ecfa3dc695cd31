/** `loopgate serve`: its words and its help. */
import type { SocketAddress } from "../../base/ip_address.ts";
import { nearestWord } from "../../base/nearest_word.ts";
import { RESOLVER_EXPECTED } from "../../config/gateway_definition.ts";
import { parseDnsServer } from "../../network/dns_servers.ts";
import type { HostPort } from "../../workload/spec.ts";
import { readListen } from "./listen.ts";
import type { CommandName } from "../usage.ts";
import { COMMON_FLAGS, type Flags, usage, type Words } from "./words.ts";

/** How events are printed. */
export type LogFormat = "pretty" | "json";

/** What `serve` was asked for. */
export interface ServeCommand {
  readonly kind: "serve";
  readonly folder: string;
  /** Undefined: the gateway's default. */
  readonly listen: HostPort | undefined;
  /** Where the admin listens, over what the files say. */
  readonly admin?: HostPort;
  readonly log: LogFormat;
  /** Name servers, over what the files say. */
  readonly resolver?: readonly SocketAddress[];
  /** Path of a PEM file, over what the files say. */
  readonly ca?: string;
  /** Processes that serve together; undefined: this one alone. */
  readonly replicas?: number;
  /** False: changes of the folder are not looked at; undefined: they are. */
  readonly watch?: false;
}

/** Its flags. */
export const SERVE_FLAGS: Flags = {
  ...COMMON_FLAGS,
  listen: { type: "string" },
  admin: { type: "string" },
  log: { type: "string" },
  resolver: { type: "string", isList: true },
  ca: { type: "string" },
  replicas: { type: "string" },
  "no-watch": { type: "boolean" },
};

/** Its help. */
export const SERVE_USAGE = `Usage: loopgate serve <folder> [--listen host:port] [--admin host:port] [--log pretty|json]
                               [--resolver host:port]... [--ca file] [--replicas N] [--no-watch]

Serves every workload of a folder. Each sub-folder with a workload.jsonc (service, environment, network) or
with <name>.route.jsonc files (one route each) is a workload; a gateway.jsonc beside them is the operator's
(a ceiling for the network, name servers, certificates). All faults of all files are reported at once.

  --listen host:port   where to listen (127.0.0.1:8080); port 0 is a free one, [::1]:8080 is IPv6,
                       0.0.0.0:8080 is every interface of the machine
  --admin host:port    where health (/healthz, /readyz), metrics (/metrics) and the admin page are served (nowhere);
                       best an address of the loopback. Replica k has the port k - 1 above it
  --log pretty|json    how events are printed (pretty): a line for people, or one JSON object per line
  --resolver host:port a name server, instead of those of gateway.jsonc or the machine; may come more than once
  --ca file            certificates (PEM) to trust besides the machine's, instead of those of gateway.jsonc
  --replicas N         N processes that serve the port together (1); each runs every service, so there are N of
                       each, with nothing in common. One that crashes is started again, and the others serve on
  --no-watch           do not look for changes of the folder; without it a workload that changes is served anew

Ctrl-C or SIGTERM lets requests in flight finish, then exits with 0. Once more, a second later: ends at once, with 130.

Example:
  loopgate serve workloads --listen 127.0.0.1:8080
`;

/** Reads the words after `serve`. */
export function serveCommand({ flags, positionals, rest }: Words): ServeCommand {
  const [folder, extra] = [...positionals, ...rest];
  if (folder === undefined) {
    throw usage("Cannot serve: there is no folder, expected `loopgate serve <folder>`", "serve");
  }
  if (extra !== undefined) {
    throw usage(
      `Cannot serve "${folder}": "${extra}" follows it, expected one folder that holds all workloads`,
      "serve",
    );
  }
  const log = readLog(flags.get("log")?.at(-1), "serve");
  const listenText = flags.get("listen")?.at(-1);
  const adminText = flags.get("admin")?.at(-1);
  const resolver = flags.get("resolver")?.map(readResolver);
  const ca = flags.get("ca")?.at(-1);
  const replicas = flags.get("replicas")?.map(readReplicas).at(-1);
  return {
    kind: "serve",
    folder,
    listen: listenText === undefined ? undefined : readListen(listenText, "serve"),
    log,
    ...(adminText !== undefined && { admin: readListen(adminText, "serve", "--admin") }),
    ...(resolver !== undefined && { resolver }),
    ...(ca !== undefined && { ca }),
    ...(replicas !== undefined && { replicas }),
    ...(flags.has("no-watch") && { watch: false }),
  };
}

/** More than this is a slip of the finger: a replica takes a core, and memory of its own. */
const REPLICAS_MAX = 256;

function readReplicas(text: string): number {
  const count = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= REPLICAS_MAX) return count;
  throw usage(`Cannot use --replicas "${text}", expected a number from 1 to ${REPLICAS_MAX}`, "serve");
}

function readResolver(text: string): SocketAddress {
  const server = parseDnsServer(text);
  if (server !== undefined) return server;
  throw usage(`Cannot use --resolver "${text}": it is no address, expected ${RESOLVER_EXPECTED}`, "serve");
}

/** Reads `--log`. */
export function readLog(log: string | undefined, command: CommandName): LogFormat {
  if (log === undefined || log === "pretty" || log === "json") return log ?? "pretty";
  throw usage(`Cannot use --log "${log}", expected pretty or json`, command, nearestWord(log, ["pretty", "json"]));
}
