/** `net` and `dns` of a file, as values, to settings; every fault with its place in the value. */
import type { FaultCode } from "../base/fault_codes.ts";
import { escapeText } from "../base/escape_text.ts";
import { isLocalhost, parseHost } from "./host_name.ts";
import { DEFAULT_ALLOW, type DnsName, type DnsSetting, type NetSetting, type PlacedRule } from "./policy.ts";
import { parseRule } from "./rule_parse.ts";
import { makeFault, RULE_LENGTH_MAX, type RuleFault } from "./rule_fault.ts";
import type { RuleSide } from "./rule.ts";

/** A fault of `net`, `dns` or a ceiling. */
export interface PolicyFault {
  readonly code: FaultCode;
  /** From the setting down: `["allow", 2]`. */
  readonly path: readonly (string | number)[];
  /** Within the string at `path`, in UTF-16 units of its value; without it the whole value is meant. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly message: string;
  readonly fix?: string;
}

/** What was read; with faults it is not to be used. */
export interface ReadSetting<Setting> {
  readonly setting: Setting;
  readonly faults: readonly PolicyFault[];
}

/** Stops a file from costing memory and start-up time without bound; no list that people keep is as long. */
export const RULES_MAX = 16_384;

const NET_EXPECTED = 'expected true, false, a list of rules or { "allow": [...], "deny": [...] }';
const NET_FIX = 'write true for the default network access, [] for the private loopback only, or ["https://host"]';
const DNS_EXPECTED = "expected true, false or a list of names";

/**
 * @example
 * readNet(["https://api.example.com"], { file: "workloads/shop/workload.jsonc" }).setting.form; // "list"
 */
export function readNet(
  value: unknown,
  { file, key = "net" }: { readonly file: string; readonly key?: string },
): ReadSetting<NetSetting> {
  const faults: PolicyFault[] = [];
  const base = { file, key, allow: undefined, deny: [] };
  const readList = (list: unknown, side: RuleSide, at: readonly string[]): PlacedRule[] =>
    stringsOf(list, { name: [key, ...at].join("."), path: at, faults }).flatMap(([text, index]) => {
      const { rule, fault } = parseRule(text, side);
      if (fault !== undefined) faults.push(ruleFault(fault, [...at, index]));
      return rule === undefined ? [] : [{ rule, text, origin: { file, key: `${[key, ...at].join(".")}[${index}]` } }];
    });
  if (value === undefined) return { setting: { ...base, form: "absent" }, faults };
  if (value === true) {
    const allow = DEFAULT_ALLOW.map((placed) => ({ ...placed, origin: { file, key: `"${key}": true` } }));
    return { setting: { ...base, form: "on", allow }, faults };
  }
  if (value === false) return { setting: { ...base, form: "off", allow: [] }, faults };
  if (Array.isArray(value)) return { setting: { ...base, form: "list", allow: readList(value, "allow", []) }, faults };
  if (!isObject(value)) {
    faults.push({
      code: "LG3002",
      path: [],
      message: `Cannot use "${key}": it is ${kindOf(value)}, ${NET_EXPECTED}`,
      fix: NET_FIX,
    });
    return { setting: { ...base, form: "off", allow: [] }, faults };
  }
  for (const other of Object.keys(value).filter((name) => name !== "allow" && name !== "deny")) {
    const message = `Cannot use "${key}": it has no key "${escapeText(other)}", expected "allow" and "deny"`;
    faults.push({ code: "LG3002", path: [other], message });
  }
  const { allow, deny } = value;
  return {
    setting: {
      ...base,
      form: "full",
      allow: allow === undefined ? undefined : readList(allow, "allow", ["allow"]),
      deny: deny === undefined ? [] : readList(deny, "deny", ["deny"]),
    },
    faults,
  };
}

/** @example readDns(["*.example.com"], { file: "workloads/shop/workload.jsonc" }).setting.names.length; // 1 */
export function readDns(
  value: unknown,
  { file, key = "dns" }: { readonly file: string; readonly key?: string },
): ReadSetting<DnsSetting> {
  const faults: PolicyFault[] = [];
  const base = { file, key, names: [] };
  if (value === undefined) return { setting: { ...base, form: "absent" }, faults };
  if (typeof value === "boolean") return { setting: { ...base, form: value ? "on" : "off" }, faults };
  if (!Array.isArray(value)) {
    const fix = 'write false for no name, true for every name, or ["db.example.com", "*.example.com"]';
    faults.push({
      code: "LG3002",
      path: [],
      message: `Cannot use "${key}": it is ${kindOf(value)}, ${DNS_EXPECTED}`,
      fix,
    });
    return { setting: { ...base, form: "off" }, faults };
  }
  const names = stringsOf(value, { name: key, path: [], faults }).flatMap(([text, index]) => {
    const read = parseDnsName(text);
    if ("fault" in read) faults.push(ruleFault(read.fault, [index]));
    return "fault" in read ? [] : [{ ...read, origin: { file, key: `${key}[${index}]` } }];
  });
  return { setting: { ...base, form: names.length === 0 ? "off" : "list", names }, faults };
}

/**
 * A name of a `dns` list. It has no scheme, port or class, and a literal address needs no entry.
 *
 * @example
 * parseDnsName("*.Example.com"); // { name: "example.com", isSuffix: true }
 */
export function parseDnsName(text: string): Omit<DnsName, "origin"> | { readonly fault: RuleFault } {
  const whole = { start: 0, end: text.length };
  const fail = (is: string, fix: { readonly replacement?: string; readonly fix?: string } = {}) => ({
    fault: makeFault("nameOnly", { text, noun: "name" }, { is, ...whole, ...fix }),
  });
  if (text.length > RULE_LENGTH_MAX) return fail(`it has ${text.length} characters`);
  if (text === "") return fail("it is empty");
  if (text === "*") return fail('it is "*"', { fix: 'write "dns": true for every name' });
  const isSuffix = text.startsWith("*.");
  const host = parseHost(isSuffix ? text.slice(2) : text);
  if (host?.kind === "address") return fail("it is an address, which resolves to itself wherever names resolve");
  if (host !== undefined && !(isSuffix && isLocalhost(host.name))) return { name: host.name, isSuffix };
  if (host !== undefined) return fail("it is the loopback, which resolves wherever names resolve");
  const inside = /^(?:[a-z]+:\/\/)?((?:\*\.)?[^:/?#@*]+)(?::[\d*-]*)?(?:[/?#].*)?$/i.exec(text.trim())?.[1];
  const corrected = inside === undefined || inside === text ? undefined : parseDnsName(inside);
  if (corrected === undefined || "fault" in corrected) return fail("it is no name");
  return fail("it is more than a name", { replacement: `${corrected.isSuffix ? "*." : ""}${corrected.name}` });
}

interface StringsOptions {
  readonly name: string;
  readonly path: readonly string[];
  readonly faults: PolicyFault[];
}

/** The strings of a list with their places; what is no list or no string becomes a fault. */
function stringsOf(list: unknown, { name, path, faults }: StringsOptions): [text: string, index: number][] {
  if (!Array.isArray(list)) {
    faults.push({
      code: "LG3002",
      path,
      message: `Cannot use "${name}": it is ${kindOf(list)}, expected a list of strings`,
    });
    return [];
  }
  if (list.length > RULES_MAX) {
    const is = `it has ${list.length} entries, expected at most ${RULES_MAX}`;
    faults.push({ code: "LG3002", path, message: `Cannot use "${name}": ${is}` });
    return [];
  }
  return list.flatMap((text: unknown, index): [string, number][] => {
    if (typeof text === "string") return [[text, index]];
    const message = `Cannot use "${name}[${index}]": it is ${kindOf(text)}, expected a string in quotes`;
    faults.push({ code: "LG3002", path: [...path, index], message });
    return [];
  });
}

function ruleFault({ start, end, message, fix }: RuleFault, path: readonly (string | number)[]): PolicyFault {
  return { code: "LG3001", path, range: { start, end }, message, ...(fix !== undefined && { fix }) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** The kind of a value, never the value: it may be a secret. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
