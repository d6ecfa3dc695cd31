import assert from "node:assert/strict";
import { test } from "node:test";
import { routeSpec, workloadSpec } from "../../test/support/specs.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import { judgeAddress } from "../policy/judge.ts";
import { absentLayer, makePolicy, type Policy, type PolicyLayer } from "../policy/policy.ts";
import { parseRule } from "../policy/rule_parse.ts";
import { belowCeiling } from "./kept_policies.ts";

const own = { listeners: [], interfaces: [], nat64: [] };

function layer(file: string, rules: readonly string[] | false): PolicyLayer {
  const { net, dns } = absentLayer(file);
  if (rules === false) return { net: { ...net, form: "off", allow: [] }, dns };
  const allow = rules.map((text) => {
    const { rule } = parseRule(text, "allow");
    assert.ok(rule !== undefined);
    return { rule, text, origin: { file, key: "net" } };
  });
  return { net: { ...net, form: "list", allow }, dns };
}

function allows(policy: Policy, text: string): boolean {
  const address = parseIpAddress(text);
  assert.ok(address !== undefined);
  return judgeAddress({ scheme: "tcp", address, port: 80 }, { policy, own }).isAllowed;
}

const A = "192.0.2.1";
const B = "198.51.100.1";

const ROWS: readonly { name: string; ceiling: readonly string[] | false; allowed: readonly boolean[] }[] = [
  { name: "a tighter one cuts", ceiling: [`${A}:80`], allowed: [true, false] },
  { name: "one that allows something else gives nothing", ceiling: ["203.0.113.1:80"], allowed: [false, false] },
  { name: "a wider one gives nothing back", ceiling: ["*"], allowed: [true, true] },
  { name: "none at all ends everything", ceiling: false, allowed: [false, false] },
];

for (const { name, ceiling, allowed } of ROWS) {
  test(`belowCeiling: ${name}, for routes and the service`, () => {
    const policy = makePolicy({ workload: layer("w/shop/workload.jsonc", [`${A}:80`, `${B}:80`]) });
    const spec = { ...workloadSpec([{ ...routeSpec("a", {}), policy }]), policy };
    const kept = belowCeiling(spec, layer("w/gateway.jsonc", ceiling));
    for (const each of [kept.policy, ...kept.routes.map((route) => route.policy)]) {
      assert.deepEqual([allows(each, A), allows(each, B)], allowed);
    }
  });
}
