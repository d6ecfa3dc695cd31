/** Whether rules together cover what another rule says: for the ceiling, and for what is denied whatever the port. */
import type { AddressClass } from "./address_class.ts";
import { classesInPrefix } from "./address_class.ts";
import type { PlacedRule } from "./policy.ts";
import { ANY_PORT, type ClassWord, isSchemeCovered, type PortRange, type Rule, SCHEMES } from "./rule.ts";
import type { RuleIndex } from "./rule_index.ts";

/** Whether a port of TCP and of UDP is left that these deny rules, all for one target, do not deny. */
export function isEveryUseDenied(denying: readonly PlacedRule[]): boolean {
  return (["tcp", "udp"] as const).every((scheme) =>
    isPortRangeCovered(ANY_PORT, denying.filter(({ rule }) => isSchemeCovered(rule, scheme)))
  );
}

/** Whether each port of the range is one of a rule. */
export function isPortRangeCovered({ first, last }: PortRange, rules: readonly PlacedRule[]): boolean {
  let next = first;
  for (const { ports } of rules.map(({ rule }) => rule).toSorted((one, other) => one.ports.first - other.ports.first)) {
    if (ports.first > next) return false;
    next = Math.max(next, ports.last + 1);
    if (next > last) return true;
  }
  return next > last;
}

/**
 * Whether a list has everything that `rule` (to allow) is about, in parts if need be: `*` is `public` and `private`,
 * a prefix is in another one or all its classes are there. A name is there as a name, or as every name; whether its
 * answers pass is judged when they are known.
 */
export function isRuleCovered(rule: Rule, list: RuleIndex): boolean {
  return partsOf(rule, list).every((about) =>
    SCHEMES.filter((scheme) => isSchemeCovered(rule, scheme)).every((scheme) =>
      isPortRangeCovered(rule.ports, about.filter((one) => isSchemeCovered(one.rule, scheme)))
    )
  );
}

/** For each part of what the rule is about, the rules of the list that have it. */
function partsOf({ host }: Rule, list: RuleIndex): PlacedRule[][] {
  switch (host.kind) {
    case "any":
      return [list.forClass("public"), list.forClass("private")];
    case "class":
      return [list.forClass(host.word)];
    case "name":
      return [[...list.naming(host.name), ...list.forAnyName()]];
    case "suffix":
      // The rules for a name below it that no rule says.
      return [[...list.naming(`*.${host.suffix}`), ...list.forAnyName()]];
    case "prefix": {
      const { address, bits } = host.prefix;
      return openedClasses(classesInPrefix(host.prefix)).map((word) => [
        ...list.forClass(word),
        ...list.forAddress({ address, class: word }).filter(
          ({ rule }) => rule.host.kind === "prefix" && rule.host.prefix.bits <= bits,
        ),
      ]);
    }
  }
}

/** What a prefix with addresses of these classes opens. */
function openedClasses(classes: ReadonlySet<AddressClass>): ClassWord[] {
  const isLinkLocalOnly = classes.size === 1;
  return [...classes].filter((cls): cls is ClassWord =>
    cls === "public" || cls === "private" || (cls === "link-local" && isLinkLocalOnly)
  );
}
