/** `limits`, `instance` and their like as parts of the definition; see `definition.ts` for the rules of its messages. */
import * as v from "valibot";
import type { InstanceMode } from "../workload/spec.ts";
import { closed, kindOf, type Notes, quoted } from "./definition_parts.ts";
import type { LimitKey, LimitKeys } from "./limit_keys.ts";
import { limitJsonSchema, limitText, readLimit } from "./limit_values.ts";

/** What an object of limits says, in smallest units. */
export type LimitValues<Keys extends LimitKeys> = { readonly [Key in keyof Keys]?: number | undefined };

type LimitEntries<Keys extends LimitKeys> = {
  readonly [Key in keyof Keys & string]: v.OptionalSchema<v.GenericSchema<unknown, number>, undefined>;
};

/** The schema of an object with these keys, all of them optional. `absentKeys` are sentences for others. */
export function limitsObject<const Keys extends LimitKeys>(
  keys: Keys,
  { defaults, absentKeys = {}, about }: {
    /** By field; undefined for a ceiling, whose keys have none. */
    readonly defaults: { readonly [Field in Keys[keyof Keys]["field"]]: number } | undefined;
    readonly absentKeys?: Readonly<Record<string, string>>;
    readonly about: string;
  },
): v.GenericSchema<unknown, LimitValues<Keys>> {
  const standards = new Map<string, number>(Object.entries(defaults ?? {}));
  const entries = Object.entries(keys).map(([key, limit]) => {
    return [key, v.optional(limitSchema(limit, standards.get(limit.field)))] as const;
  });
  // `fromEntries` forgets the names.
  return v.pipe(
    closed(Object.fromEntries(entries) as LimitEntries<Keys>, absentKeys),
    v.metadata({ code: "LG1201" } satisfies Notes),
    v.description(about),
  );
}

/** One limit, with what counts when it is not there. */
export function limitSchema(limit: LimitKey, standard: number | undefined): v.GenericSchema<unknown, number> {
  const { unit, min, max, about, past } = limit;
  const more = standard === undefined ? "" : ` Default: ${limitText(unit, standard)}.`;
  const bounds = `${limitText(unit, min)} to ${limitText(unit, max)}`;
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const read = readLimit(dataset.value, limit);
      if ("value" in read) return read.value;
      addIssue({ message: read.fault });
      return NEVER;
    }),
    v.metadata({ jsonSchema: limitJsonSchema(limit) } satisfies Notes),
    v.description(`${about[0]?.toUpperCase()}${about.slice(1)}: ${bounds}.${more} Past it: ${past}.`),
  );
}

/** How many requests an instance serves when a file says "reuse" and no number. */
export const REUSE_REQUESTS = 1000;
/** What "reuse" may say; what an instance gathers in a million requests should be given up once. */
const REUSE_REQUESTS_MAX = 1_000_000;

const REUSE: LimitKey = {
  field: "requestsMax",
  unit: "count",
  min: 1,
  max: REUSE_REQUESTS_MAX,
  about: "requests of one instance",
  past: "it is dropped",
};

/** `instance`. */
export const instance = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }): InstanceMode => {
    const read = readInstance(dataset.value);
    if (typeof read !== "string") return read;
    addIssue({ message: read });
    return NEVER;
  }),
  v.metadata(
    {
      jsonSchema: {
        anyOf: [
          { enum: ["fresh", "reuse"] },
          {
            type: "object",
            properties: { reuse: limitJsonSchema(REUSE) },
            required: ["reuse"],
            additionalProperties: false,
          },
        ],
      },
    } satisfies Notes,
  ),
  v.description(
    '"fresh", the default: every request meets an instance in its first state. "reuse": the next request meets what ' +
      `the last one left, up to ${REUSE_REQUESTS} requests; { "reuse": 100 } says how many.`,
  ),
);

function readInstance(input: unknown): InstanceMode | string {
  const expected = 'expected "fresh", "reuse" or { "reuse": 100 }';
  if (input === "fresh") return { kind: "fresh" };
  if (input === "reuse") return { kind: "reuse", requestsMax: REUSE_REQUESTS };
  if (typeof input === "string") {
    const near = input.toLowerCase();
    const fix = near === "fresh" || near === "reuse" ? `\nwrite ${quoted(near)}` : "";
    return `it is ${quoted(input)}, ${expected}${fix}`;
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) return `it is ${kindOf(input)}, ${expected}`;
  const keys = Object.keys(input);
  if (!("reuse" in input) || keys.length !== 1) return `it has ${keys.map(quoted).join(", ") || "no key"}, ${expected}`;
  const read = readLimit(input.reuse, REUSE);
  if ("value" in read) return { kind: "reuse", requestsMax: read.value };
  const [sentence = "", fix] = read.fault.split("\n");
  return `in "reuse", ${sentence}${fix === undefined ? "" : `\n${fix.replace("write ", 'write "reuse": ')}`}`;
}
