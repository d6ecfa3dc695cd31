/** The command line, read: which command with which settings, or a sentence that says what is wrong. Pure. */
import { parseArgs } from "node:util";
import { LoopgateError } from "../base/errors.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { ENV_NAME } from "../config/definition.ts";
import { RESOLVER_EXPECTED } from "../config/gateway_definition.ts";
import { parseDnsServer } from "../network/dns_servers.ts";
import { type ExplainTarget, parseExplainTarget } from "../policy/explain.ts";
import { parseListenAddress } from "./listen_address.ts";
import { type CommandName, COMMANDS } from "./usage.ts";

/** How events are printed. */
export type LogFormat = "pretty" | "json";

/** What the user asked for. */
export type Command =
  | { readonly kind: "help"; readonly topic: CommandName | undefined }
  | { readonly kind: "version" }
  | {
    readonly kind: "serve";
    readonly folder: string;
    /** Undefined: the gateway's default. */
    readonly listen: { readonly host: string; readonly port: number } | undefined;
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
  | {
    readonly kind: "explain";
    readonly workload: string;
    readonly target: ExplainTarget;
    /** Undefined: the service and every route. */
    readonly route: string | undefined;
    readonly folder: string;
  }
  | {
    readonly kind: "run";
    readonly component: string;
    readonly env: readonly (readonly [string, string])[];
    readonly args: readonly string[];
  };

const COMMAND_LIST = `${COMMANDS.slice(0, -1).join(", ")} or ${COMMANDS.at(-1)}`;
/** The folder that the project's own scripts serve. */
const FOLDER_DEFAULT = "workloads";

interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** Whether it may come more than once. */
  readonly isList?: boolean;
}

const COMMON_FLAGS: Readonly<Record<string, Flag>> = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
};

const FLAGS: Readonly<Record<CommandName, Readonly<Record<string, Flag>>>> = {
  serve: {
    ...COMMON_FLAGS,
    listen: { type: "string" },
    log: { type: "string" },
    resolver: { type: "string", isList: true },
    ca: { type: "string" },
    replicas: { type: "string" },
    "no-watch": { type: "boolean" },
  },
  explain: { ...COMMON_FLAGS, route: { type: "string" }, folder: { type: "string" } },
  run: { ...COMMON_FLAGS, env: { type: "string", isList: true }, arg: { type: "string", isList: true } },
  help: COMMON_FLAGS,
};

/** Flags and other words of a command line, in order. */
interface Words {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
}

/**
 * Reads the words after the program's name.
 *
 * @throws {LoopgateError} ERR_USAGE
 * @example
 * parseCommand(["serve", "workloads", "--listen", "127.0.0.1:8080"]);
 */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...others] = argv;
  if (first === undefined) throw usage(`Cannot tell what to do: there is no command, expected ${COMMAND_LIST}`);
  if (first.startsWith("-")) return withoutCommand(argv);
  const name = COMMANDS.find((command) => command === first);
  if (name === undefined) throw unknownCommand(first);
  const words = readWords(others, name);
  if (words.flags.has("help")) return { kind: "help", topic: name };
  if (words.flags.has("version")) return { kind: "version" };
  switch (name) {
    case "serve":
      return serveCommand(words);
    case "explain":
      return explainCommand(words);
    case "run":
      return runCommand(words);
    case "help":
      return helpCommand(words);
  }
}

function withoutCommand(argv: readonly string[]): Command {
  const { flags, positionals } = readWords(argv, "help");
  if (flags.has("help")) return { kind: "help", topic: COMMANDS.find((command) => command === positionals[0]) };
  if (flags.has("version")) return { kind: "version" };
  throw usage(`Cannot tell what to do: there is no command, expected ${COMMAND_LIST}`);
}

function serveCommand({ flags, positionals, rest }: Words): Command {
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
  const log = flags.get("log")?.at(-1) ?? "pretty";
  if (log !== "pretty" && log !== "json") {
    throw usage(`Cannot use --log "${log}", expected pretty or json`, "serve", nearestWord(log, ["pretty", "json"]));
  }
  const listenText = flags.get("listen")?.at(-1);
  const resolver = flags.get("resolver")?.map(readResolver);
  const ca = flags.get("ca")?.at(-1);
  const replicas = flags.get("replicas")?.map(readReplicas).at(-1);
  return {
    kind: "serve",
    folder,
    listen: listenText === undefined ? undefined : readListen(listenText),
    log,
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

function explainCommand({ flags, positionals, rest }: Words): Command {
  const [workload, text, extra] = [...positionals, ...rest];
  if (workload === undefined || text === undefined) {
    const missing = workload === undefined ? "workload" : "target";
    const message = `Cannot explain: there is no ${missing}, expected \`loopgate explain <workload> <target>\``;
    throw usage(message, "explain");
  }
  if (extra !== undefined) {
    throw usage(`Cannot explain "${text}": "${extra}" follows it, expected one workload and one target`, "explain");
  }
  const target = parseExplainTarget(text);
  if (target === undefined) {
    const expected = 'expected [scheme://]host[:port], like "https://api.example.com" or "10.0.0.1:5432"';
    throw usage(`Cannot explain "${text}": it is no target, ${expected}`, "explain", nearTarget(text));
  }
  return {
    kind: "explain",
    workload,
    target,
    route: flags.get("route")?.at(-1),
    folder: flags.get("folder")?.at(-1) ?? FOLDER_DEFAULT,
  };
}

/** The scheme is there and the port is not, or an IPv6 address without its brackets. */
function nearTarget(text: string): string | undefined {
  return [`${text}:443`, `[${text}]:443`].find((near) => parseExplainTarget(near) !== undefined);
}

function readListen(text: string): { readonly host: string; readonly port: number } {
  const read = parseListenAddress(text);
  if (read.kind === "address") return { host: read.host, port: read.port };
  throw usage(
    `Cannot use --listen "${text}": ${read.is}, expected host:port, like 127.0.0.1:8080`,
    "serve",
    read.suggestion,
  );
}

function runCommand({ flags, positionals, rest }: Words): Command {
  const [component, extra] = positionals;
  if (component === undefined) {
    throw usage("Cannot run: there is no component, expected `loopgate run <component.wasm>`", "run");
  }
  if (extra !== undefined) {
    const message =
      `Cannot run "${component}": "${extra}" follows it, expected the component's own arguments after "--"`;
    throw usage(message, "run", `loopgate run ${component} -- ${extra}`);
  }
  const env = new Map<string, string>();
  for (const pair of flags.get("env") ?? []) {
    const equals = pair.indexOf("=");
    // The text is not repeated: without "=" it may well be a secret alone.
    if (equals < 0) throw usage('Cannot use --env: one of them has no "=", expected NAME=value', "run");
    const name = pair.slice(0, equals);
    if (!ENV_NAME.test(name)) {
      throw usage(
        `Cannot use --env: "${name}" is no name of a variable, expected letters, digits, "_", "." and "-"`,
        "run",
      );
    }
    env.set(name, pair.slice(equals + 1));
  }
  return { kind: "run", component, env: [...env], args: [...(flags.get("arg") ?? []), ...rest] };
}

function helpCommand({ positionals }: Words): Command {
  const [topic, extra] = positionals;
  if (extra !== undefined) throw usage(`Cannot help with "${extra}": one command at a time, expected no more words`);
  if (topic === undefined) return { kind: "help", topic: undefined };
  const name = COMMANDS.find((command) => command === topic);
  if (name === undefined) throw unknownCommand(topic);
  return { kind: "help", topic: name };
}

function readWords(argv: readonly string[], name: CommandName): Words {
  const known = FLAGS[name];
  const options = Object.fromEntries(
    Object.entries(known).map(([flag, { type, short }]) => [flag, short === undefined ? { type } : { type, short }]),
  );
  // Not strict: the sentences are ours, and `tokens` has all that is needed for them.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const flags = new Map<string, string[]>();
  const [positionals, rest]: [string[], string[]] = [[], []];
  let isPastEnd = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") isPastEnd = true;
    else if (token.kind === "positional") (isPastEnd ? rest : positionals).push(token.value);
    else {
      const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
      if (flag === undefined) throw unknownFlag(token.rawName, name);
      const values = flags.get(token.name) ?? [];
      if (values.length > 0 && flag.type === "string" && flag.isList !== true) {
        throw usage(`Cannot use ${token.rawName} twice, expected it once`, name);
      }
      values.push(readValue(flag, token, name));
      flags.set(token.name, values);
    }
  }
  return { flags, positionals, rest };
}

function readValue(
  flag: Flag,
  token: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
  name: CommandName,
): string {
  const { rawName, value } = token;
  if (flag.type === "boolean") {
    if (value !== undefined) throw usage(`Cannot use ${rawName} with a value, expected it alone`, name);
    return "";
  }
  if (value === undefined) throw usage(`Cannot use ${rawName}: its value is missing, expected one`, name);
  // As in getopt's worst traps, the next flag would be taken for the value.
  if (token.inlineValue === false && value.startsWith("-")) {
    throw usage(
      `Cannot use ${rawName}: a flag follows it, expected its value`,
      name,
      `${rawName}=<value>, if it starts with "-"`,
    );
  }
  return value;
}

function unknownFlag(rawName: string, name: CommandName): LoopgateError {
  const known = Object.keys(FLAGS[name]).map((flag) => `--${flag}`);
  const nearest = nearestWord(rawName, known);
  return usage(`Cannot use ${rawName}: it is no flag of \`${name}\`, expected ${known.join(", ")}`, name, nearest);
}

function unknownCommand(word: string): LoopgateError {
  const suggestion = word.endsWith(".wasm") ? `loopgate run ${word}` : nearestWord(word, COMMANDS);
  return usage(`Cannot do "${word}": it is no command, expected ${COMMAND_LIST}`, undefined, suggestion);
}

function usage(message: string, topic?: CommandName, suggestion?: string): LoopgateError {
  const hint = suggestion === undefined ? "" : `\nDid you mean: ${suggestion}`;
  const help = topic === undefined ? "loopgate help" : `loopgate help ${topic}`;
  return new LoopgateError("ERR_USAGE", `${message}${hint}\nSee: ${help}`);
}
