/** The host of a rule: which kind it is, and what no rule can be about. */
import {
  formatIpAddress,
  type IpAddress,
  type IpPrefix,
  isInPrefix,
  isIpv4Compatible,
  isIpv4Mapped,
  parseAnySpelling,
  parseIpAddress,
  parsePrefix,
} from "../base/ip_address.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { classesInPrefix } from "./address_class.ts";
import { carriedIpv4 } from "./carried_ipv4.ts";
import { isLocalhost, parseHost } from "./host_name.ts";
import { CLASS_WORDS, isWordLike, NO_WORDS, printPrefix, type RuleHost } from "./rule.ts";
import type { RuleText } from "./rule_text.ts";

/** A host and where it ends in the text. */
export interface ReadHost {
  readonly host: RuleHost;
  readonly end: number;
}

/** Prefixes whose addresses are all judged as IPv4 ones, so that a rule to allow some of them never decides. */
const CARRYING = ["64:ff9b::/96", "2002::/16", "2001::/32", "::ffff:0:0:0/96"].map(parsePrefix);

/** `[v6]` or `[v6cidr]`, from the bracket at `start`. */
export function readBracketed(rule: RuleText, start: number): ReadHost {
  const { text, fail } = rule;
  const close = text.indexOf("]", start);
  if (close < 0) return fail("bracket", { is: 'there is no "]"', start, end: text.length });
  const end = close + 1;
  const inside = text.slice(start + 1, close);
  const zone = inside.indexOf("%");
  if (zone >= 0) {
    const stop = inside.indexOf("/", zone);
    const zoneEnd = stop < 0 ? close : start + 1 + stop;
    fail("zone", { is: "the address has a zone", start: start + 1 + zone, end: zoneEnd, replacement: "" });
  }
  const [addressText = "", ...lengths] = inside.split("/");
  const address = parseIpAddress(addressText);
  if (address?.family !== "ipv6") {
    const other = lengths.length === 0 ? parseHost(addressText) : undefined;
    const replacement = address === undefined && other === undefined ? undefined : inside;
    return fail("ipv6", { is: `"${inside}" is none`, start, end, replacement });
  }
  return { host: prefixHost(rule, { address, lengths, start, end }), end };
}

/** Everything else, from `start` to `end`. */
export function readHost(rule: RuleText, start: number, end: number): ReadHost {
  const { text, fail } = rule;
  const written = text.slice(start, end);
  if (written === "") return fail("empty", { is: "it has no host", start, end: text.length });
  if (written.includes("%")) fail("percent", { is: 'it has a "%"', start, end });
  if (written === "*") return { host: { kind: "any" }, end };
  if (written.startsWith("*.")) return { host: readSuffix(rule, start, end), end };
  if (written.includes("*")) {
    const replacement = /^\*+$/.test(written) ? "*" : undefined;
    fail("star", { is: `"${written}" has a "*" elsewhere`, start, end, replacement });
  }
  const word = CLASS_WORDS.find((known) => known === written);
  if (word !== undefined) return { host: { kind: "class", word }, end };
  const [addressText = "", ...lengths] = written.split("/");
  const address = parseIpAddress(addressText);
  if (address !== undefined) return { host: prefixHost(rule, { address, lengths, start, end }), end };
  return { host: lengths.length > 0 ? failShortPrefix(rule, start, end) : readName(rule, start, end), end };
}

function readSuffix({ text, fail }: RuleText, start: number, end: number): RuleHost {
  const written = text.slice(start + 2, end);
  if (written.includes("*")) fail("star", { is: `"*.${written}" has a second "*"`, start, end });
  if (written === "" || written === ".") {
    fail("star", { is: 'there is no name after "*."', start, end, replacement: "*" });
  }
  const host = parseHost(written);
  if (host === undefined) return fail("name", { is: `"${written}" is no name`, start: start + 2, end });
  if (host.kind === "address") {
    return fail("star", { is: `"${written}" is an address`, start, end, replacement: written });
  }
  if (isLocalhost(host.name)) fail("loopback", { is: `"*.${written}" is the loopback`, start, end });
  return { kind: "suffix", suffix: host.name };
}

function readName({ text, fail }: RuleText, start: number, end: number): RuleHost {
  const written = text.slice(start, end);
  const host = parseHost(written);
  if (host === undefined) {
    const isNumeric = /^[\d.]+$/.test(written);
    return fail(isNumeric ? "ipv4" : "name", {
      is: `"${written}" is ${isNumeric ? "no address" : "no name"}`,
      start,
      end,
    });
  }
  if (host.kind === "address") {
    const replacement = formatIpAddress(host.address);
    return fail("ipv4", { is: `"${written}" is another spelling of ${replacement}`, start, end, replacement });
  }
  const { name } = host;
  if (isLocalhost(name)) fail("loopback", { is: `"${written}" is the loopback`, start, end });
  // With the dot, in whatever script, it is a host.
  if (!isWordLike(name) || parseHost(`${written}.`) === undefined) return { kind: "name", name };
  const meant = NO_WORDS.has(name) ? NO_WORDS.get(name) : nearestWord(name, CLASS_WORDS);
  const host_ = `a host of that name is written "${name}."`;
  const fix = meant === undefined ? host_ : `write "${meant}"; ${host_}`;
  const is = CLASS_WORDS.some((word) => word === name)
    ? `"${written}" is another spelling of "${name}"`
    : `"${written}" is no class of addresses`;
  return fail("word", { is, start, end, fix });
}

interface PrefixText {
  readonly address: IpAddress;
  /** What stood after slashes: at most one length. */
  readonly lengths: readonly string[];
  readonly start: number;
  readonly end: number;
}

function prefixHost(rule: RuleText, { address, lengths, start, end }: PrefixText): RuleHost {
  const { fail, text } = rule;
  const bitsMax = address.bytes.length * 8;
  const [length = String(bitsMax)] = lengths;
  if (lengths.length > 1 || !/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bitsMax) {
    const replacement = lengths.length === 1 && /^0\d{1,2}$/.test(length)
      ? text.slice(start, end).replace(/\/0+(?=\d)/, "/")
      : undefined;
    fail("length", { is: `"/${lengths.join("/")}" is no length of such a prefix`, start, end, replacement });
  }
  const prefix: IpPrefix = { address, bits: Number(length) };
  const cut = firstAddress(prefix);
  if (cut.bytes.some((byte, at) => byte !== address.bytes[at])) {
    const [range, one] = [printPrefix({ ...prefix, address: cut }), printPrefix({ address, bits: bitsMax })];
    fail("cidr", {
      is: `${formatIpAddress(address)} is inside ${range}`,
      start,
      end,
      fix: `write "${range}" for the whole prefix, "${one}" for the address`,
    });
  }
  if (prefix.bits === 0) return { kind: "any" };
  checkReach(rule, prefix, { start, end });
  return { kind: "prefix", prefix };
}

/** Refuses what a rule cannot be about, and what it could never decide. */
function checkReach(
  { side, fail }: RuleText,
  prefix: IpPrefix,
  where: { readonly start: number; readonly end: number },
): void {
  const shown = printPrefix(prefix);
  const classes = classesInPrefix(prefix);
  if (classes.size === 1 && classes.has("loopback")) fail("loopback", { is: `${shown} is the loopback`, ...where });
  const isWhole = prefix.bits === prefix.address.bytes.length * 8;
  const [carried] = isWhole ? carriedIpv4(prefix.address) : [];
  if (carried !== undefined && isInPrefix(carried, parsePrefix("127.0.0.0/8"))) {
    fail("loopback", { is: `${shown} carries the loopback`, ...where });
  }
  // Both sides: the same IPv4 address in other words, which a rule says in the usual ones.
  if (
    prefix.bits >= 96 && (isIpv4Mapped(prefix.address) || isIpv4Compatible(prefix.address) || isCompatibleRange(prefix))
  ) {
    const address: IpAddress = { family: "ipv4", bytes: prefix.address.bytes.slice(12) };
    const replacement = printPrefix({ address, bits: prefix.bits - 96 });
    fail("carried", { is: `${shown} is ${replacement} as IPv6`, ...where, replacement });
  }
  if (side === "deny") return;
  if (classes.size === 1 && classes.has("never")) fail("never", { is: `no rule opens ${shown}`, ...where });
  const carrier = CARRYING.find((range) => range.bits <= prefix.bits && isInPrefix(prefix.address, range));
  if (carrier === undefined) return;
  const replacement = carried === undefined ? undefined : formatIpAddress(carried);
  fail("carried", {
    is: `${shown} is of ${printPrefix(carrier)}, whose addresses carry IPv4 ones`,
    ...where,
    replacement,
  });
}

/** `::/96`, which begins with an address that is not IPv4-compatible itself. */
function isCompatibleRange({ address, bits }: IpPrefix): boolean {
  return bits < 128 && isInPrefix(address, parsePrefix("::/96"));
}

function failShortPrefix({ text, fail }: RuleText, start: number, end: number): never {
  const written = text.slice(start, end);
  const [short = "", length = ""] = written.split("/");
  const parts = short.split(".").filter((part) => part !== "");
  const isShort = parts.length < 4 && parts.every((part) => /^\d{1,3}$/.test(part));
  const full = isShort ? [...parts, "0", "0", "0"].slice(0, 4).join(".") : parseAnySpelling(short);
  const replacement = full === undefined
    ? undefined
    : `${typeof full === "string" ? full : formatIpAddress(full)}/${length}`;
  return fail("ipv4", { is: `"${short}" is not written in full`, start, end, replacement });
}

/** The address with all bits after the length at 0. */
function firstAddress({ address: { family, bytes }, bits }: IpPrefix): IpAddress {
  const masked = bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))));
  return { family, bytes: masked.map((byte) => byte & 0xff) };
}
