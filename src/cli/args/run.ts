/** `loopgate run`: its words and its help. */
import { readEnv } from "./env.ts";
import { COMMON_FLAGS, type Flags, usage, type Words } from "./words.ts";

/** What `run` was asked for. */
export interface RunCommand {
  readonly kind: "run";
  readonly component: string;
  readonly env: readonly (readonly [string, string])[];
  readonly args: readonly string[];
}

/** Its flags. */
export const RUN_FLAGS: Flags = {
  ...COMMON_FLAGS,
  env: { type: "string", isList: true },
  arg: { type: "string", isList: true },
};

/** Its help. */
export const RUN_USAGE = `Usage: loopgate run <component.wasm> [--env NAME=value]... [--arg text]... [-- text...]

Runs one component that exports wasi:cli/run, with the rights of a service: a private loopback of its own, no
files. What it writes passes through; its exit code is the command's. The machine's environment is not passed on.

  --env NAME=value     an environment variable; may come more than once
  --arg text           an argument; may come more than once (--arg=-x for one that starts with "-")
  -- text...           all that follows are arguments too

Example:
  loopgate run hello.wasm --env LOG=debug -- --name World
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
  return {
    kind: "run",
    component,
    env: readEnv(flags.get("env") ?? [], "run"),
    args: [...(flags.get("arg") ?? []), ...rest],
  };
}
