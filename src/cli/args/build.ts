/** `loopgate build`: its words and its help. */
import { COMMON_FLAGS, type Flags, HERE, usage, type Words } from "./words.ts";

/** What `build` was asked for. */
export interface BuildCommand {
  readonly kind: "build";
  readonly folder: string;
  /** Whether the TypeScript compiler is asked too. */
  readonly hasTypes: boolean;
}

/** Its flags. */
export const BUILD_FLAGS: Flags = { ...COMMON_FLAGS, types: { type: "boolean" } };

/** Its help. */
export const BUILD_USAGE = `Usage: loopgate build [folder] [--types]

Builds the guests of a folder of workloads, or of one workload, that are missing or stale. A component that a file
calls dist/<name>.wasm is made from src/<name>.ts (or .tsx, .js): a module that exports { fetch } for a route, or
{ run } for a service, as default. It is bundled and put on QuickJS. In workload.jsonc, guests in other languages
name the program that makes them:
"build": { "command": ["cargo", "build", "--release"], "outputs": { "dist/<name>.wasm": "target/..." } }.

  [folder]             the folder of workloads, or one of them (the current folder)
  --types              also asks the TypeScript compiler, by tsconfig.json of a workload or of the folder of all

Exit codes: 0 all are built, 2 something to mend: a source, a file, a tool that is not installed.

Example:
  loopgate build
`;

/** Reads the words after `build`. */
export function buildCommand({ flags, positionals, rest }: Words): BuildCommand {
  const [folder = HERE, extra] = [...positionals, ...rest];
  if (extra !== undefined) {
    throw usage(`Cannot build "${folder}": "${extra}" follows it, expected one folder`, "build");
  }
  return { kind: "build", folder, hasTypes: flags.has("types") };
}
