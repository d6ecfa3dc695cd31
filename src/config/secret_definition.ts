/** `secrets` of `gateway.jsonc`, and how an environment names one of them; see `definition.ts` for the rules of its messages. */
import * as v from "valibot";
import { closed, kindOf, type Notes, plainObject, quoted, wrongType } from "./definition_parts.ts";

/** Names of secrets stand in the files of workloads. */
const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Names of variables as operating systems have them. */
const VARIABLE_NAME = /^[^=\0]+$/;
/** What no sub-folder can be called is no workload's name. */
const WORKLOAD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const NAME_EXPECTED = 'at most 63 letters, digits, "-", "_" and ".", a letter or digit first';

const SOURCES = ["file", "env"] as const;

const from = v.pipe(
  v.picklist(SOURCES, ({ input }) => `it is ${kindOf(input)} that is no source, expected "file" or "env"`),
  v.description('"file" or "env": where the value comes from'),
  v.metadata({ example: '"from": "file"' } satisfies Notes),
);

const path = v.pipe(
  v.string(wrongType("the path of a file in quotes")),
  v.check((input) => input !== "" && !input.includes("\0"), "it is no path, expected the path of a file"),
  v.metadata({ jsonSchema: { pattern: "^[^\\u0000]+$" } } satisfies Notes),
  v.description("Of a file: its path, which starts at this folder and leads out of it."),
);

const name = v.pipe(
  v.string(wrongType("the name of a variable in quotes")),
  v.regex(VARIABLE_NAME, "it is no name of a variable, expected one"),
  v.metadata({ jsonSchema: { pattern: "^[^=\\u0000]+$" } } satisfies Notes),
  v.description("Of a variable: its name in the gateway's own environment."),
);

const workloads = v.pipe(
  v.array(
    v.pipe(
      v.string(wrongType("the name of a workload in quotes")),
      v.regex(WORKLOAD_NAME, `it is no name of a workload, expected ${NAME_EXPECTED}`),
      v.metadata({ jsonSchema: { pattern: WORKLOAD_NAME.source } } satisfies Notes),
    ),
    wrongType('a list of workloads like ["shop"]'),
  ),
  v.minLength(1, "it is empty, so nobody gets the secret, expected the name of a workload"),
  v.description("a list of the workloads that may use it"),
  v.metadata({ example: '"workloads": ["<name>"]' } satisfies Notes),
);

const secret = v.pipe(
  closed({ from, path: v.optional(path), name: v.optional(name), workloads }, {
    value: 'a value does not belong into the file: write "from": "file" and "path"',
    file: 'write "from": "file" and "path"',
    env: 'write "from": "env" and "name"',
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? sourceFault(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
  v.metadata(
    {
      jsonSchema: {
        anyOf: [
          { properties: { from: { const: "file" } }, required: ["path"], not: { required: ["name"] } },
          { properties: { from: { const: "env" } }, required: ["name"], not: { required: ["path"] } },
        ],
      },
    } satisfies Notes,
  ),
);

function sourceFault(
  { from: source, path: file, name: variable }: {
    readonly from: (typeof SOURCES)[number];
    readonly path?: string | undefined;
    readonly name?: string | undefined;
  },
): string | undefined {
  const [own, others] = source === "file" ? ["path", "name"] : ["name", "path"];
  const [value, other] = source === "file" ? [file, variable] : [variable, file];
  if (value === undefined) {
    return `it is from ${quoted(source)} and has no ${quoted(own)}, expected one\nadd "${own}": "..."`;
  }
  if (other !== undefined) {
    return `it is from ${quoted(source)} and has a ${quoted(others)}, expected ${quoted(own)} alone`;
  }
  return undefined;
}

/** `secrets`. */
export const secrets = v.pipe(
  plainObject("an object of names and secrets"),
  v.record(
    v.pipe(
      v.string(),
      v.regex(SECRET_NAME, `it is no name of a secret, expected ${NAME_EXPECTED}`),
      v.metadata({ jsonSchema: { not: { enum: ["constructor", "prototype"] } } } satisfies Notes),
    ),
    secret,
  ),
  v.description(
    'Values that stand in no file of a workload: { "from": "file", "path": "/run/secrets/db", "workloads": ["shop"] } or { "from": "env", "name": "DB_PASSWORD", "workloads": ["shop"] }. A workload names one in "env" or "args" by { "secret": "<name>" }.',
  ),
);

/** A checked `secrets`. */
export type SecretsFile = v.InferOutput<typeof secrets>;

/** A value in `env`, or one of `args`: a text, or the name of one of the operator's secrets. */
export type TextFile = string | { readonly secret: string };

/** A value of an environment that is no plain text: its name, or what is wrong. */
export function readSecretName(value: unknown): { readonly secret: string } | { readonly fault: string } {
  const expected = 'a string in quotes, or { "secret": "<name>" } with a name of "secrets" in gateway.jsonc';
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { fault: `it is ${kindOf(value)}, expected ${expected}` };
  }
  const keys = Object.keys(value);
  if (keys.some((key) => ["from", "path", "name", "file", "env"].includes(key))) {
    const fix = 'write { "secret": "<name>" }, and what it is from in "secrets" of gateway.jsonc';
    return { fault: `it says where it is from, which is the operator's to say, expected ${expected}\n${fix}` };
  }
  const named: unknown = Reflect.get(value, "secret");
  if (keys.length !== 1 || typeof named !== "string" || !SECRET_NAME.test(named)) {
    return { fault: `it names no secret, expected ${expected}` };
  }
  return { secret: named };
}

/** Of the JSON schema. */
export const SECRET_NAME_SCHEMA = {
  type: "object",
  properties: { secret: { type: "string", pattern: SECRET_NAME.source } },
  required: ["secret"],
  additionalProperties: false,
} as const;
