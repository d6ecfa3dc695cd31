/** `resolve-addresses`: which names a guest may look up, what is answered without asking, and what is left of answers. */
import { formatIpAddress, type IpAddress, isIpv4Mapped, LOOPBACK_V4, LOOPBACK_V6 } from "../base/ip_address.ts";
import { classifyAddress } from "./address_class.ts";
import { isLocalhost, parentsOf, parseHost } from "./host_name.ts";
import { deniedByOff, formsOf, type JudgeContext } from "./judge.ts";
import type { DnsSetting, Policy } from "./policy.ts";
import { isEveryUseDenied } from "./policy_cover.ts";
import { printPrefix } from "./rule.ts";
import { addition, denied, type PolicyEdit, removal, ruleWords, type Verdict } from "./verdict.ts";

/** What is to be done with a question of a guest. */
export type LookupVerdict =
  /** No name and no address: `invalid-argument`. */
  | { readonly kind: "malformed" }
  /** `permanent-resolver-failure`, and no packet. */
  | { readonly kind: "denied"; readonly verdict: Verdict }
  /** Answered without a packet. */
  | { readonly kind: "answered"; readonly addresses: readonly IpAddress[] }
  /** To be resolved; then `filterAnswers`. */
  | { readonly kind: "resolve"; readonly name: string; readonly rule: string };

/**
 * @example
 * judgeLookup("localhost", { policy }); // { kind: "answered", addresses: [127.0.0.1, ::1] } unless `dns` is off
 */
export function judgeLookup(text: string, { policy }: Pick<JudgeContext, "policy">): LookupVerdict {
  const host = parseHost(text);
  if (host === undefined) return { kind: "malformed" };
  const off = offVerdict(policy, host.kind === "name" ? host.name : undefined);
  if (off !== undefined) return { kind: "denied", verdict: off };
  if (host.kind === "address") return { kind: "answered", addresses: [unmapped(host.address)] };
  const { name } = host;
  if (isLocalhost(name)) return { kind: "answered", addresses: [LOOPBACK_V4, LOOPBACK_V6] };
  for (const { deny } of policy.books) {
    // A rule for some ports stops connections, not the question.
    const by = [...deny.naming(name), ...deny.forAnyName()];
    const [first] = by;
    if (first !== undefined && isEveryUseDenied(by)) {
      return { kind: "denied", verdict: denied("deny-rule", ruleWords(first), by.flatMap(removal)) };
    }
  }
  const rules = policy.books.map(({ dns }) => dnsRule(dns, name));
  const closed = policy.books.filter((_, at) => rules[at] === undefined);
  const [first] = closed;
  if (first !== undefined) {
    const verdict = denied(
      "no-rule",
      `nothing in ${dnsWords(first.dns)} is ${name}`,
      closed.flatMap(({ dns }) => dnsEdits(dns, name)),
    );
    return { kind: "denied", verdict };
  }
  return { kind: "resolve", name, rule: rules[0] ?? "" };
}

/**
 * What is left of the answers for a guest that only looks: `never`, loopback, what is denied whatever the port, and
 * link-local without a rule are removed; a missing allow rule removes none.
 */
export function filterAnswers(answers: readonly IpAddress[], { policy, own }: JudgeContext): readonly IpAddress[] {
  return answers.filter((address) => {
    // No port is asked for: the gateway's own listeners are `never` on theirs alone.
    const { class: cls } = classifyAddress({ address, port: 0 }, own);
    if (cls === "never" || cls === "loopback") return false;
    const { deciding, allowing } = formsOf(address, { own, port: 0 });
    return policy.books.every((book) =>
      !isEveryUseDenied(deciding.flatMap((form) => book.deny.forAddress(form))) &&
      (cls !== "link-local" || allowing.every((form) => book.allow.forAddress(form).length > 0))
    );
  });
}

/** Why `filterAnswers` leaves nothing of these: of the first answer that a line would open, else of the first. */
export function judgeRemoved(answers: readonly IpAddress[], context: JudgeContext): Verdict {
  const verdicts = answers.map((address) => {
    const verdict = removedBy(address, context);
    return { ...verdict, rule: `answer ${formatIpAddress(address)}: ${verdict.rule}` };
  });
  return verdicts.find(({ edits }) => edits.length > 0) ?? verdicts[0] ??
    denied("no-rule", "the name has no addresses");
}

function removedBy(address: IpAddress, { policy, own }: JudgeContext): Verdict {
  const { class: cls, reason } = classifyAddress({ address, port: 0 }, own);
  if (cls === "never" || cls === "loopback") return denied("never", `never reachable (${reason})`);
  const { deciding, allowing } = formsOf(address, { own, port: 0 });
  for (const { deny } of policy.books) {
    const by = deciding.flatMap((form) => deny.forAddress(form));
    const [first] = by;
    if (first !== undefined && isEveryUseDenied(by)) return denied("deny-rule", ruleWords(first), by.flatMap(removal));
  }
  const edits = policy.books.flatMap(({ net, allow }) => {
    const closed = allowing.filter((form) => allow.forAddress(form).length === 0);
    const texts = closed.map((form) => printPrefix({ address: form.address, bits: form.address.bytes.length * 8 }));
    return texts.length === 0 ? [] : addition(net, texts);
  });
  return denied("no-rule", `no rule allows it (${cls}: ${reason})`, edits);
}

function offVerdict(policy: Policy, name: string | undefined): Verdict | undefined {
  if (policy.off !== undefined) return deniedByOff(policy);
  const closed = policy.books.map(({ dns }) => dns).filter(({ form }) => form === "off" || form === "absent");
  const [first] = closed;
  if (first === undefined) return undefined;
  return denied("off", dnsWords(first), name === undefined ? [] : closed.flatMap((dns) => dnsEdits(dns, name)));
}

/** The words of the rule that lets `name` be looked up. */
function dnsRule(dns: DnsSetting, name: string): string | undefined {
  if (dns.form === "on") return dnsWords(dns);
  const index = indexOf(dns);
  const found = [index.names.get(name), ...parentsOf(name).map((parent) => index.suffixes.get(parent))];
  const key = found.find((one) => one !== undefined);
  return key === undefined ? undefined : `${key} of ${dns.file}`;
}

interface DnsIndex {
  readonly names: ReadonlyMap<string, string>;
  readonly suffixes: ReadonlyMap<string, string>;
}

/** One for each setting that was asked, made when it is; a setting never changes. */
const INDEXES = new WeakMap<DnsSetting, DnsIndex>();

function indexOf(dns: DnsSetting): DnsIndex {
  const known = INDEXES.get(dns);
  if (known !== undefined) return known;
  const keys = (isSuffix: boolean) =>
    new Map(dns.names.filter((one) => one.isSuffix === isSuffix).map(({ name, origin }) => [name, origin.key]));
  const index = { names: keys(false), suffixes: keys(true) };
  INDEXES.set(dns, index);
  return index;
}

function dnsWords({ form, key, file }: DnsSetting): string {
  if (form === "absent") return `the default "${key}": false (${file} has none)`;
  return form === "off" ? `"${key}" of ${file}, which is off` : `"${key}" of ${file}`;
}

function dnsEdits({ file, key, form }: DnsSetting, name: string): PolicyEdit[] {
  return form === "list"
    ? [{ file, key, verb: "add", text: name }]
    : [{ file, key, verb: "write", text: JSON.stringify([name]) }];
}

/** An IPv4-mapped literal is the IPv4 address (network.md, "Name resolution"). */
function unmapped(address: IpAddress): IpAddress {
  return isIpv4Mapped(address) ? { family: "ipv4", bytes: address.bytes.slice(12) } : address;
}
