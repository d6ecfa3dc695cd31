/** What holds for every policy and every target: spellings, the ceiling, deny, and the lines that open a target. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isInPrefix } from "../base/ip_address.ts";
import {
  judgeText,
  layerOf,
  type LayerValues,
  NOTHING_OWN,
  OWN,
  policyOf,
  targetOf,
} from "../../test/support/policy_of.ts";
import { ipv4, ipv6, nameText, netValue, rule, rules } from "../../test/support/policy_arbitraries.ts";
import { explainVerdict, targetWords } from "./explain.ts";
import { judgeAddress, judgeAnswers, judgeName } from "./judge.ts";
import { exceeding } from "./policy_ceiling.ts";
import { type Rule, SCHEMES } from "./rule.ts";
import { parseRule } from "./rule_parse.ts";
import type { PolicyEdit } from "./verdict.ts";

const target = fc.tuple(fc.constantFrom(...SCHEMES), fc.oneof(ipv4, ipv6, nameText), fc.constantFrom(22, 80, 443, 8080))
  .map(([scheme, host, port]) => `${scheme}://${host}:${port}`);
const RUNS = { numRuns: 500 };

test("property: what either level denies, the intersection denies", () => {
  let both = 0;
  fc.assert(
    fc.property(netValue, netValue, target, (net, ceiling, text) => {
      const together = judgeText(policyOf({ net }, { ceiling: { net: ceiling } }), text, OWN).isAllowed;
      const workload = judgeText(policyOf({ net }), text, OWN).isAllowed;
      if (together) both++;
      if (!workload) assert.equal(together, false);
      // A ceiling that leaves its allow list out cuts nothing; as a workload's it would be the default.
      const isList = Array.isArray(ceiling) || ceiling === true || ceiling === false ||
        (typeof ceiling === "object" && ceiling !== null && "allow" in ceiling && ceiling.allow !== undefined);
      if (isList) assert.equal(together, workload && judgeText(policyOf({ net: ceiling }), text, OWN).isAllowed);
    }),
    RUNS,
  );
  assert.ok(both > 5);
});

test("property: deny always wins: a deny list never opens, and its own target stays closed on every level", () => {
  const lists = fc.record({
    allow: rules,
    deny: rules,
    extra: rule,
    at: fc.constantFrom("workload", "route", "operator"),
  });
  fc.assert(
    fc.property(lists, target, ({ allow, deny, extra, at }, text) => {
      const judge = (more: readonly string[]): boolean => {
        const put = (level: string, values: object) =>
          at === level ? { net: { ...values, deny: more } } : { net: values };
        return judgeText(
          policyOf(at === "workload" ? { net: { allow, deny: [...deny, ...more] } } : { net: { allow, deny } }, {
            route: put("route", {}),
            ceiling: put("operator", {}),
          }),
          text,
          OWN,
        ).isAllowed;
      };
      const [before, after] = [judge([]), judge([extra])];
      if (after) assert.equal(before, true);
      const parsed = parseRule(extra, "deny").rule ?? assert.fail(extra);
      if (isAbout(parsed, text)) assert.equal(after, false);
    }),
    RUNS,
  );
});

test("property: a rule more in an allow list closes nothing", () => {
  fc.assert(
    fc.property(rules, rules, rule, target, (allow, deny, extra, text) => {
      const before = judgeText(policyOf({ net: { allow, deny } }), text, OWN).isAllowed;
      const after = judgeText(policyOf({ net: { allow: [...allow, extra], deny } }), text, OWN).isAllowed;
      if (before) assert.equal(after, true);
    }),
    RUNS,
  );
});

test("property: nothing opens the loopback, never, or the gateway's own listeners", () => {
  const closed = fc.constantFrom(
    "tcp://127.0.0.1:80",
    "tcp://[::1]:80",
    "tcp://0.0.0.0:80",
    "tcp://[::]:80",
    "tcp://224.0.0.1:80",
    "udp://255.255.255.255:80",
    "http://[::ffff:127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://[64:ff9b:1::1]",
    "tcp://203.0.113.5:9090",
    "tcp://192.168.1.5:8080",
    "http://[2002:7f00:1::]",
    "http://[2001:db8::5efe:127.0.0.1]",
    "https://localhost",
    "https://a.localhost",
  );
  fc.assert(
    fc.property(netValue, closed, (net, text) => {
      assert.equal(judgeText(policyOf({ net }), text, OWN).isAllowed, false);
    }),
    RUNS,
  );
});

test("property: an answer is dialled only if it is allowed by itself, or public and named", () => {
  const answers = fc.array(fc.oneof(ipv4, ipv6), { maxLength: 6 });
  fc.assert(
    fc.property(
      netValue,
      nameText,
      fc.constantFrom(...SCHEMES),
      fc.constantFrom(80, 443),
      answers,
      (net, name, scheme, port, texts) => {
        const policy = policyOf({ net });
        const context = { policy, own: OWN };
        const all = texts.map((text) => addressOf(text));
        const { addresses, isAllowed } = judgeAnswers({ scheme, port, name }, { ...context, answers: all });
        assert.equal(isAllowed, addresses.length > 0);
        if (!judgeName({ scheme, port, name }, context).isAllowed) assert.equal(addresses.length, 0);
        for (const address of all) {
          const alone = judgeAnswers({ scheme, port, name }, { ...context, answers: [address] }).isAllowed;
          assert.equal(addresses.includes(address), alone, "each answer is judged by itself");
          const plain = judgeAddress({ scheme, port, address }, context).isAllowed;
          const named = policy.books.every(({ allow }) => allow.naming(name, { scheme, port }).length > 0);
          if (alone) {
            assert.ok(plain || named);
          }
          if (plain && judgeName({ scheme, port, name }, context).isAllowed) assert.ok(alone);
        }
      },
    ),
    RUNS,
  );
});

test("property: what asks for no more than the ceiling loses nothing to its allow list", () => {
  let count = 0;
  fc.assert(
    fc.property(rules, rules, fc.array(target, { minLength: 5, maxLength: 5 }), (allow, above, texts) => {
      if (
        exceeding(layerOf({ net: allow }, "workload.jsonc"), layerOf({ net: above }, "gateway.jsonc")).length > 0
      ) return;
      for (const text of texts.filter((one) => targetOf(one).host.kind === "address")) {
        if (!judgeText(policyOf({ net: allow }), text).isAllowed) continue;
        count++;
        assert.equal(judgeText(policyOf({ net: allow }, { ceiling: { net: above } }), text).isAllowed, true, text);
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(count > 0);
});

test("property: the lines of a denial open the target, and no line is offered where nothing does", () => {
  let opened = 0;
  const levels = fc.record({ net: netValue, route: netValue, ceiling: netValue });
  fc.assert(
    fc.property(levels, target, ({ net, route, ceiling }, text) => {
      let files: Record<string, LayerValues> = {
        "workload.jsonc": { net },
        "a.route.jsonc": { net: route },
        "gateway.jsonc": { net: ceiling },
      };
      // Each round takes one kind of reason away: off, deny rules, missing rules.
      for (let round = 0; round < 20; round++) {
        const { "workload.jsonc": workload = {}, "a.route.jsonc": routeNow, "gateway.jsonc": ceilingNow } = files;
        const verdict = judgeText(policyOf(workload, { route: routeNow, ceiling: ceilingNow }), text, NOTHING_OWN);
        if (verdict.isAllowed) {
          if (round > 0) opened++;
          return;
        }
        if (verdict.edits.length === 0) {
          assert.match(verdict.rule, /never|loopback/, text);
          return;
        }
        for (const edit of verdict.edits) files = { ...files, [edit.file]: applied(files[edit.file] ?? {}, edit) };
      }
      assert.fail(`${text} stays closed`);
    }),
    RUNS,
  );
  assert.ok(opened > 50);
});

test("property: a verdict is told in safe lines that name the target", () => {
  fc.assert(
    fc.property(netValue, target, (net, text) => {
      const verdict = judgeText(policyOf({ net }), text, OWN);
      const lines = explainVerdict({ workload: "shop", route: "task" }, {
        target: targetWords(targetOf(text)),
        verdict,
      });
      assert.ok(lines.length >= 2);
      assert.equal(lines.length === 2, verdict.isAllowed);
      for (const line of lines) assert.match(line, /^(?:allowed|denied|by|to allow): [\x20-\x7e]+$/);
    }),
    RUNS,
  );
});

/** An independent reading of a rule without classes, for targets that are addresses or names. */
function isAbout(parsed: Rule, text: string): boolean {
  const { scheme, host, port } = targetOf(text);
  const isScheme = parsed.scheme === undefined || parsed.scheme === scheme ||
    (parsed.scheme === "tcp" && scheme !== "udp");
  if (!isScheme || port < parsed.ports.first || port > parsed.ports.last) return false;
  if (parsed.host.kind === "any") return true;
  if (host.kind === "address") return parsed.host.kind === "prefix" && isInPrefix(host.address, parsed.host.prefix);
  if (parsed.host.kind === "name") return parsed.host.name === host.name;
  return parsed.host.kind === "suffix" && host.name.endsWith(`.${parsed.host.suffix}`);
}

function addressOf(text: string) {
  const { host } = targetOf(`tcp://${text}:1`);
  return host.kind === "address" ? host.address : assert.fail(text);
}

/** The file after the edit, done as its words say. */
function applied(values: LayerValues, { key, verb, text }: PolicyEdit): LayerValues {
  const { net } = values;
  const [top, list] = key.split(".");
  assert.equal(top, "net");
  if (verb === "write") {
    return { net: list === undefined ? JSON.parse(text) : { ...(net as object), [list]: JSON.parse(text) } };
  }
  const change = (old: unknown): string[] => {
    assert.ok(Array.isArray(old), `"${key}" is no list to ${verb} "${text}"`);
    if (verb === "remove") assert.ok(old.includes(text), `"${text}" is not there`);
    return verb === "add" ? [...old, text] : old.filter((one) => one !== text);
  };
  return {
    net: list === undefined
      ? change(net)
      : { ...(net as object), [list]: change((net as Record<string, unknown>)[list]) },
  };
}
