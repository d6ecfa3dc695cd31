import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpAddress } from "../base/ip_address.ts";
import { ip, type LayerValues, OWN, policyOf } from "../../test/support/policy_of.ts";
import { filterAnswers, judgeLookup } from "./judge_lookup.ts";
import { editWords } from "./verdict.ts";

/** The outcome in one word: what a guest sees or what is asked. */
function outcome(text: string, workload: LayerValues, ceiling?: LayerValues, route?: LayerValues): string {
  const verdict = judgeLookup(text, { policy: policyOf(workload, { ceiling, route }) });
  switch (verdict.kind) {
    case "malformed":
    case "denied":
      return verdict.kind;
    case "answered":
      return verdict.addresses.map(formatIpAddress).join(" ");
    case "resolve":
      return `? ${verdict.name}`;
  }
}

for (
  const [line, text, expected, workload, ceiling, route] of [
    ["`dns` absent", "example.com", "denied", {}],
    ["... false", "example.com", "denied", { dns: false }],
    ["... []", "example.com", "denied", { dns: [] }],
    ["... `localhost` included", "localhost", "denied", { dns: false }],
    ["... and literal addresses", "1.2.3.4", "denied", { dns: [] }],
    ["... `net` false: names fail as without `dns`", "localhost", "denied", { dns: true, net: false }],
    ["... on every level", "localhost", "denied", { dns: true }, { net: false }],
    ["... and on the route", "example.com", "denied", { dns: true }, undefined, { net: false }],
    ["a malformed name is invalid-argument", "a..b", "malformed", { dns: true }],
    ["... off as well", "a..b", "malformed", { dns: false }],
    ["... a port too", "example.com:80", "malformed", { dns: true }],
    ["... a URL too", "https://example.com", "malformed", { dns: true }],
    ["... a zone", "fe80::1%eth0", "malformed", { dns: true }],
    ["... an empty one", "", "malformed", { dns: true }],
    ["true", "Example.COM.", "? example.com", { dns: true }],
    ["... a missing allow rule of `net` is no reason", "example.com", "? example.com", { dns: true, net: [] }],
    ["a list", "db.example.com", "? db.example.com", { dns: ["DB.example.com."] }],
    ["... of others", "x.example.com", "denied", { dns: ["db.example.com"] }],
    ["... with a suffix", "a.b.example.com", "? a.b.example.com", { dns: ["*.example.com"] }],
    ["... not the suffix", "example.com", "denied", { dns: ["*.example.com"] }],
    ["... no look-alike", "xexample.com", "denied", { dns: ["*.example.com"] }],
    ["... in UTS-46", "b\u00fccher\u3002example", "? xn--bcher-kva.example", { dns: ["B\u00dcCHER.example"] }],
    ["always: localhost", "LOCALHOST.", "127.0.0.1 ::1", { dns: ["db.example.com"] }],
    ["... and below", "a.localhost", "127.0.0.1 ::1", { dns: true }],
    ["... a literal is itself, unjudged", "169.254.169.254", "169.254.169.254", { dns: ["db.example.com"], net: [] }],
    ["... in any spelling", "0x7f.1", "127.0.0.1", { dns: true }],
    ["... bracketed or not", "[fd00::1]", "fd00::1", { dns: true }],
    ["... IPv6", "FD00::1", "fd00::1", { dns: true }],
    ["... an IPv4-mapped one is the IPv4", "::ffff:10.0.0.1", "10.0.0.1", { dns: true }],
    ["a denied name stops the name", "evil.example.com", "denied", { dns: true, net: { deny: ["*.example.com"] } }],
    ["... not for some ports", "evil.example.com", "? evil.example.com", {
      dns: true,
      net: { deny: ["*.example.com:25"] },
    }],
    ["... nor for some schemes", "evil.example.com", "? evil.example.com", {
      dns: true,
      net: { deny: ["https://*.example.com"] },
    }],
    ["... but in parts for all", "evil.example.com", "denied", {
      dns: true,
      net: { deny: ["*.example.com:1-99", "tcp://evil.example.com:50-65535", "udp://*:*"] },
    }],
    ["everything denied: no packet", "example.com", "denied", { dns: true, net: { deny: ["*"] } }],
    ["the intersection, for `dns` too", "a.example.com", "? a.example.com", { dns: true }, { dns: ["*.example.com"] }],
    ["... denied above", "example.org", "denied", { dns: true }, { dns: ["*.example.com"] }],
    ["... denied below", "b.example.com", "denied", { dns: ["a.example.com"] }, { dns: ["*.example.com"] }],
    ["... off above", "localhost", "denied", { dns: true }, { dns: false }],
    ["... silent above", "a.example.com", "? a.example.com", { dns: true }, { net: [] }],
    ["the route's own", "a.example.com", "? a.example.com", { dns: false }, undefined, { dns: ["a.example.com"] }],
    ["... off on the route", "a.example.com", "denied", { dns: true }, undefined, { dns: false }],
    ["... the workload's", "a.example.com", "? a.example.com", { dns: true }, undefined, { net: [] }],
  ] as const
) {
  test(`network.md, Name resolution: ${line}: ${JSON.stringify(text)}`, () => {
    assert.equal(outcome(text, workload, ceiling, route), expected);
  });
}

test("judgeLookup: a denial names the setting and the line to add, in every file that needs it", () => {
  const policy = policyOf({ dns: ["a.example.com"] }, { ceiling: { dns: false } });
  const off = judgeLookup("b.example.com", { policy });
  assert.ok(off.kind === "denied");
  assert.equal(off.verdict.rule, '"dns" of gateway.jsonc, which is off');
  const listed = judgeLookup("b.example.com", {
    policy: policyOf({ dns: ["a.example.com"] }, { ceiling: { dns: ["c.example.com"] } }),
  });
  assert.ok(listed.kind === "denied");
  assert.deepEqual(listed.verdict.edits.map(editWords), [
    'add "b.example.com" to "dns" in workload.jsonc',
    'add "b.example.com" to "dns" in gateway.jsonc',
  ]);
  const absent = judgeLookup("b.example.com", { policy: policyOf({}) });
  assert.ok(absent.kind === "denied");
  assert.deepEqual(absent.verdict.edits.map(editWords), ['write "dns": ["b.example.com"] in workload.jsonc']);
});

const ANSWERS = [
  "93.184.216.34",
  "10.1.2.3",
  "169.254.169.254",
  "127.0.0.1",
  "0.0.0.0",
  "::1",
  "fe80::1",
  "64:ff9b::7f00:1",
  "::ffff:127.0.0.1",
  "203.0.113.5",
];
for (
  const [line, net, expected, ceiling] of [
    ["never, loopback, and link-local without a rule are removed", undefined, "93.184.216.34 10.1.2.3 203.0.113.5"],
    ["a missing allow rule removes none", [], "93.184.216.34 10.1.2.3 203.0.113.5"],
    ["link-local with a rule stays", ["169.254.169.254:80"], "93.184.216.34 10.1.2.3 169.254.169.254 203.0.113.5"],
    ["... of udp as well", ["udp://link-local"], "93.184.216.34 10.1.2.3 169.254.169.254 fe80::1 203.0.113.5"],
    ["... on every level", ["link-local"], "93.184.216.34 10.1.2.3 203.0.113.5", ["*"]],
    ["denied ones are removed", { deny: ["10.0.0.0/8"] }, "93.184.216.34 203.0.113.5"],
    ["... by class", { deny: ["private"] }, "93.184.216.34"],
    ["... by any level", [], "10.1.2.3 203.0.113.5", { deny: ["public"] }],
    ["... not for some ports", { deny: ["10.0.0.0/8:22", "https://public"] }, "93.184.216.34 10.1.2.3 203.0.113.5"],
    ["... everything", { deny: ["*"] }, ""],
  ] as const
) {
  test(`network.md, Name resolution: answers: ${line}`, () => {
    const policy = policyOf({ net, dns: true }, ceiling === undefined ? {} : { ceiling: { net: ceiling } });
    assert.equal(filterAnswers(ANSWERS.map(ip), { policy, own: OWN }).map(formatIpAddress).join(" "), expected);
  });
}
