/** `loopgate explain`: its words and its help. */
import { type ExplainTarget, parseExplainTarget } from "../../policy/explain.ts";
import type { Settings } from "../../config/settings.ts";
import { settingFlags, settingsOfFlags } from "./setting_flags.ts";
import { COMMON_FLAGS, type Flags, FOLDER_DEFAULT, usage, type Words } from "./words.ts";

/** What `explain` was asked for. */
export interface ExplainCommand {
  readonly kind: "explain";
  readonly workload: string;
  /** Of the network; a text is a path. */
  readonly target: ExplainTarget | string;
  /** Undefined: the service and every route. */
  readonly route: string | undefined;
  /** Undefined: none was named. */
  readonly folder: string | undefined;
  /** Where its gateway listens, which no guest reaches, over what variables and files say. */
  readonly settings: Settings;
}

/** Its flags. */
export const EXPLAIN_FLAGS: Flags = {
  ...COMMON_FLAGS,
  route: { type: "string" },
  folder: { type: "string" },
  ...settingFlags(["listen"]),
};

/** Its help. */
export const EXPLAIN_USAGE =
  `Usage: loopgate explain <workload> <target> [--route name] [--folder folder] [--listen host:port]

Tells for the service and each route of a workload whether it may reach a target, which rule of which file decides,
and the line that would allow it. Nothing is run and nothing is sent: a name is judged as a name, and what happens
to its answers is told.

  <target>             [scheme://]host[:port]; without a scheme it is https, with a port alone tcp; or a path, such as
                       /data/file: which volume it is in
  --route name         for one route only (<name>.route.jsonc)
  --folder folder      the folder that holds the workloads, or this one (${FOLDER_DEFAULT} where it exists, else the
                       current folder)
  --listen host:port   where the gateway listens, as for serve (and by the same variable and key): no guest reaches it

Exit codes: 0 allowed for all that were asked about, 1 denied for one of them, 2 something to mend.

Examples:
  loopgate explain shop https://api.example.com
  loopgate explain shop db.example.com:5432 --route task
  loopgate explain shop /data/orders.csv
`;

/** Reads the words after `explain`. */
export function explainCommand({ flags, positionals, rest }: Words): ExplainCommand {
  const [workload, text, extra] = [...positionals, ...rest];
  if (workload === undefined || text === undefined) {
    const missing = workload === undefined ? "workload" : "target";
    const message = `Cannot explain: there is no ${missing}, expected \`loopgate explain <workload> <target>\``;
    throw usage(message, "explain");
  }
  if (extra !== undefined) {
    throw usage(`Cannot explain "${text}": "${extra}" follows it, expected one workload and one target`, "explain");
  }
  const target = text.startsWith("/") ? plainPath(text) : parseExplainTarget(text);
  if (target === undefined) {
    const expected = 'expected [scheme://]host[:port], like "https://api.example.com" or "10.0.0.1:5432"';
    throw usage(`Cannot explain "${text}": it is no target, ${expected}`, "explain", nearTarget(text));
  }
  return {
    kind: "explain",
    workload,
    target,
    route: flags.get("route")?.at(-1),
    folder: flags.get("folder")?.at(-1),
    settings: settingsOfFlags(flags, ["listen"], "explain"),
  };
}

/** As a guest names it; what goes up or round has no place of its own. */
function plainPath(text: string): string {
  const path = text.length > 1 ? text.replace(/\/$/, "") : text;
  if (path.split("/").slice(1).every((part) => part !== "." && part !== ".." && (part !== "" || path === "/"))) {
    return path;
  }
  throw usage(`Cannot explain "${text}": it is no plain path, expected one such as "/data/file"`, "explain");
}

/** The scheme is there and the port is not, or an IPv6 address without its brackets. */
function nearTarget(text: string): string | undefined {
  return [`${text}:443`, `[${text}]:443`].find((near) => parseExplainTarget(near) !== undefined);
}
