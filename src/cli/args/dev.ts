/** `loopgate dev`: its words and its help. */
import { type PublishRequest, readPublish } from "./publish.ts";
import type { Settings } from "../../config/settings.ts";
import { settingFlags, settingLines, settingsOfFlags } from "./setting_flags.ts";
import { COMMON_FLAGS, type Flags, HERE, usage, type Words } from "./words.ts";

/** What `dev` was asked for. */
export interface DevCommand {
  readonly kind: "dev";
  readonly folder: string;
  /** What the flags say; below them stand the variables. */
  readonly settings: Settings;
  readonly publish: readonly PublishRequest[];
}

/** What it has in common with `serve`. */
export const DEV_SETTINGS = ["listen", "log"] as const;

/** Its flags. */
export const DEV_FLAGS: Flags = {
  ...COMMON_FLAGS,
  ...settingFlags(DEV_SETTINGS),
  publish: { type: "string", isList: true },
};

/** Its help. */
export const DEV_USAGE =
  `Usage: loopgate dev [folder] [--listen host:port] [--log pretty|json] [--publish [workload/][host:]port:port]...

Builds the guests of a folder of workloads (or of one workload) as \`loopgate build\` does, serves them, and does both
again for what changes: sources, files, components. A source that does not compile is told with its line, and what was
served before still is. A guest that traps is told with the functions that it was in.

  [folder]             the folder of workloads, or one of them (the current folder)
${settingLines(DEV_SETTINGS)}
  --publish ...        opens a port of this machine that leads to a port of a workload's private loopback, for clients
                       like nc or psql: 5432:5432, shop/15432:5432 where there are several workloads. It is open to
                       this machine alone unless a host is written. May come more than once

Ctrl-C, SIGTERM or SIGHUP: requests in flight finish, then exits with 0. Once more, a second later: at once, with 130.

Example:
  loopgate dev --publish 7777:7777
`;

/** Reads the words after `dev`. */
export function devCommand({ flags, positionals, rest }: Words): DevCommand {
  const [folder = HERE, extra] = [...positionals, ...rest];
  if (extra !== undefined) throw usage(`Cannot serve "${folder}": "${extra}" follows it, expected one folder`, "dev");
  return {
    kind: "dev",
    folder,
    settings: settingsOfFlags(flags, DEV_SETTINGS, "dev"),
    publish: flags.get("publish")?.map((text) => readPublish(text, "dev")) ?? [],
  };
}
