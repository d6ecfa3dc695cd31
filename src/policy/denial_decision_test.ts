/** What a denial is counted as. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ip, type LayerValues, OWN, policyOf } from "../../test/support/policy_of.ts";
import type { DenialDecision } from "../telemetry/denial_counts.ts";
import { judgeTarget, parseExplainTarget } from "./explain.ts";
import { filterAnswers, judgeLookup, judgeRemoved } from "./judge_lookup.ts";

const TARGETS: readonly (readonly [target: string, values: LayerValues, decision: DenialDecision | undefined])[] = [
  ["tcp://8.8.8.8:53", {}, undefined],
  ["tcp://127.0.0.1:80", {}, undefined],
  ["tcp://8.8.8.8:53", { net: { deny: ["8.8.8.8"] } }, "deny-rule"],
  ["https://a.test", { net: { deny: ["*.test"] } }, "deny-rule"],
  ["udp://8.8.8.8:53", {}, "no-rule"],
  ["tcp://169.254.169.254:80", {}, "no-rule"],
  ["https://a.test", { net: ["b.test"] }, "no-rule"],
  ["tcp://8.8.8.8:53", { net: [] }, "no-rule"],
  ["tcp://224.0.0.1:80", { net: ["*"] }, "never"],
  ["tcp://203.0.113.5:9090", { net: ["*"] }, "never"],
  ["tcp://8.8.8.8:53", { net: false }, "off"],
  ["https://a.test", { net: false }, "off"],
  ["tcp://127.0.0.1:80", { net: false }, "off"],
];

for (const [text, values, decision] of TARGETS) {
  test(`decision: ${text} with ${JSON.stringify(values)} is ${decision ?? "no denial"}`, () => {
    const target = parseExplainTarget(text) ?? assert.fail(text);
    const verdict = judgeTarget(target, { policy: policyOf(values), own: OWN });
    assert.equal(verdict.decision, decision);
    assert.equal(verdict.isAllowed, decision === undefined);
  });
}

const NAMES: readonly (readonly [values: LayerValues, decision: DenialDecision])[] = [
  [{}, "off"],
  [{ dns: false }, "off"],
  [{ dns: true, net: false }, "off"],
  [{ dns: ["b.test"] }, "no-rule"],
  [{ dns: true, net: { deny: ["a.test"] } }, "deny-rule"],
];

for (const [values, decision] of NAMES) {
  test(`decision: a lookup of a.test with ${JSON.stringify(values)} is ${decision}`, () => {
    const found = judgeLookup("a.test", { policy: policyOf(values) });
    assert.equal(found.kind === "denied" ? found.verdict.decision : found.kind, decision);
  });
}

test("decision: answers that are all removed count as what removed the first that a line would open", () => {
  const rows: readonly (readonly [answers: readonly string[], values: LayerValues, decision: DenialDecision])[] = [
    [["127.0.0.1"], {}, "never"],
    [["169.254.1.1"], {}, "no-rule"],
    [["127.0.0.1", "10.0.0.1"], { net: { deny: ["10.0.0.1"] } }, "deny-rule"],
  ];
  for (const [texts, values, decision] of rows) {
    const context = { policy: policyOf({ dns: true, ...values }), own: OWN };
    const answers = texts.map(ip);
    assert.deepEqual(filterAnswers(answers, context), []);
    assert.equal(judgeRemoved(answers, context).decision, decision);
  }
});
