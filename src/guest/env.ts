/** The environment that the workload's files give. */
import { refuseInFirstLines } from "./first_lines.ts";
import { getEnvironment } from "./wasi/cli_environment.ts";

/** Names and values. */
export type Env = Readonly<Record<string, string>>;

let read: Env | undefined;

/**
 * Read once, when it is first asked for: while a program is built there is none.
 *
 * @example
 * const region = readEnv()["REGION"] ?? "eu";
 */
export function readEnv(): Env {
  refuseInFirstLines("read the environment");
  return read ??= Object.freeze(Object.fromEntries(getEnvironment()));
}
