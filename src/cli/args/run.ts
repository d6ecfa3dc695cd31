/** `loopgate run`: its words and its help. */
import { readEnv } from "./env.ts";
import { type PublishRequest, readPublish } from "./publish.ts";
import { COMMON_FLAGS, type Flags, usage, type Words } from "./words.ts";

/** What `run` was asked for. */
export interface RunCommand {
  readonly kind: "run";
  readonly component: string;
  readonly env: readonly (readonly [string, string])[];
  readonly args: readonly string[];
  /** Folders that the guest gets. */
  readonly dirs: readonly RunFolder[];
  readonly publish: readonly PublishRequest[];
}

/** A folder of the machine, and where the guest sees it. */
export interface RunFolder {
  readonly folder: string;
  readonly path: string;
  readonly isWritable: boolean;
}

/** Its flags. */
export const RUN_FLAGS: Flags = {
  ...COMMON_FLAGS,
  env: { type: "string", isList: true },
  arg: { type: "string", isList: true },
  dir: { type: "string", isList: true },
  "dir-write": { type: "string", isList: true },
  publish: { type: "string", isList: true },
};

/** Its help. */
export const RUN_USAGE =
  `Usage: loopgate run <component.wasm> [--env NAME=value]... [--arg text]... [--dir folder[::path]]...
                    [--dir-write folder[::path]]... [--publish [host:]port:port]... [-- text...]

Runs one component that exports wasi:cli/run, with the rights of a service: a private loopback of its own, and no
files but those of --dir. What it writes passes through; its exit code is the command's. The machine's environment is
not passed on.

  --env NAME=value     an environment variable; may come more than once
  --arg text           an argument; may come more than once (--arg=-x for one that starts with "-")
  --dir folder[::path] a folder that it may read, at this path (else at the folder's name); may come more than once
  --dir-write folder[::path]
                       the same for a folder that it may change too, without a limit on what it puts there
  --publish [host:]port:port
                       a port of this machine that leads to one of its private loopback; open to this machine alone
                       unless a host is written. May come more than once
  -- text...           all that follows are arguments too

Example:
  loopgate run hello.wasm --env LOG=debug -- --name World
  loopgate run report.wasm --dir sources::/in --dir-write out::/out
`;

/** Reads the words after `run`. */
export function runCommand({ flags, positionals, rest }: Words): RunCommand {
  const [component, extra] = positionals;
  if (component === undefined) {
    throw usage("Cannot run: there is no component, expected `loopgate run <component.wasm>`", "run");
  }
  if (extra !== undefined) {
    const message =
      `Cannot run "${component}": "${extra}" follows it, expected the component's own arguments after "--"`;
    throw usage(message, "run", `loopgate run ${component} -- ${extra}`);
  }
  const dirs = [
    ...(flags.get("dir") ?? []).map((text) => readFolder("--dir", text)),
    ...(flags.get("dir-write") ?? []).map((text) => readFolder("--dir-write", text)),
  ];
  const twice = dirs.find(({ path }, index) => dirs.findIndex((other) => other.path === path) < index);
  if (twice !== undefined) throw usage(`Cannot mount two folders at "${twice.path}", expected one`, "run");
  return {
    kind: "run",
    component,
    env: readEnv(flags.get("env") ?? [], "run"),
    args: [...(flags.get("arg") ?? []), ...rest],
    dirs,
    publish: flags.get("publish")?.map((each) => readPublish(each, "run")) ?? [],
  };
}

/** `folder` or `folder::path`, as wasmtime has it. */
function readFolder(flag: "--dir" | "--dir-write", text: string): RunFolder {
  const split = text.indexOf("::");
  const [folder, path] = split < 0 ? [text, text] : [text.slice(0, split), text.slice(split + 2)];
  if (folder === "" || path === "" || text.includes("\0")) {
    throw usage(`Cannot use ${flag} "${text}": it is no folder, expected folder or folder::path-in-the-guest`, "run");
  }
  return { folder, path, isWritable: flag === "--dir-write" };
}
