/** Policies from what stands in files, and targets from text, for tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type IpAddress, parseAnySpelling, parseIpAddress, parsePrefix } from "../../src/base/ip_address.ts";
import type { OwnAddresses } from "../../src/policy/address_class.ts";
import { type ExplainTarget, parseExplainTarget } from "../../src/policy/explain.ts";
import { judgeAddress, judgeName } from "../../src/policy/judge.ts";
import { makePolicy, type Policy, type PolicyLayer } from "../../src/policy/policy.ts";
import { readDns, readNet } from "../../src/policy/policy_read.ts";
import type { Verdict } from "../../src/policy/verdict.ts";

/** What a file says; a key that is left out is absent. */
export interface LayerValues {
  readonly net?: unknown;
  readonly dns?: unknown;
}

export const NOTHING_OWN: OwnAddresses = { listeners: [], interfaces: [] };

/** A machine with a public and a private address, a gateway on two ports, and a translator. */
export const OWN: OwnAddresses = {
  listeners: [
    { address: ip("0.0.0.0"), port: 8080 },
    { address: ip("203.0.113.5"), port: 9090 },
  ],
  interfaces: [ip("203.0.113.5"), ip("192.168.1.5"), ip("2001:db8::5"), ip("169.254.7.7")],
  nat64: [parsePrefix("64:ff9b:1:7::/96"), parsePrefix("2001:db8:64::/48")],
};

export function ip(text: string): IpAddress {
  return parseIpAddress(text) ?? parseAnySpelling(text) ?? assert.fail(text);
}

export function layerOf({ net, dns }: LayerValues, file: string): PolicyLayer {
  const [netRead, dnsRead] = [readNet(net, { file }), readDns(dns, { file })];
  assert.deepEqual([...netRead.faults, ...dnsRead.faults], []);
  return { net: netRead.setting, dns: dnsRead.setting };
}

export function policyOf(
  workload: LayerValues,
  { route, ceiling }: { readonly route?: LayerValues | undefined; readonly ceiling?: LayerValues | undefined } = {},
): Policy {
  return makePolicy({
    workload: layerOf(workload, "workload.jsonc"),
    route: route && layerOf(route, "a.route.jsonc"),
    ceiling: ceiling && layerOf(ceiling, "gateway.jsonc"),
  });
}

export function targetOf(text: string): ExplainTarget {
  return parseExplainTarget(text) ?? assert.fail(text);
}

/** The plain decision: an address as an address, a name before it is looked up. */
export function judgeText(policy: Policy, text: string, own = NOTHING_OWN): Verdict {
  const { host, scheme, port } = targetOf(text);
  return host.kind === "address"
    ? judgeAddress({ scheme, port, address: host.address }, { policy, own })
    : judgeName({ scheme, port, name: host.name }, { policy });
}

/** A line of network.md, what files say, and what is decided. */
export interface JudgeRow {
  readonly line: string;
  readonly net?: unknown;
  readonly route?: LayerValues;
  readonly ceiling?: LayerValues;
  readonly allowed?: readonly string[];
  readonly denied?: readonly string[];
}

/** A test for each target of each row. */
export function judgeRows(rows: readonly JudgeRow[]): void {
  for (const { line, net, route, ceiling, allowed = [], denied = [] } of rows) {
    const policy = policyOf({ net }, { route, ceiling });
    for (const text of [...allowed, ...denied]) {
      const isAllowed = allowed.includes(text);
      test(`network.md: ${line}: ${text} is ${isAllowed ? "allowed" : "denied"}`, () => {
        const verdict = judgeText(policy, text);
        assert.equal(verdict.isAllowed, isAllowed, verdict.rule);
        assert.notEqual(verdict.rule, "");
      });
    }
  }
}
