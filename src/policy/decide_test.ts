import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { OwnAddresses } from "./address_class.ts";
import { decideTcp } from "./decide.ts";

function at(address: string, port = 443): SocketAddress {
  return { address: parseIpAddress(address) ?? assert.fail(address), port };
}

const OWN: OwnAddresses = { listeners: [at("203.0.113.5", 8080)], interfaces: [at("203.0.113.5").address] };

for (
  const [address, port, isAllowed, rule] of [
    ["8.8.8.8", 53, true, /^default: .*no special range/],
    ["10.0.0.1", 443, true, /^default: .*10\.0\.0\.0\/8/],
    ["2606:4700::1111", 443, true, /^default/],
    ["fd12::1", 443, true, /^default/],
    ["203.0.113.5", 443, true, /an address of this machine/],
    ["203.0.113.5", 8080, false, /never reachable \(the gateway itself\)/],
    ["169.254.169.254", 80, false, /link-local \(169\.254\.0\.0\/16/],
    ["100.100.100.200", 80, false, /cloud metadata/],
    ["fe80::1", 443, false, /link-local/],
    ["0.0.0.1", 443, false, /never/],
    ["224.0.0.1", 443, false, /multicast/],
    ["127.0.0.1", 443, false, /private network, never the machine/],
    ["::1", 443, false, /private network, never the machine/],
    ["64:ff9b::7f00:1", 443, false, /never reachable \(it carries 127\.0\.0\.1: loopback\)/],
    ["64:ff9b::a9fe:a9fe", 80, false, /it carries 169\.254\.169\.254/],
    ["2002:7f00:1::", 443, false, /it carries 127\.0\.0\.1/],
    ["64:ff9b::808:808", 443, true, /^default/],
  ] as const
) {
  test(`decideTcp: the default ${isAllowed ? "allows" : "denies"} ${address} port ${port} and says why`, () => {
    const decision = decideTcp(at(address, port), { access: "default", own: OWN });
    assert.equal(decision.isAllowed, isAllowed);
    assert.match(decision.rule, rule);
  });
}

for (const [access, rule] of [["none", /"net": false/], ["loopback", /"net": \[\]/]] as const) {
  test(`decideTcp: ${access} denies everything`, () => {
    for (const address of ["8.8.8.8", "10.0.0.1", "127.0.0.1", "169.254.169.254"]) {
      const decision = decideTcp(at(address), { access, own: OWN });
      assert.equal(decision.isAllowed, false);
      assert.match(decision.rule, rule);
    }
  });
}
