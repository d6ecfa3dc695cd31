/** network.md, "What the operator sees": explain has the line to change for the private loopback, too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeTarget } from "../../src/policy/explain.ts";
import { editWords } from "../../src/policy/verdict.ts";
import { NOTHING_OWN, policyOf, targetOf } from "../support/policy_of.ts";

for (const text of ["tcp://127.0.0.1:1", "tcp://[::1]:1", "http://localhost", "http://a.localhost:8080"]) {
  test(`explain: "net": false closes ${text}, and [] opens it`, () => {
    const verdict = judgeTarget(targetOf(text), { policy: policyOf({ net: false }), own: NOTHING_OWN });
    assert.equal(verdict.isAllowed, false);
    assert.deepEqual(verdict.edits.map(editWords), ['write "net": [] in workload.jsonc']);
    assert.equal(judgeTarget(targetOf(text), { policy: policyOf({ net: [] }), own: NOTHING_OWN }).isAllowed, true);
  });
}
