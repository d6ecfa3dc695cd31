/**
 * The one decision: may this guest use this target. Pure; asked before any packet by every surface (TCP, UDP,
 * wasi:http, name resolution), which is why there is nothing here about sockets.
 * The order is deny rules, then allow rules, then deny; and every book of the policy has to agree.
 */
import { formatIpAddress, formatSocketAddress, type IpAddress, isLoopback } from "../base/ip_address.ts";
import { type AddressClass, classifyAddress, type OwnAddresses } from "./address_class.ts";
import { carriedIpv4, isIsatap } from "./carried_ipv4.ts";
import { isLocalhost } from "./host_name.ts";
import type { PlacedRule, Policy, RuleBook } from "./policy.ts";
import { defaultPort, impliedPorts, printRule, type RuleHost } from "./rule.ts";
import type { ClassedAddress, Use } from "./rule_index.ts";
import { addition, allowed, denied, type PolicyEdit, removal, ruleWords, type Verdict } from "./verdict.ts";

/** A target that is an address. A scope or flow says nothing about it. */
export interface AddressTarget extends Use {
  readonly address: IpAddress;
}

/** A target that is a name, in the form of `parseHost`. */
export interface NameTarget extends Use {
  readonly name: string;
}

/** What a decision is taken by. */
export interface JudgeContext {
  readonly policy: Policy;
  readonly own: OwnAddresses;
}

/** What is left of a name's answers. */
export interface AnswersVerdict extends Verdict {
  /** The only addresses that may be dialled, in the order of the answers. */
  readonly addresses: readonly IpAddress[];
}

const LOOPBACK_RULE = "the loopback is the private network, never the machine's";

/**
 * @example
 * judgeAddress({ scheme: "tcp", address, port: 5432 }, { policy, own }).isAllowed
 */
export function judgeAddress(
  target: AddressTarget,
  { policy, own, grantedNames = [] }: JudgeContext & {
    /** Names that `resolve-addresses` answered with this address to this guest: see `GrantTable`. */
    readonly grantedNames?: readonly string[];
  },
): Verdict {
  const verdict = judgeForms(target, { policy, own });
  if (verdict.isAllowed) return verdict;
  for (const name of grantedNames) {
    const granted = judgeAnswers({ ...target, name }, { policy, own, answers: [target.address] });
    if (granted.isAllowed) return { isAllowed: true, rule: `${granted.rule}, resolved as ${name}`, edits: [] };
  }
  return verdict;
}

/**
 * Whether a name may be looked up for this use. It is admitted by a rule that names it, by `*` or a class; what
 * its answers may be is another question (`judgeAnswers`).
 */
export function judgeName(target: NameTarget, { policy }: Pick<JudgeContext, "policy">): Verdict {
  const { name } = target;
  // The loopback needs no rule, only a network.
  const texts = isLocalhost(name) ? [] : [ruleText(target, { kind: "name", name })];
  if (policy.off !== undefined) return deniedByOff(policy, texts);
  if (isLocalhost(name)) return denied("never", LOOPBACK_RULE);
  if (isNoPort(target.port)) return denied("never", `there is no port ${target.port}`);
  for (const { deny } of policy.books) {
    const [by] = [...deny.naming(name, target), ...deny.forAnyName(target)];
    if (by !== undefined) return denied("deny-rule", ruleWords(by), removal(by));
  }
  const by = policy.books.map(({ allow }) => allow.naming(name, target)[0] ?? allow.forAnyName(target)[0]);
  return judgeBooks(policy.books, by, (book) => ({
    words: `nothing in ${listWords(book)} admits the name`,
    texts: [ruleText(target, { kind: "name", name })],
  }));
}

/**
 * What a connection for `target.name` may go to. A rule that names it opens its `public` answers; the others need a
 * rule of their own. With an address more or less in the answers nothing changes for the rest.
 */
export function judgeAnswers(
  target: NameTarget,
  { policy, own, answers }: JudgeContext & { readonly answers: readonly IpAddress[] },
): AnswersVerdict {
  const admitted = judgeName(target, { policy });
  if (!admitted.isAllowed) return { ...admitted, addresses: [] };
  const judged = answers.map((address) => ({
    address,
    verdict: judgeForms({ scheme: target.scheme, port: target.port, address }, { policy, own, name: target.name }),
  }));
  const addresses = judged.filter(({ verdict }) => verdict.isAllowed).map(({ address }) => address);
  if (addresses.length > 0) return { ...admitted, addresses };
  // An answer that a line would open says more than one that nothing opens.
  const { address, verdict } = judged.find((one) => one.verdict.edits.length > 0) ?? judged[0] ?? {};
  if (address === undefined || verdict === undefined) {
    return { ...denied("no-rule", "the name has no addresses"), addresses };
  }
  return { ...verdict, rule: `answer ${formatIpAddress(address)}: ${verdict.rule}`, addresses };
}

/** One address, for itself or as an answer for a name. */
function judgeForms(
  target: AddressTarget,
  { policy, own, name }: JudgeContext & { readonly name?: string },
): Verdict {
  const { address, port } = target;
  const { deciding, allowing } = formsOf(address, { own, port });
  const texts = allowing.map((form) => ruleText(target, hostOf(form.address)));
  if (isLoopback(address)) return denied("never", LOOPBACK_RULE);
  const whole = classifyAddress(target, own);
  if (whole.class === "never") return denied("never", `never reachable (${whole.reason})`);
  if (isNoPort(port)) return denied("never", `there is no port ${port}`);
  if (policy.off !== undefined) return deniedByOff(policy, texts);
  for (const { deny } of policy.books) {
    const by = deciding.map((form) => deny.forAddress(form, target)[0]).find((found) => found !== undefined);
    if (by !== undefined) return denied("deny-rule", ruleWords(by), removal(by));
  }
  const by = policy.books.map((book) => {
    const named = name !== undefined && whole.class === "public" ? book.allow.naming(name, target)[0] : undefined;
    return named ?? everyFormBy(allowing.map((form) => book.allow.forAddress(form, target)[0]));
  });
  return judgeBooks(policy.books, by, (book) => ({
    words: `nothing in ${listWords(book)} allows ${formatSocketAddress(target)} (${whole.class}: ${whole.reason})`,
    texts: texts.filter((_, at) => {
      const form = allowing[at];
      return form === undefined || book.allow.forAddress(form, target).length === 0;
    }),
  }));
}

/** `by`: for each book the rule that allows. */
function judgeBooks(
  books: readonly RuleBook[],
  by: readonly (PlacedRule | undefined)[],
  missing: (book: RuleBook) => { readonly words: string; readonly texts: readonly string[] },
): Verdict {
  const closed = books.filter((_, at) => by[at] === undefined).map((book) => ({ book, ...missing(book) }));
  const [first] = closed;
  const rule = by[0];
  if (first === undefined && rule !== undefined) return allowed(rule);
  return denied(
    "no-rule",
    first?.words ?? "there is no policy",
    closed.flatMap(({ book, texts }) => addition(book.net, texts)),
  );
}

/** The first rule, when no form is without one. */
function everyFormBy(rules: readonly (PlacedRule | undefined)[]): PlacedRule | undefined {
  return rules.every((rule) => rule !== undefined) ? rules[0] : undefined;
}

/** An address in the forms in which rules see it. */
export interface AddressForms {
  /** Deny rules: as it is written, and what it carries. */
  readonly deciding: readonly ClassedAddress[];
  /**
   * Allow rules: what it carries, else itself. Every one of them needs a rule: Teredo carries two, and an
   * ISATAP one goes to its IPv6 prefix first, which may be any network.
   */
  readonly allowing: readonly ClassedAddress[];
}

/** @example formsOf(parseIpAddress("64:ff9b::a00:1"), { own, port: 80 }).allowing // [10.0.0.1, private] */
export function formsOf(
  address: IpAddress,
  { own, port }: { readonly own: OwnAddresses; readonly port: number },
): AddressForms {
  const carried = carriedIpv4(address, own.nat64).map((form) => classed(form, { own, port }));
  const itself = classed(address, { own, port });
  const isItself = carried.length === 0 || isIsatap(address);
  return { deciding: [itself, ...carried], allowing: isItself ? [itself, ...carried] : carried };
}

function classed(address: IpAddress, { own, port }: { own: OwnAddresses; port: number }): ClassedAddress {
  const cls: AddressClass = classifyAddress({ address, port }, own).class;
  return { address, class: cls };
}

/** No connection has this port; a deny rule without a port must not be passed by it. */
function isNoPort(port: number): boolean {
  return !(port >= 1 && port <= 65535);
}

/** What `"net": false` denies, and what brings a network back with `texts` allowed; without them, the private loopback. */
export function deniedByOff({ off, books }: Policy, texts: readonly string[] = []): Verdict {
  if (off === undefined) return denied("off", "there is no policy");
  // What brings the network back has to allow the target too, in every book.
  const edits: PolicyEdit[] = addition(off, texts);
  for (const { net } of books) {
    if (net !== off && net.form === "off") edits.push(...addition(net, texts));
  }
  return denied("off", `"${off.key}": false of ${off.file}`, edits);
}

function listWords({ net: { file, key, form } }: RuleBook): string {
  if (form === "absent") return `the default "${key}" (${file} has none)`;
  return form === "on" ? `"${key}": true of ${file}` : `"${key}" of ${file}`;
}

/** The narrowest rule for a use of a host. */
function ruleText({ scheme, port }: Use, host: RuleHost): string {
  const ports = port === defaultPort(scheme) ? impliedPorts("allow", scheme) : { first: port, last: port };
  return printRule({ side: "allow", scheme, host, ports });
}

function hostOf(address: IpAddress): RuleHost {
  return { kind: "prefix", prefix: { address, bits: address.bytes.length * 8 } };
}
