/**
 * What may stand in `workload.jsonc` and `*.route.jsonc`: the one definition (`gateway_definition.ts` has the
 * operator's file). The validator runs it, and
 * `json_schema.ts` makes the JSON schemas that editors use from it.
 *
 * A message of a schema is the rest of a sentence that starts with `Cannot use "<key>": `; after a line break
 * follows the fix. Descriptions finish "expected ..." for a key that is missing; `Notes.example` is its fix.
 */
import * as v from "valibot";
import { ROUTE_LIMITS, SERVICE_LIMITS, WORKLOAD_TOTALS } from "../base/limits.ts";
import { parseHostPattern } from "../router/host_pattern.ts";
import { ROUTE_METHODS } from "../router/methods.ts";
import { parsePathPattern } from "../router/path_pattern.ts";
import type { PatternFault } from "../router/pattern_fault.ts";
import { build } from "./build_definition.ts";
import {
  closed,
  dns,
  type Issue,
  kindOf,
  LATER,
  net,
  type Notes,
  plainObject,
  quoted,
  schemaKey,
  wrongType,
} from "./definition_parts.ts";
import { instance, limitsObject } from "./limit_definition.ts";
import { ROUTE_LIMIT_KEYS, SERVICE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS } from "./limit_keys.ts";
import { readSecretName, SECRET_NAME_SCHEMA, type TextFile } from "./secret_definition.ts";
import { volumes } from "./volume_definition.ts";

const TEXT_PATTERN = "^[^\\u0000]*$";

const text = v.pipe(
  v.string(unquoted),
  v.check((input) => !input.includes("\0"), "it has a NUL character, which no guest can be given, expected none"),
  v.check((input) => input.isWellFormed(), "it has half a character (a lone surrogate), expected whole ones"),
  v.metadata({ jsonSchema: { pattern: TEXT_PATTERN } } satisfies Notes),
);

/** Names of variables, in files and on the command line. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const envName = v.pipe(
  v.string(),
  v.regex(ENV_NAME, 'it is no name of a variable, expected letters, digits, "_", "." and "-"'),
  // `RESERVED_KEYS` of faults.ts, told to the editor too.
  v.metadata({ jsonSchema: { not: { enum: ["constructor", "prototype"] } } } satisfies Notes),
);

/** Not a union: the sentences would be those of either side. */
const textOrSecret = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): TextFile => {
    if (typeof value !== "object" || value === null) {
      const plain = v.safeParse(text, value);
      if (plain.success) return plain.output;
      for (const { message } of plain.issues) addIssue({ message });
      return NEVER;
    }
    const named = readSecretName(value);
    if ("secret" in named) return named;
    addIssue({ message: named.fault });
    return NEVER;
  }),
  v.metadata(
    { jsonSchema: { anyOf: [{ type: "string", pattern: TEXT_PATTERN }, SECRET_NAME_SCHEMA] } } satisfies Notes,
  ),
);

const env = v.pipe(
  plainObject("an object of names and strings"),
  v.record(envName, textOrSecret),
  v.description(
    'Environment variables: texts, or { "secret": "<name>" } for one that gateway.jsonc gives to the workload. A route\'s and a service\'s own stand above the workload\'s.',
  ),
);

const args = v.pipe(
  v.array(textOrSecret, wrongType("a list of strings")),
  v.description(
    'Arguments after the program\'s name: texts, or { "secret": "<name>" } for one that gateway.jsonc gives to the workload.',
  ),
);

const component = v.pipe(
  v.string(wrongType("the path of a component in quotes")),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const message = componentFault(dataset.value);
    if (message !== undefined) addIssue({ message });
  }),
  v.metadata(
    {
      jsonSchema: { pattern: "^(?![/\\s])(?!.*://)(?!(?:.*/)?\\.\\.(?:/|$))[^\\\\\\u0000]*[^\\\\/\\u0000\\s]$" },
    } satisfies Notes,
  ),
  v.description("the path of a component within the workload's folder"),
  v.metadata({ example: '"component": "dist/<name>.wasm"' } satisfies Notes),
);

const host = v.pipe(
  v.string(wrongType("a host in quotes")),
  v.rawCheck(({ dataset, addIssue }) => {
    const read = dataset.typed ? parseHostPattern(dataset.value) : undefined;
    if (read?.kind === "fault") addIssue({ message: patternMessage(read) });
  }),
  v.metadata(
    {
      jsonSchema: { pattern: "^(?:\\*|(?:\\*\\.)?(?:[a-z0-9_-]{1,63}\\.)*[a-z0-9_-]{1,63}|\\[[0-9a-f:.]+\\])$" },
    } satisfies Notes,
  ),
  v.description('A host, "*.suffix", or "*" for any, which is the default.'),
);

const path = v.pipe(
  v.string(wrongType("a path in quotes")),
  v.rawCheck(({ dataset, addIssue }) => {
    const read = dataset.typed ? parsePathPattern(dataset.value) : undefined;
    if (read?.kind === "fault") addIssue({ message: patternMessage(read) });
  }),
  v.metadata(
    {
      jsonSchema: {
        pattern: "^(?!.*/(?:\\.|%2[eE]){1,2}(?:/|$))(?=/)" +
          "(?:/(?::[A-Za-z_][A-Za-z0-9_]*|(?!:)(?:[A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2})+))*(?:/\\*?)?$",
        maxLength: 1024,
      },
    } satisfies Notes,
  ),
  v.description('a path like "/", "/users/:id" or "/files/*"'),
  v.metadata({ example: '"path": "/"' } satisfies Notes),
);

const methods = v.pipe(
  v.array(v.picklist(ROUTE_METHODS, methodMessage), wrongType('a list of methods like ["GET", "POST"]')),
  v.minLength(1, 'it is empty, so the route answers nothing, expected a method\nleave "methods" out for every method'),
  v.check((input) => new Set(input).size === input.length, "a method is in it twice, expected each once"),
  v.metadata({ jsonSchema: { uniqueItems: true } } satisfies Notes),
  v.description("The methods this route answers; without it, every one. GET answers HEAD as well."),
);

const GATEWAY_KEY = "it is the operator's: write it in gateway.jsonc beside the workloads";

const readyTcp = v.pipe(
  v.number(wrongType("a port from 1 to 65535")),
  v.integer(portMessage),
  v.minValue(1, portMessage),
  v.maxValue(65535, portMessage),
  v.description("the port on the private loopback that the service listens on"),
  v.metadata({ example: '"tcp": 7777' } satisfies Notes),
);

const RESTART_POLICIES = ["never", "on-failure", "always"] as const;

const restartPolicy = v.pipe(
  v.picklist(RESTART_POLICIES, (issue) => `${notListed(issue.input)}, expected "never", "on-failure" or "always"`),
  v.description('"never", "on-failure" or "always"'),
  v.metadata({ example: '"policy": "on-failure"' } satisfies Notes),
);

const OF_WORKLOAD = 'it is the workload\'s: write it in "limits" of workload.jsonc';
const OF_SERVICE = 'it is the service\'s: write it in "limits" of "service" in workload.jsonc';
const OF_ROUTES = 'a service has no requests: write it in "limits" of a route file, or of the workload';
const NO_TIMEOUT = 'write "wall" (until the answer starts), "idle" (within it) or "cpu"';

const routeLimits = limitsObject(ROUTE_LIMIT_KEYS, {
  defaults: ROUTE_LIMITS,
  absentKeys: {
    instances: OF_WORKLOAD,
    connections: OF_WORKLOAD,
    openFiles: OF_WORKLOAD,
    cpuShare: OF_SERVICE,
    start: OF_SERVICE,
    timeout: NO_TIMEOUT,
  },
  about: "What its requests and instances may use; a key that is not there is the workload's.",
});

const workloadLimits = limitsObject({ ...ROUTE_LIMIT_KEYS, ...WORKLOAD_TOTAL_KEYS }, {
  defaults: { ...ROUTE_LIMITS, ...WORKLOAD_TOTALS },
  absentKeys: { cpuShare: OF_SERVICE, start: OF_SERVICE, timeout: NO_TIMEOUT },
  about:
    "For each of its routes that does not say otherwise; instances, connections and openFiles: all its guests together.",
});

const serviceLimits = limitsObject(SERVICE_LIMIT_KEYS, {
  defaults: SERVICE_LIMITS,
  absentKeys: {
    cpu: 'a service runs for ever: it has "cpuShare", of one core',
    instances: OF_WORKLOAD,
    connections: OF_WORKLOAD,
    openFiles: OF_WORKLOAD,
    timeout: 'write "start" (until it listens)',
    ...Object.fromEntries(
      ["wall", "idle", "requestBody", "responseBody", "headerBytes", "concurrency", "queue", "queueWait", "serviceWait"]
        .map((key) => [key, OF_ROUTES]),
    ),
    idleInstances: "a service has one instance, which is never idle",
  },
  about: "What the service may use.",
});

/** More than these in a row, each after half a minute, is for ever. */
const RESTARTS_MOST = 1_000;

const budget = v.pipe(
  v.number(({ input }) => `it is ${kindOf(input)}, expected a number of restarts`),
  v.integer(restartsMessage),
  v.minValue(1, restartsMessage),
  v.maxValue(RESTARTS_MOST, restartsMessage),
  v.description(
    "Restarts in a row without a minute of health, after which the service has failed; without it, as many as it takes.",
  ),
);

const ready = v.pipe(
  closed({ tcp: readyTcp }, { http: LATER }),
  v.description("When the service is ready; without it, at once."),
);

const restart = v.pipe(
  closed({ policy: restartPolicy, budget: v.optional(budget) }),
  v.description('Whether a service that ended is started again. Default: { "policy": "on-failure" }.'),
);

const service = v.pipe(
  closed({
    component,
    env: v.optional(env),
    args: v.optional(args),
    ready: v.optional(ready),
    restart: v.optional(restart),
    limits: v.optional(serviceLimits),
    volumes: v.optional(volumes),
  }, { instance: "a service has one instance, for its whole life" }),
  v.description("The guest that runs for the workload's whole life on its private loopback; it exports wasi:cli/run."),
);

/** `workload.jsonc`. */
export const WORKLOAD_FILE = closed({
  $schema: schemaKey,
  service: v.optional(service),
  env: v.optional(env),
  net: v.optional(net),
  dns: v.optional(dns),
  limits: v.optional(workloadLimits),
  volumes: v.optional(volumes),
  instance: v.optional(instance),
  build: v.optional(build),
}, {
  args: 'arguments belong to a guest: write them in "service" or in a route file',
  component: 'a component belongs to "service", or to a route file (<name>.route.jsonc)',
  match: "a route has a file of its own (<name>.route.jsonc)",
  process: GATEWAY_KEY,
  listener: GATEWAY_KEY,
  nat64: GATEWAY_KEY,
  resolver: GATEWAY_KEY,
  ca: GATEWAY_KEY,
  secrets: GATEWAY_KEY,
  routes: "each route has a file of its own (<name>.route.jsonc)",
});

/** What a route answers. */
export const ROUTE_MATCH = v.pipe(
  closed({ host: v.optional(host), path, methods: v.optional(methods) }, { method: 'write "methods": ["..."]' }),
  v.description("an object with the path that the route answers"),
  v.metadata({ example: '"match": { "path": "/" }' } satisfies Notes),
);

/** `*.route.jsonc`. */
export const ROUTE_FILE = closed({
  $schema: schemaKey,
  match: ROUTE_MATCH,
  component,
  env: v.optional(env),
  args: v.optional(args),
  net: v.optional(net),
  dns: v.optional(dns),
  limits: v.optional(routeLimits),
  volumes: v.optional(volumes),
  instance: v.optional(instance),
}, {
  service: "a service belongs to workload.jsonc",
  path: 'move it into "match"',
  host: 'move it into "match"',
  methods: 'move it into "match"',
});

/** A checked `workload.jsonc`. */
export type WorkloadFile = v.InferOutput<typeof WORKLOAD_FILE>;
/** A checked `*.route.jsonc`. */
export type RouteFile = v.InferOutput<typeof ROUTE_FILE>;

/** A port or a switch among the variables: strings all of them, but easily forgotten. */
function unquoted({ input }: Issue): string {
  const said = `it is ${kindOf(input)}, expected a string in quotes`;
  return typeof input === "number" || typeof input === "boolean" ? `${said}\nput it in quotes` : said;
}

function notListed(input: unknown): string {
  return typeof input === "string" ? `it is ${quoted(input)}` : `it is ${kindOf(input)}`;
}

function portMessage({ input }: Issue): string {
  return `it is ${String(input)}, expected a whole number from 1 to 65535`;
}

function restartsMessage({ input }: Issue): string {
  const said = `it is ${String(input)}, expected a whole number from 1 to ${RESTARTS_MOST}`;
  return input === 0 ? `${said}\nwrite "policy": "never" for a service that is not started again` : said;
}

function methodMessage({ input }: Issue): string {
  const expected = `expected one of ${ROUTE_METHODS.join(", ")}`;
  if (typeof input !== "string") return `it is ${kindOf(input)}, ${expected}`;
  const upper = ROUTE_METHODS.find((method) => method === input.toUpperCase());
  if (upper !== undefined) return `it is "${input}", and methods are in upper case, ${expected}\nwrite "${upper}"`;
  if (input === "*") return `it is "*", ${expected}\nleave "methods" out for every method`;
  if (input.toUpperCase() === "CONNECT") return `it is "CONNECT", which the gateway refuses (501), ${expected}`;
  return `it is ${quoted(input)}, which is no known method, ${expected}`;
}

function patternMessage({ is, expected, suggestion }: PatternFault): string {
  const sentence = `${is}, expected ${expected}`;
  return suggestion === undefined ? sentence : `${sentence}\nwrite ${quoted(suggestion)}`;
}

/** What can be said of the path alone; `component_file.ts` looks at the file. */
function componentFault(path: string): string | undefined {
  const expected = 'expected a path within the workload\'s folder, like "dist/hello.wasm"';
  if (path === "") return `it is empty, ${expected}`;
  if (path.includes("\0") || !path.isWellFormed()) return `it has a character that no path has, ${expected}`;
  // No editor shows it.
  const plain = path.trim();
  if (plain !== path) {
    return `it has a blank at its start or end, ${expected}${plain === "" ? "" : `\nwrite ${quoted(plain)}`}`;
  }
  if (path.includes("://")) return `it is a URL, ${expected}`;
  if (path.includes("\\")) return `it has a backslash, ${expected}\nwrite ${quoted(path.replaceAll("\\", "/"))}`;
  if (path.startsWith("/")) return `it is an absolute path, ${expected}`;
  if (path.split("/").includes("..")) return `it has a ".." in it, ${expected}`;
  if (path.endsWith("/")) return `it is a folder, ${expected}`;
  return undefined;
}
