/** Kinds of settings: each reads the text of a flag or a variable, and has the schema of the same value in a file. Pure. */
import * as v from "valibot";
import { formatIpAddress, type SocketAddress } from "../base/ip_address.ts";
import { parseListenAddress } from "../base/listen_address.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { parseDnsServer } from "../network/dns_servers.ts";
import { parseHost } from "../policy/host_name.ts";
import type { HostPort } from "../workload/spec.ts";
import { kindOf, type Notes, quoted, wrongType } from "./definition_parts.ts";

/** Why a text is no value, as parts of a sentence. */
export interface TextFault {
  /** The text that is at fault: of several, the one. */
  readonly text: string;
  /** What is wrong with it, where more can be said than that it is not what is expected. */
  readonly is?: string;
  readonly expected: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** A text, read. */
export type ReadText<Value> = { readonly value: Value } | TextFault;

/** What a kind of setting is. */
export interface SettingKind<Value> {
  /** "value": one text. "list": a flag that may come more than once, a variable with commas. "switch": a flag without a value. */
  readonly form: "value" | "list" | "switch";
  /** Of a "list" all texts, of the others the only one; a "switch" gets the word of a variable. */
  readonly read: (texts: readonly string[]) => ReadText<Value>;
  /** In `gateway.jsonc`. */
  readonly schema: v.GenericSchema<unknown, Value>;
}

const ADDRESS_EXPECTED = "host:port, like 127.0.0.1:8080";

/** Where something listens. */
export const ADDRESS: SettingKind<HostPort> = {
  form: "value",
  read: ([text = ""]) => readAddress(text, ADDRESS_EXPECTED),
  schema: textSchema('host:port in quotes, like "127.0.0.1:8080"', {
    read: readAddress,
    pattern: "^(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$",
  }),
};

function readAddress(text: string, expected: string): ReadText<HostPort> {
  const read = parseListenAddress(text);
  if (read.kind === "address") return { value: { host: read.host, port: read.port } };
  const { is, suggestion } = read;
  return { text, is, expected, ...(suggestion !== undefined && { suggestion }) };
}

/** A name would need a resolver. */
const SERVER_EXPECTED = 'the address of a name server, like "192.0.2.53:53" or "[2001:db8::53]:53"';

/** Name servers, at least one. */
export const NAME_SERVERS: SettingKind<readonly SocketAddress[]> = {
  form: "list",
  read(texts) {
    const servers: SocketAddress[] = [];
    for (const text of texts) {
      const read = readServer(text, SERVER_EXPECTED);
      if (!("value" in read)) return read;
      servers.push(read.value);
    }
    return { value: servers };
  },
  schema: v.pipe(
    v.array(
      textSchema(`${SERVER_EXPECTED}, in quotes`, {
        read: (text) => readServer(text, SERVER_EXPECTED),
        pattern: "^(?:[0-9.]+(?::[0-9]{1,5})?|\\[[0-9A-Fa-f:.]+\\](?::[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
      }),
      wrongType('a list of name servers like ["192.0.2.53:53"]'),
    ),
    v.minLength(
      1,
      'it is empty, so no name could be resolved, expected a name server\nleave "resolver" out for the machine\'s',
    ),
  ),
};

function readServer(text: string, expected: string): ReadText<SocketAddress> {
  const value = parseDnsServer(text);
  return value === undefined ? { text, is: "it is no address", expected } : { value };
}

const ENDPOINT_EXPECTED = "an http or https URL, like http://127.0.0.1:4318";

/** Where an HTTP server is, by a URL without a query. */
export const ENDPOINT: SettingKind<string> = {
  form: "value",
  read: ([text = ""]) => readEndpoint(text, ENDPOINT_EXPECTED),
  schema: textSchema('an http or https URL in quotes, like "http://127.0.0.1:4318"', {
    read: readEndpoint,
    pattern: "^https?://[^\\s?#@]+$",
  }),
};

function readEndpoint(text: string, expected: string): ReadText<string> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return { text, is: "it is no such URL", expected };
  // What stands there would be in the log, and what follows the path is the exporter's to say.
  if (url.username !== "" || url.password !== "") return { text: "...@...", is: "it has a user name", expected };
  return url.search === "" && url.hash === "" ? { value: text } : { text, is: "it has a query", expected };
}

const RATIO_EXPECTED = "a number from 0 to 1, like 0.1";

/** A part of a whole. */
export const RATIO: SettingKind<number> = {
  form: "value",
  read([text = ""]) {
    const value = /^[0-9.]{1,12}$/.test(text) ? Number(text) : NaN;
    return value >= 0 && value <= 1 ? { value } : { text, expected: RATIO_EXPECTED };
  },
  schema: v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): number => {
      if (typeof value === "number" && value >= 0 && value <= 1) return value;
      addIssue({ message: `it is ${typeof value === "number" ? value : kindOf(value)}, expected ${RATIO_EXPECTED}` });
      return NEVER;
    }),
    v.metadata({ jsonSchema: { type: "number", minimum: 0, maximum: 1 } } satisfies Notes),
  ),
};

const HOST_EXPECTED = 'a host like "api.example.com", "*.example.com" or "10.0.0.5", or "*" for all';

/** Hosts by name, by suffix or by address. */
export const HOSTS: SettingKind<readonly string[]> = {
  form: "list",
  read(texts) {
    const hosts: string[] = [];
    for (const text of texts) {
      const read = readHost(text, HOST_EXPECTED);
      if (!("value" in read)) return read;
      hosts.push(read.value);
    }
    return { value: hosts };
  },
  schema: v.array(
    textSchema(`${HOST_EXPECTED}, in quotes`, {
      read: (text) => readHost(text, HOST_EXPECTED),
      pattern: "^(?:\\*|(?:\\*\\.)?[^\\s*/?#@]+)$",
    }),
    wrongType('a list of hosts like ["*.example.com"]'),
  ),
};

/** In the one form that hosts are compared in. */
function readHost(text: string, expected: string): ReadText<string> {
  if (text === "*") return { value: text };
  const suffix = text.startsWith("*.") ? "*." : "";
  const host = parseHost(text.slice(suffix.length));
  if (host === undefined || (suffix !== "" && host.kind !== "name")) return { text, is: "it is no host", expected };
  if (host.kind === "name") return { value: suffix + host.name };
  const address = formatIpAddress(host.address);
  return { value: host.address.family === "ipv6" ? `[${address}]` : address };
}

/** The path of a file; what is in the file its user looks at. */
export const FILE: SettingKind<string> = {
  form: "value",
  read: ([text = ""]) => readPath(text, "the path of a PEM file"),
  schema: textSchema("the path of a PEM file in quotes", { read: readPath, pattern: "^[^\\u0000]+$" }),
};

function readPath(text: string, expected: string): ReadText<string> {
  return text === "" || text.includes("\0") ? { text, is: "it is no path", expected } : { value: text };
}

/** One word of a few. */
export function oneOf<const Word extends string>(words: readonly Word[]): SettingKind<Word> {
  const inQuotes = listed(words.map(quoted));
  const read = (text: string, expected: string): ReadText<Word> => {
    const value = words.find((word) => word === text);
    if (value !== undefined) return { value };
    const suggestion = nearestWord(text, words);
    return { text, expected, ...(suggestion !== undefined && { suggestion }) };
  };
  return {
    form: "value",
    read: ([text = ""]) => read(text, listed(words)),
    schema: v.pipe(textSchema(inQuotes, { read }), v.metadata({ jsonSchema: { enum: words } } satisfies Notes)),
  };
}

/** `a, b or c`. */
function listed(words: readonly string[]): string {
  return [...words.slice(0, -2), words.slice(-2).join(" or ")].join(", ");
}

/** A whole number from 1 to `most`. */
export function countTo(most: number): SettingKind<number> {
  const expected = `a number from 1 to ${most}`;
  const isOne = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 1 &&
    Number(value) <= most;
  return {
    form: "value",
    read([text = ""]) {
      const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
      return isOne(value) ? { value } : { text, expected };
    },
    schema: v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset: { value }, addIssue, NEVER }): number => {
        if (isOne(value)) return value;
        addIssue({ message: `it is ${typeof value === "number" ? value : kindOf(value)}, expected ${expected}` });
        return NEVER;
      }),
      v.metadata({ jsonSchema: { type: "integer", minimum: 1, maximum: most } } satisfies Notes),
    ),
  };
}

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["off", false],
  ["0", false],
]);

/** On or off. */
export const SWITCH: SettingKind<boolean> = {
  form: "switch",
  read([text = ""]) {
    const value = SWITCH_WORDS.get(text.toLowerCase());
    return value === undefined ? { text, expected: "on or off (or true, false, 1, 0)" } : { value };
  },
  schema: v.boolean(wrongType("true or false")),
};

/** A string that `read` reads; its faults become the file's. */
function textSchema<Value>(
  expected: string,
  { read, pattern }: {
    readonly read: (text: string, expected: string) => ReadText<Value>;
    readonly pattern?: string;
  },
): v.GenericSchema<unknown, Value> {
  return v.pipe(
    v.string(wrongType(expected)),
    v.rawTransform(({ dataset, addIssue, NEVER }): Value => {
      const found = read(dataset.value, expected);
      if ("value" in found) return found.value;
      const fix = found.suggestion === undefined ? "" : `\nwrite ${found.suggestion}`;
      addIssue({ message: `${found.is ?? `it is ${quoted(found.text)}`}, expected ${found.expected}${fix}` });
      return NEVER;
    }),
    v.metadata({ jsonSchema: pattern === undefined ? {} : { pattern } } satisfies Notes),
  );
}
