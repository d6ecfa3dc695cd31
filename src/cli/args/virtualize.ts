/** `loopgate virtualize`: its words and its help. */
import { DENY_WORDS } from "../../virtualize/denials.ts";
import { readEnv } from "./env.ts";
import { COMMON_FLAGS, type Flags, usage, type Words } from "./words.ts";

/** What `virtualize` was asked for. */
export interface VirtualizeCommand {
  readonly kind: "virtualize";
  readonly component: string;
  readonly output: string;
  /** Words of `--deny`. */
  readonly deny: readonly string[];
  /** Undefined where no flag speaks of the environment. */
  readonly env: readonly (readonly [string, string])[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly randomSeed: bigint | undefined;
}

/** Its flags. */
export const VIRTUALIZE_FLAGS: Flags = {
  ...COMMON_FLAGS,
  deny: { type: "string", isList: true },
  env: { type: "string", isList: true },
  arg: { type: "string", isList: true },
  "random-seed": { type: "string" },
  output: { type: "string", short: "o" },
};

/** Its help. */
export const VIRTUALIZE_USAGE =
  `Usage: loopgate virtualize <in.wasm> --deny what,... [--env NAME=value]... [--arg text]...
                           [--random-seed N] -o <out.wasm>

Writes a component whose chosen imports are met by stubs inside it, so that it runs on hosts that do not offer them.

  --deny what,...      ${DENY_WORDS.join(", ")}, or an interface
                       by its name without version, such as wasi:cli/environment; may come more than once.
                       Sockets and requests are denied with the codes of a policy, names do not resolve, there are
                       no files, variables, arguments and terminals; a call for random bytes traps, and so does exit
  --env NAME=value     what the environment is instead, whatever the host's is; may come more than once
  --arg text           likewise an argument; the first is the program's name
  --random-seed N      random bytes of a generator with this seed: the same in every run, for tests only
  -o, --output file    where to write the component

Example:
  loopgate virtualize app.wasm --deny sockets,http -o app.offline.wasm
`;

const SEED = /^\d{1,20}$/;
const SEED_MAX = 2n ** 64n - 1n;

/** Reads the words after `virtualize`. */
export function virtualizeCommand({ flags, positionals, rest }: Words): VirtualizeCommand {
  const [component, extra = rest[0]] = positionals;
  if (component === undefined) {
    throw usage("Cannot virtualize: there is no component, expected `loopgate virtualize <in.wasm>`", "virtualize");
  }
  if (extra !== undefined) {
    throw usage(`Cannot virtualize "${component}": "${extra}" follows it, expected flags`, "virtualize");
  }
  const [output] = flags.get("output") ?? [];
  if (output === undefined) {
    throw usage(`Cannot virtualize "${component}": nobody says where to, expected -o <out.wasm>`, "virtualize");
  }
  const deny = (flags.get("deny") ?? []).flatMap((words) => words.split(",").map((word) => word.trim()));
  const [env, args, [seed] = []] = [flags.get("env"), flags.get("arg"), flags.get("random-seed")];
  if (deny.length === 0 && env === undefined && args === undefined && seed === undefined) {
    throw usage(
      `Cannot virtualize "${component}": nothing is to be met, expected --deny ${DENY_WORDS.join(",")}`,
      "virtualize",
    );
  }
  if (seed !== undefined && !(SEED.test(seed) && BigInt(seed) <= SEED_MAX)) {
    throw usage(`Cannot use --random-seed: "${seed}" is no number of 64 bits, expected one such as 7`, "virtualize");
  }
  return {
    kind: "virtualize",
    component,
    output,
    deny,
    env: env && readEnv(env, "virtualize"),
    args,
    randomSeed: seed === undefined ? undefined : BigInt(seed),
  };
}
