/** The `build` of `workload.jsonc`: what `loopgate build` and `loopgate dev` do, and the gateway itself never looks at. */
import * as v from "valibot";
import { closed, kindOf, type Notes, plainObject, quoted, wrongType } from "./definition_parts.ts";

const word = v.pipe(
  v.string(wrongType("a word in quotes")),
  v.check((input) => input !== "" && !input.includes("\0"), "it is empty or has a NUL character, expected a word"),
  v.metadata({ jsonSchema: { pattern: "^[^\\u0000]+$" } } satisfies Notes),
);

const command = v.pipe(
  v.array(word, wrongType('a list of words like ["cargo", "build", "--release"]')),
  v.minLength(1, "it is empty, expected a program and its arguments"),
  v.metadata({ example: '"command": ["cargo", "build", "--release"]' } satisfies Notes),
  v.description(
    "the program that makes the guests without a src/<name>.ts, and its arguments; it runs in the workload's folder",
  ),
);

const inner = v.pipe(
  v.string(wrongType("a path in quotes")),
  v.check((path) => path.trim() === path, "it has a blank at its start or end, expected the path without it"),
  v.check(isInner, "it leaves the workload's folder or names no file, expected a path within it"),
  v.metadata(
    {
      jsonSchema: { pattern: "^(?![/\\s])(?!(?:.*/)?\\.\\.(?:/|$))[^\\\\\\u0000]*[^\\\\/\\u0000\\s]$" },
    } satisfies Notes,
  ),
);

const outputs = v.pipe(
  plainObject("an object of components and files"),
  v.record(inner, inner),
  v.description(
    'Where "command" leaves what it makes: {"dist/api.wasm": "target/wasm32-wasip1/release/api.wasm"}. A core module that speaks WASI 0.1 becomes a component.',
  ),
);

const ENGINES = ["quickjs", "starlingmonkey"] as const;

/** What guests in TypeScript run on. */
export type GuestEngine = (typeof ENGINES)[number];

const engineList = ENGINES.map(quoted).join(" or ");

const engine = v.pipe(
  v.picklist(
    ENGINES,
    ({ input }) =>
      `${typeof input === "string" ? "there is no such engine" : `it is ${kindOf(input)}`}, expected ${engineList}`,
  ),
  v.description(
    'What runs the guests with a src/<name>.ts: "quickjs" (the default, small) or "starlingmonkey" (large).',
  ),
  v.metadata({ example: '"engine": "starlingmonkey"' } satisfies Notes),
);

const GOALS = ["size", "speed"] as const;

/** What QuickJS is built for. */
export type BuildGoal = (typeof GOALS)[number];

const goalList = GOALS.map(quoted).join(" or ");

const optimize = v.pipe(
  v.picklist(
    GOALS,
    ({ input }) =>
      `${typeof input === "string" ? "there is no such goal" : `it is ${kindOf(input)}`}, expected ${goalList}`,
  ),
  v.description(
    'What the QuickJS of a guest is built for: "size" (the default), or "speed": half a megabyte more, and a quarter less processor time of a request.',
  ),
  v.metadata({ example: '"optimize": "speed"' } satisfies Notes),
);

/** `build`. */
export const build = v.pipe(
  closed({
    engine: v.optional(engine),
    optimize: v.optional(optimize),
    command: v.optional(command),
    outputs: v.optional(outputs),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.optimize === undefined || dataset.value.engine !== "starlingmonkey") return;
    addIssue({ message: 'it has "optimize", and StarlingMonkey is built for one goal only, expected it without' });
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.outputs === undefined || dataset.value.command !== undefined) return;
    addIssue({ message: 'it has "outputs" and no "command", expected the command that makes them' });
  }),
  v.metadata(
    {
      jsonSchema: {
        dependentRequired: { outputs: ["command"] },
        not: { required: ["engine", "optimize"], properties: { engine: { const: "starlingmonkey" } } },
      },
    } satisfies Notes,
  ),
  v.description("How `loopgate build` and `loopgate dev` make the guests; the gateway itself never looks at it."),
);

function isInner(path: string): boolean {
  return path !== "" && !/^\/|\\|\0|\/$/.test(path) && !path.split("/").includes("..");
}
