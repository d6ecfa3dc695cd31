/** `loopgate serve`: its words and its help. */
import { SETTING_NAMES, type Settings } from "../../config/settings.ts";
import { settingFlags, settingLines, settingsOfFlags, synopsis } from "./setting_flags.ts";
import { COMMON_FLAGS, type Flags, usage, type Words } from "./words.ts";

/** What `serve` was asked for. */
export interface ServeCommand {
  readonly kind: "serve";
  readonly folder: string;
  /** What the flags say; below them stand the variables, then the file. */
  readonly settings: Settings;
}

/** Its flags. */
export const SERVE_FLAGS: Flags = { ...COMMON_FLAGS, ...settingFlags(SETTING_NAMES) };

/** How it is called. */
export function serveSynopsis(start: string): string {
  return synopsis(`${start}loopgate serve <folder> `, SETTING_NAMES);
}

/** Its help. */
export const SERVE_USAGE = `${serveSynopsis("Usage: ")}

Serves every workload of a folder. Each sub-folder with a workload.jsonc (service, environment, network) or
with <name>.route.jsonc files (one route each) is a workload; a gateway.jsonc beside them is the operator's
(a ceiling for the network, name servers, certificates). All faults of all files are reported at once.

${settingLines(SETTING_NAMES)}

Each flag has a variable (--listen is LOOPGATE_LISTEN, a list has commas between its parts, --no-watch is
LOOPGATE_WATCH=off) and a key in gateway.jsonc ("listen"). The flag counts, else the variable, else the file.

Ctrl-C, SIGTERM or SIGHUP: requests in flight finish, then exits with 0. Once more, a second later: at once, with 130.

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
  return { kind: "serve", folder, settings: settingsOfFlags(flags, SETTING_NAMES, "serve") };
}
