/**
 * The settings of `serve`, each of them once: its flag, its variable and its key in `gateway.jsonc` come from here, and so do
 * the help, the JSON schema and the tables of the documents. A flag stands above its variable, that above the file. Pure.
 */
import * as v from "valibot";
import { nearestWord } from "../base/nearest_word.ts";
import { LOG_LEVEL_DEFAULT, LOG_LEVELS } from "../telemetry/log_level.ts";
import {
  ADDRESS,
  countTo,
  ENDPOINT,
  FILE,
  HOSTS,
  NAME_SERVERS,
  oneOf,
  RATIO,
  type SettingKind,
  SWITCH,
  type TextFault,
} from "./setting_kinds.ts";

/** One of them. Its key is its name. */
export interface Setting<Value> extends SettingKind<Value> {
  /** `--listen`; of a "switch" the one that turns it on. */
  readonly flag: `--${string}`;
  /** What follows the flag. */
  readonly placeholder?: string;
  readonly variable: `LOOPGATE_${string}`;
  /** One that other programs read too; it counts where ours is not set. */
  readonly sharedVariable?: string;
  /** What counts when nobody says anything, in words. */
  readonly standard: string;
  /** A sentence without its end. */
  readonly about: string;
}

/** More replicas than this are a slip of the finger: each takes a core, and memory of its own. */
const REPLICAS_MAX = 256;

/** All of them, in the order in which they are told. */
export const SETTINGS = {
  listen: setting(ADDRESS, {
    flag: "--listen",
    placeholder: "host:port",
    variable: "LOOPGATE_LISTEN",
    standard: "127.0.0.1:8080",
    about: "where to listen; port 0 is a free one, [::1]:8080 is IPv6, 0.0.0.0:8080 is every interface of the machine",
  }),
  admin: setting(ADDRESS, {
    flag: "--admin",
    placeholder: "host:port",
    variable: "LOOPGATE_ADMIN",
    standard: "nowhere",
    about:
      "where health (/healthz, /readyz), metrics (/metrics) and the admin page are served; best an address of the " +
      "loopback. Replica k has the port k - 1 above it",
  }),
  log: setting(oneOf(["pretty", "json"]), {
    flag: "--log",
    placeholder: "pretty|json",
    variable: "LOOPGATE_LOG",
    standard: "pretty",
    about: "how events are printed: a line for people, or one JSON object per line",
  }),
  logLevel: setting(oneOf(LOG_LEVELS), {
    flag: "--log-level",
    placeholder: "level",
    variable: "LOOPGATE_LOG_LEVEL",
    standard: LOG_LEVEL_DEFAULT,
    about: "which events are printed: error (what failed), warn (and what was kept from guests and clients) or info " +
      "(everything, each request too)",
  }),
  otlp: setting(ENDPOINT, {
    flag: "--otlp",
    placeholder: "url",
    variable: "LOOPGATE_OTLP",
    sharedVariable: "OTEL_EXPORTER_OTLP_ENDPOINT",
    standard: "none",
    about: "the collector of traces (OTLP over HTTP, JSON); without one nothing is recorded and nothing is sent. " +
      "OTEL_EXPORTER_OTLP_ENDPOINT says the same",
  }),
  traceRatio: setting(RATIO, {
    flag: "--trace-ratio",
    placeholder: "number",
    variable: "LOOPGATE_TRACE_RATIO",
    standard: "1",
    about: "what part of the requests is recorded, from 0 to 1",
  }),
  traceTo: setting(HOSTS, {
    flag: "--trace-to",
    placeholder: "host",
    variable: "LOOPGATE_TRACE_TO",
    standard: "the private loopback alone",
    about:
      "hosts to which requests of guests carry a traceparent when the guest sets none: names, *.suffix, addresses, *",
  }),
  resolver: setting(NAME_SERVERS, {
    flag: "--resolver",
    placeholder: "host:port",
    variable: "LOOPGATE_RESOLVER",
    standard: "the machine's",
    about: "name servers, asked in this order",
  }),
  ca: setting(FILE, {
    flag: "--ca",
    placeholder: "file",
    variable: "LOOPGATE_CA",
    standard: "none",
    about: "certificates (PEM) to trust besides the machine's; in the file, its path starts at the folder",
  }),
  replicas: setting(countTo(REPLICAS_MAX), {
    flag: "--replicas",
    placeholder: "N",
    variable: "LOOPGATE_REPLICAS",
    standard: "1",
    about: "processes that serve the port together; each runs every service, so there are N of each, with nothing in " +
      "common. One that crashes is started again, and the others serve on",
  }),
  watch: setting(SWITCH, {
    flag: "--watch",
    variable: "LOOPGATE_WATCH",
    standard: "on",
    about: "look for changes of the folder, and serve a workload that changes anew",
  }),
  startWith: setting(oneOf(["all", "sound"]), {
    flag: "--start-with",
    placeholder: "all|sound",
    variable: "LOOPGATE_START_WITH",
    standard: "all",
    about:
      "what a start does with a workload whose files have a fault: serve nothing (all), or leave it out, answer its " +
      "routes with 503 and take it in when it is mended (sound)",
  }),
} as const;

/** The name of a setting: its key in the file. */
export type SettingName = keyof typeof SETTINGS;

/** What somebody says about them. */
export type Settings = {
  readonly [Name in SettingName]?: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never;
};

/** In order. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Variables that are no settings of `serve`: of the start, of replicas, of the clone's scripts and tests. */
const OTHER_VARIABLES: readonly string[] = [
  "LOOPGATE_CACHE",
  "LOOPGATE_REPLICA",
  "LOOPGATE_NODE",
  "LOOPGATE_DENO",
  "LOOPGATE_LONG_TESTS",
  "LOOPGATE_BENCH_WASMTIME",
];

/** What Kubernetes puts into every container of a namespace with a service called `loopgate` or `loopgate-...`. */
const SERVICE_LINK = /^LOOPGATE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_.+)?)$/;

/** What follows "Cannot use <source>", and what was probably meant. */
export function textFaultWords({ text, is, expected }: TextFault): string {
  return `"${text}"${is === undefined ? "" : `: ${is}`}, expected ${expected}`;
}

/**
 * Reads the variables of `names`; an empty one is none, because that is how a container file or a unit takes one back.
 *
 * @param fail gets the variable's name and the rest of the sentence
 */
export function settingsOfVariables(
  variables: Readonly<Record<string, string | undefined>>,
  names: readonly SettingName[],
  fail: (variable: string, fault: TextFault) => never,
): Settings {
  const found: [SettingName, unknown][] = [];
  for (const name of names) {
    const { variable, sharedVariable, form, read }: Setting<unknown> = SETTINGS[name];
    const isSet = (each: string): boolean => (variables[each] ?? "") !== "";
    const source = sharedVariable !== undefined && !isSet(variable) ? sharedVariable : variable;
    const text = variables[source];
    if (text === undefined || text === "") continue;
    const texts = form === "list" ? text.split(",").map((part) => part.trim()) : [text];
    const answer = read(texts);
    if (!("value" in answer)) return fail(source, answer);
    found.push([name, answer.value]);
  }
  return Object.fromEntries(found) as Settings;
}

/** What a file says of them, among its other keys. */
export const SETTING_ENTRIES = {
  listen: v.optional(SETTINGS.listen.schema),
  admin: v.optional(SETTINGS.admin.schema),
  log: v.optional(SETTINGS.log.schema),
  logLevel: v.optional(SETTINGS.logLevel.schema),
  otlp: v.optional(SETTINGS.otlp.schema),
  traceRatio: v.optional(SETTINGS.traceRatio.schema),
  traceTo: v.optional(SETTINGS.traceTo.schema),
  resolver: v.optional(SETTINGS.resolver.schema),
  ca: v.optional(SETTINGS.ca.schema),
  replicas: v.optional(SETTINGS.replicas.schema),
  watch: v.optional(SETTINGS.watch.schema),
  startWith: v.optional(SETTINGS.startWith.schema),
};

/** A line for each variable that looks like ours and is none: whoever sets it believes that it counts. */
export function unknownVariables(variables: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = [...SETTING_NAMES.map((name) => SETTINGS[name].variable), ...OTHER_VARIABLES];
  return Object.keys(variables).filter((name) => {
    return name.startsWith("LOOPGATE_") && !known.includes(name) && !SERVICE_LINK.test(name);
  }).toSorted().map((name) => {
    const nearest = nearestWord(name, known);
    return `${name} is no variable of the gateway, so it is ignored${
      nearest === undefined ? "" : `; did you mean ${nearest}?`
    }`;
  });
}

function setting<Value>(
  kind: SettingKind<Value>,
  words: Omit<Setting<Value>, keyof SettingKind<Value>>,
): Setting<Value> {
  const { about, standard } = words;
  const sentence = `${about[0]?.toUpperCase()}${about.slice(1)}. Default: ${standard}.`;
  return { ...kind, ...words, schema: v.pipe(kind.schema, v.description(sentence)) };
}
