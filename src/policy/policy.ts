/**
 * The policy of one guest: what the files of its workload and route say, below the operator's ceiling. Data; the
 * judging is in `judge.ts`.
 */
import { parseRule } from "./rule_parse.ts";
import type { Rule } from "./rule.ts";
import { RuleIndex } from "./rule_index.ts";

/** Where a rule or setting stands, for the operator. */
export interface PolicyOrigin {
  /** As the user named it; undefined for a default. */
  readonly file: string | undefined;
  /** Such as `net.allow[2]`. */
  readonly key: string;
}

/** A rule and where it stands. */
export interface PlacedRule {
  readonly rule: Rule;
  /** As it is written there. */
  readonly text: string;
  readonly origin: PolicyOrigin;
}

/** A name of a `dns` list, in the form of `parseHost`. */
export interface DnsName {
  readonly name: string;
  /** `*.name`: what is below it, not itself. */
  readonly isSuffix: boolean;
  readonly origin: PolicyOrigin;
}

/** What one file says in `net`. */
export interface NetSetting {
  readonly file: string;
  /** The key in the file, `net`; a ceiling may stand elsewhere. */
  readonly key: string;
  readonly form: "absent" | "on" | "off" | "list" | "full";
  /** Undefined where the file leaves it to the level above. */
  readonly allow: readonly PlacedRule[] | undefined;
  readonly deny: readonly PlacedRule[];
}

/** What one file says in `dns`. */
export interface DnsSetting {
  readonly file: string;
  readonly key: string;
  readonly form: "absent" | "on" | "off" | "list";
  /** Of the form `list`, else empty. */
  readonly names: readonly DnsName[];
}

/** One file's share of a policy. */
export interface PolicyLayer {
  readonly net: NetSetting;
  readonly dns: DnsSetting;
}

/** One level that has to agree: the workload's own files, or the operator's. */
export interface RuleBook {
  /** Whose allow list counts; a line to add goes there. */
  readonly net: NetSetting;
  readonly allowed: readonly PlacedRule[];
  readonly allow: RuleIndex;
  readonly deny: RuleIndex;
  readonly denied: readonly PlacedRule[];
  readonly dns: DnsSetting;
}

/** What is allowed is what every book allows. */
export interface Policy {
  /** The `"net": false` that ends everything. */
  readonly off: NetSetting | undefined;
  /** The workload's (with its route), then the operator's if there is a ceiling. */
  readonly books: readonly RuleBook[];
}

/** What `net` means where nothing is said: link-local stays closed, because metadata services hand out credentials. */
export const DEFAULT_ALLOW: readonly PlacedRule[] = ["public", "private"].map((text) => {
  const { rule } = parseRule(text, "allow");
  if (rule === undefined) throw new TypeError(`Cannot read the default rule "${text}"`);
  return { rule, text, origin: { file: undefined, key: `"${text}" of the default "net"` } };
});

/** What a ceiling without an allow list lets through: whatever the level below has opened. */
const UNCUT: readonly PlacedRule[] = ["*", "link-local", "udp://*", "udp://link-local"].map((text) => {
  const { rule } = parseRule(text, "allow");
  if (rule === undefined) throw new TypeError(`Cannot read the rule "${text}"`);
  return { rule, text, origin: { file: undefined, key: "no ceiling" } };
});

/** @example absentLayer("workloads/shop/workload.jsonc") */
export function absentLayer(file: string): PolicyLayer {
  return {
    net: { file, key: "net", form: "absent", allow: undefined, deny: [] },
    dns: { file, key: "dns", form: "absent", names: [] },
  };
}

/** The files that a guest is under. */
export interface MakePolicyOptions {
  readonly workload: PolicyLayer;
  /** For a component; a service has the workload's alone. */
  readonly route?: PolicyLayer | undefined;
  /** The operator's; without one nothing is cut. */
  readonly ceiling?: PolicyLayer | undefined;
}

/**
 * The route's allow list and `dns` replace the workload's, deny lists add up. `"net": false` of any level ends
 * everything: no list of a lower level brings back a network.
 *
 * @example
 * const policy = makePolicy({ workload, route, ceiling });
 * judgeAddress({ scheme: "tcp", address, port: 5432 }, { policy, own });
 */
export function makePolicy({ workload, route, ceiling }: MakePolicyOptions): Policy {
  const layers = [workload, ...(route === undefined ? [] : [route])];
  const nets = layers.map(({ net }) => net);
  const net = nets.findLast(({ allow }) => allow !== undefined) ?? workload.net;
  const dns = layers.map((layer) => layer.dns).findLast(({ form }) => form !== "absent") ?? workload.dns;
  const books = [makeBook({ net, nets, dns, inherited: DEFAULT_ALLOW })];
  if (ceiling !== undefined) books.push(ceilingBook(ceiling));
  const off = [...nets, ...(ceiling === undefined ? [] : [ceiling.net])].find(({ form }) => form === "off");
  return { off, books };
}

/** An operator who says nothing of `net` or `dns` cuts nothing of it; for a workload the same silence is a default. */
export function ceilingBook({ net, dns }: PolicyLayer): RuleBook {
  return makeBook({
    net,
    nets: [net],
    dns: dns.form === "absent" ? { ...dns, form: "on" } : dns,
    inherited: UNCUT,
  });
}

/** What `policy` still allows below another ceiling, besides the one that it was made with. */
export function cutPolicy({ off, books }: Policy, ceiling: PolicyLayer): Policy {
  return {
    off: off ?? (ceiling.net.form === "off" ? ceiling.net : undefined),
    books: [...books, ceilingBook(ceiling)],
  };
}

interface MakeBookOptions {
  /** Whose allow list counts. */
  readonly net: NetSetting;
  /** Whose deny lists count. */
  readonly nets: readonly NetSetting[];
  readonly dns: DnsSetting;
  /** The allow list where none is written. */
  readonly inherited: readonly PlacedRule[];
}

function makeBook({ net, nets, dns, inherited }: MakeBookOptions): RuleBook {
  const allowed = net.allow ?? inherited;
  const denied = nets.flatMap(({ deny }) => deny);
  return { net, allowed, allow: new RuleIndex(allowed, "allow"), denied, deny: new RuleIndex(denied, "deny"), dns };
}
