/** `loopgate inspect`: its words and its help. */
import { COMMON_FLAGS, type Flags, usage, type Words } from "./words.ts";

/** What `inspect` was asked for. */
export interface InspectCommand {
  readonly kind: "inspect";
  readonly component: string;
  readonly isJson: boolean;
}

/** Its flags. */
export const INSPECT_FLAGS: Flags = { ...COMMON_FLAGS, json: { type: "boolean" } };

/** Its help. */
export const INSPECT_USAGE = `Usage: loopgate inspect <component.wasm> [--json]

Shows what a component is, without running it: its world, its size and digest, the memory that an instance has from
the start, what it may ask a policy for, whether this gateway can run it, and the smallest file that serves it.

  --json               one JSON object, with the type of every function

Exit codes: 0 it can be run, 2 it cannot, or it is no component.

Example:
  loopgate inspect dist/handler.wasm
`;

/** Reads the words after `inspect`. */
export function inspectCommand({ flags, positionals, rest }: Words): InspectCommand {
  const [component, extra] = [...positionals, ...rest];
  if (component === undefined) {
    throw usage("Cannot inspect: there is no component, expected `loopgate inspect <component.wasm>`", "inspect");
  }
  if (extra !== undefined) {
    throw usage(`Cannot inspect "${component}": "${extra}" follows it, expected one component`, "inspect");
  }
  return { kind: "inspect", component, isJson: flags.has("json") };
}
