/** `wasi:cli/environment`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-environment";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";

/** The interface `wasi:cli/environment`. */
export function environmentInterface(context: HostContext) {
  return {
    // WIT get-environment: func() -> list<tuple<string, string>>
    getEnvironment: () => context.env,

    // WIT get-arguments: func() -> list<string>
    getArguments: () => context.args,

    // WIT initial-cwd: func() -> option<string>
    // There is no file system, hence no directory to be in.
    initialCwd: () => undefined,
  } satisfies HostInterface<typeof Declared>;
}
