/**
 * Rules of one list, found by what a target is. A decision costs a few map look-ups, however many hosts are
 * listed: one per label of a name, one per length that some prefix has.
 */
import { type IpAddress, type IpFamily } from "../base/ip_address.ts";
import { type AddressClass, classesInPrefix } from "./address_class.ts";
import { parentsOf } from "./host_name.ts";
import type { PlacedRule } from "./policy.ts";
import { type ClassWord, isPortCovered, isSchemeCovered, type RuleSide, type Scheme } from "./rule.ts";

/** What is asked for besides the host. */
export interface Use {
  readonly scheme: Scheme;
  readonly port: number;
}

/** One form of an address and its class. */
export interface ClassedAddress {
  readonly address: IpAddress;
  readonly class: AddressClass;
}

interface Entry {
  /** Place in the list: of several rules that match, the first one is named. */
  readonly order: number;
  readonly placed: PlacedRule;
}

type Bucket = readonly Entry[];

/** Prefixes of one length, by their first address. */
interface PrefixLength {
  readonly family: IpFamily;
  readonly bits: number;
  readonly byFirst: Map<string, Entry[]>;
}

/** One list, allow or deny, ready to be asked. */
export class RuleIndex {
  readonly #side: RuleSide;
  readonly #any: Entry[] = [];
  readonly #classes = new Map<ClassWord, Entry[]>();
  readonly #names = new Map<string, Entry[]>();
  readonly #suffixes = new Map<string, Entry[]>();
  readonly #prefixes = new Map<string, PrefixLength>();

  /** All of `rules` are of `side`. */
  constructor(rules: readonly PlacedRule[], side: RuleSide) {
    this.#side = side;
    for (const [order, placed] of rules.entries()) this.#add({ order, placed });
  }

  /** Rules that are about this address: itself, a prefix with it, its class, `*`. */
  forAddress({ address, class: cls }: ClassedAddress, use?: Use): PlacedRule[] {
    const isLinkLocal = cls === "link-local";
    const buckets: Bucket[] = isClassWord(cls) ? [this.#classes.get(cls) ?? []] : [];
    // To deny everything is to deny everything; to allow it leaves out what has to be named.
    if (this.#side === "deny" || cls === "public" || cls === "private") buckets.push(this.#any);
    for (const { family, bits, byFirst } of this.#prefixes.values()) {
      if (family !== address.family) continue;
      const bucket = byFirst.get(firstKey(address, bits)) ?? [];
      buckets.push(isLinkLocal && this.#side === "allow" ? bucket.filter(opensLinkLocal) : bucket);
    }
    return matching(buckets, use);
  }

  /** Rules that are about every address of a class. */
  forClass(word: ClassWord): PlacedRule[] {
    const isAny = this.#side === "deny" || word !== "link-local";
    return matching([this.#classes.get(word) ?? [], ...(isAny ? [this.#any] : [])], undefined);
  }

  /** Rules that say this name or a suffix of it. */
  naming(name: string, use?: Use): PlacedRule[] {
    const buckets = [this.#names.get(name) ?? []];
    for (const parent of parentsOf(name)) buckets.push(this.#suffixes.get(parent) ?? []);
    return matching(buckets, use);
  }

  /** Rules that let any name be looked up: `*` and, in an allow list, a class. */
  forAnyName(use?: Use): PlacedRule[] {
    return matching([this.#any, ...(this.#side === "allow" ? this.#classes.values() : [])], use);
  }

  #add(entry: Entry): void {
    const { host } = entry.placed.rule;
    switch (host.kind) {
      case "any":
        this.#any.push(entry);
        break;
      case "class":
        append(this.#classes, host.word, entry);
        break;
      case "name":
        append(this.#names, host.name, entry);
        break;
      case "suffix":
        append(this.#suffixes, host.suffix, entry);
        break;
      case "prefix": {
        const { address: { family }, bits } = host.prefix;
        const key = `${family}/${bits}`;
        const length = this.#prefixes.get(key) ?? { family, bits, byFirst: new Map<string, Entry[]>() };
        this.#prefixes.set(key, length);
        append(length.byFirst, firstKey(host.prefix.address, bits), entry);
      }
    }
  }
}

function isClassWord(cls: AddressClass): cls is ClassWord {
  return cls !== "never" && cls !== "loopback";
}

function append<Key>(map: Map<Key, Entry[]>, key: Key, entry: Entry): void {
  const bucket = map.get(key);
  if (bucket === undefined) map.set(key, [entry]);
  else bucket.push(entry);
}

/** Those for this use (for any, when none is given), in the order of the list. */
function matching(buckets: readonly Bucket[], use: Use | undefined): PlacedRule[] {
  const found: Entry[] = [];
  for (const bucket of buckets) {
    for (const entry of bucket) {
      const { rule } = entry.placed;
      if (use === undefined || (isSchemeCovered(rule, use.scheme) && isPortCovered(rule, use.port))) found.push(entry);
    }
  }
  if (found.length > 1) found.sort((one, other) => one.order - other.order);
  return found.map(({ placed }) => placed);
}

/** The first address of the prefix of this length that has `address`, one UTF-16 unit for each byte. */
function firstKey({ bytes }: IpAddress, bits: number): string {
  const whole = bits >> 3;
  const rest = bits & 7;
  const partial = rest === 0 ? [] : [(bytes[whole] ?? 0) & (0xff << (8 - rest)) & 0xff];
  return String.fromCharCode(...bytes.slice(0, whole), ...partial);
}

/** A cidr opens link-local addresses only when it has no others. */
function opensLinkLocal({ placed: { rule } }: Entry): boolean {
  if (rule.host.kind !== "prefix") return false;
  const classes = classesInPrefix(rule.host.prefix);
  return classes.size === 1 && classes.has("link-local");
}
