import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpAddress } from "../base/ip_address.ts";
import { ip, judgeText, NOTHING_OWN, OWN, policyOf, targetOf } from "../../test/support/policy_of.ts";
import { judgeAddress, judgeAnswers, judgeName } from "./judge.ts";
import { editWords } from "./verdict.ts";

for (
  const [text, isAllowed] of [
    ["tcp://203.0.113.5:8080", false],
    ["tcp://203.0.113.5:9090", false],
    ["tcp://192.168.1.5:8080", false],
    ["http://[2001:db8::5]:8080", false],
    ["http://[::ffff:203.0.113.5]:8080", false],
    ["http://[64:ff9b::203.0.113.5]:9090", false],
    ["http://[64:ff9b:1:7::cb00:7105]:9090", false],
    ["tcp://203.0.113.5:80", true],
    ["tcp://192.168.1.5:9090", true],
    ["tcp://[64:ff9b:1:7::808:808]:1", true],
    ["tcp://[64:ff9b:1:7::7f00:1]:1", false],
    ["tcp://[64:ff9b:1:7::a9fe:a9fe]:1", false],
    ["tcp://[64:ff9b:1:8::808:808]:1", false],
    ["tcp://[2001:db8:64:7f00:0:100::]:1", false],
    ["tcp://[2001:db8:64:808:8:800::]:1", true],
  ] as const
) {
  test(`network.md: classes of the own machine, and nat64: ${text} is ${isAllowed ? "allowed" : "denied"}`, () => {
    const verdict = judgeText(policyOf({ net: ["*"] }), text, OWN);
    assert.equal(verdict.isAllowed, isAllowed, verdict.rule);
  });
}

test("network.md: the own addresses are private: a rule for public does not open them", () => {
  const policy = policyOf({ net: ["public"] });
  assert.equal(judgeText(policy, "tcp://203.0.113.5:80", OWN).isAllowed, false);
  assert.equal(judgeText(policy, "tcp://203.0.113.6:80", OWN).isAllowed, true);
});

for (
  const [net, text, isAllowed] of [
    // Judged by deny rules in both forms.
    [{ deny: ["10.0.0.1"] }, "http://[64:ff9b::a00:1]", false],
    [{ deny: ["[64:ff9b::/96]"] }, "http://[64:ff9b::a00:1]", false],
    [{ deny: ["[64:ff9b::/96]"] }, "http://10.0.0.1", true],
    [{ deny: ["[2002::/16]"] }, "http://[2002:808:808::1]", false],
    [{ deny: ["private"] }, "http://[2002:a00:1::1]", false],
    [{ deny: ["private"] }, "http://[::ffff:10.0.0.1]", false],
    // By class and allow rules as the IPv4 one.
    [["8.8.8.8"], "http://[64:ff9b::808:808]", true],
    [["[64:ff00::/24]"], "http://[64:ff9b::808:808]", false],
    [["public"], "http://[64:ff9b::a00:1]", false],
    [["private"], "http://[64:ff9b::a00:1]", true],
    [["*"], "http://[64:ff9b::a9fe:a9fe]", false],
    [["169.254.169.254"], "http://[64:ff9b::a9fe:a9fe]", true],
    // Teredo carries a server and a client: both need a rule.
    [["8.8.8.8"], "http://[2001:0:808:808:0:0:fefe:fefe]", false],
    [["8.8.8.8", "1.1.1.1"], "http://[2001:0:808:808:0:0:fefe:fefe]", true],
    // An ISATAP address goes to its prefix first.
    [["8.8.8.8"], "http://[fd00::5efe:808:808]", false],
    [["8.8.8.8", "[fd00::/8]"], "http://[fd00::5efe:808:808]", true],
    [["public"], "http://[fe80::5efe:808:808]", false],
    [["*"], "http://[2001:db8::5efe:7f00:1]", false],
  ] as const
) {
  test(`network.md: a carried IPv4 address: ${text} with ${JSON.stringify(net)}`, () => {
    const verdict = judgeText(policyOf({ net }), text);
    assert.equal(verdict.isAllowed, isAllowed, verdict.rule);
  });
}

test("judgeAddress: port 0 passes no rule, so it passes no deny rule either, and no line opens it", () => {
  const context = { policy: policyOf({ net: { allow: ["*"], deny: ["10.0.0.1"] } }), own: NOTHING_OWN };
  for (const port of [0, -1, 65536, Number.NaN]) {
    const none = { isAllowed: false, rule: `there is no port ${port}`, decision: "never", edits: [] };
    assert.deepEqual(judgeAddress({ scheme: "tcp", address: ip("10.0.0.1"), port }, context), none);
    assert.deepEqual(judgeAddress({ scheme: "tcp", address: ip("8.8.8.8"), port }, context), none);
    assert.deepEqual(judgeName({ scheme: "tcp", name: "db", port }, context), none);
  }
});

test("judgeAddress: a prefix is of one family, even where the first bytes are the same", () => {
  assert.equal(judgeText(policyOf({ net: ["10.0.0.0/8"] }), "tcp://[a00::1]:1").isAllowed, false);
  assert.equal(judgeText(policyOf({ net: ["[a00::/8]"] }), "tcp://10.0.0.1:1").isAllowed, false);
  assert.equal(judgeText(policyOf({ net: { deny: ["10.0.0.0/8"] } }), "tcp://[a00::1]:1").isAllowed, true);
});

test("judgeAddress: the net of an operator that is off ends everything, and says so", () => {
  const policy = policyOf({ net: ["*"] }, { ceiling: { net: false } });
  assert.equal(judgeText(policy, "tcp://8.8.8.8:1").rule, '"net": false of gateway.jsonc');
  assert.equal(judgeText(policy, "https://example.com").rule, '"net": false of gateway.jsonc');
});

/** What is left of the answers; "" for a name that is not looked up. */
function left(net: unknown, target: string, answers: readonly string[], ceiling?: unknown): string {
  const policy = policyOf({ net }, ceiling === undefined ? {} : { ceiling: { net: ceiling } });
  const { host, scheme, port } = targetOf(target);
  const name = host.kind === "name" ? host.name : assert.fail(target);
  const verdict = judgeAnswers({ scheme, port, name }, { policy, own: OWN, answers: answers.map(ip) });
  assert.equal(verdict.isAllowed, verdict.addresses.length > 0);
  return verdict.addresses.map(formatIpAddress).join(" ");
}

const ANSWERS = [
  "93.184.216.34",
  "10.1.2.3",
  "169.254.169.254",
  "127.0.0.1",
  "0.0.0.0",
  "::1",
  "2606:2800::1",
  "64:ff9b::a01:203",
  "::ffff:127.0.0.1",
  "203.0.113.5",
];
for (
  const [line, net, target, expected, ceiling] of [
    [
      "a rule that names it opens its `public` answers",
      ["db.example.com:5432"],
      "tcp://db.example.com:5432",
      "93.184.216.34 2606:2800::1",
    ],
    ["... by a suffix too", ["*.example.com"], "https://db.example.com", "93.184.216.34 2606:2800::1"],
    [
      "the others need a cidr rule for that port too",
      ["db.example.com:5432", "10.1.0.0/16:5432"],
      "tcp://db.example.com:5432",
      "93.184.216.34 10.1.2.3 2606:2800::1 64:ff9b::a01:203",
    ],
    [
      "... for that port",
      ["db.example.com:5432", "10.1.0.0/16:5433"],
      "tcp://db.example.com:5432",
      "93.184.216.34 2606:2800::1",
    ],
    [
      "... and that scheme",
      ["db.example.com:443", "tcp://10.1.0.0/16:443"],
      "https://db.example.com",
      "93.184.216.34 2606:2800::1",
    ],
    [
      "... or an ip",
      ["db.example.com", "10.1.2.3"],
      "https://db.example.com",
      "93.184.216.34 10.1.2.3 2606:2800::1 64:ff9b::a01:203",
    ],
    [
      "... or a class",
      ["db.example.com", "private"],
      "https://db.example.com",
      "93.184.216.34 10.1.2.3 2606:2800::1 64:ff9b::a01:203 203.0.113.5",
    ],
    ["... or `*`", ["*"], "https://db.example.com", "93.184.216.34 10.1.2.3 2606:2800::1 64:ff9b::a01:203 203.0.113.5"],
    [
      "a class that admits the name opens its own addresses alone",
      ["private"],
      "https://db.example.com",
      "10.1.2.3 64:ff9b::a01:203 203.0.113.5",
    ],
    ["... `public` as well", ["public"], "https://db.example.com", "93.184.216.34 2606:2800::1"],
    [
      "link-local takes a rule of its own",
      ["db.example.com", "169.254.169.254"],
      "https://db.example.com",
      "93.184.216.34 169.254.169.254 2606:2800::1",
    ],
    [
      "denied answers are removed",
      { allow: ["*"], deny: ["93.184.0.0/16", "private"] },
      "https://db.example.com",
      "2606:2800::1",
    ],
    [
      "... for this port",
      { allow: ["*"], deny: ["93.184.0.0/16:22", "private"] },
      "https://db.example.com",
      "93.184.216.34 2606:2800::1",
    ],
    ["nothing for a denied name", { allow: ["*"], deny: ["db.example.com"] }, "https://db.example.com", ""],
    ["nothing for a name that nothing admits", ["10.0.0.0/8", "93.184.216.34"], "https://db.example.com", ""],
    ["nothing without a network", false, "https://db.example.com", ""],
    ["both levels judge", ["*"], "https://db.example.com", "93.184.216.34 2606:2800::1", ["db.example.com"]],
    ["... each answer", ["db.example.com"], "https://db.example.com", "", ["private"]],
    ["... and deny", ["*"], "https://db.example.com", "93.184.216.34", { deny: ["private", "[2000::/3]"] }],
  ] as const
) {
  test(`network.md, answers of a name: ${line}`, () => assert.equal(left(net, target, ANSWERS, ceiling), expected));
}

test("judgeAnswers: never and loopback answers are removed whatever the rules; none left is denied", () => {
  for (
    const answer of ["127.0.0.1", "::1", "0.0.0.0", "224.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
  ) {
    assert.equal(left(["*", "db.example.com", "link-local"], "https://db.example.com", [answer]), "", answer);
  }
  assert.equal(
    left(["*"], "http://db.example.com:8080", ["203.0.113.5", "192.168.1.5"]),
    "",
    "the gateway's own listener",
  );
  assert.equal(left(["*"], "https://db.example.com", []), "");
});

test("judgeAnswers: a private answer for a named host names the answer and the line it needs", () => {
  const policy = policyOf({ net: ["db.example.com:5432"] });
  const verdict = judgeAnswers(
    { scheme: "tcp", port: 5432, name: "db.example.com" },
    { policy, own: NOTHING_OWN, answers: [ip("127.0.0.1"), ip("10.1.2.3")] },
  );
  assert.match(
    verdict.rule,
    /^answer 10\.1\.2\.3: nothing in "net" of workload\.jsonc allows 10\.1\.2\.3:5432 \(private/,
  );
  assert.deepEqual(verdict.edits.map(editWords), ['add "tcp://10.1.2.3:5432" to "net" in workload.jsonc']);
});

test("judgeAddress: names that resolve-addresses gave open what the rules for the name open", () => {
  const policy = policyOf({
    net: { allow: ["db.example.com:5432", "udp://dns.example.com:53"], deny: ["93.184.216.99", "db.example.com:5433"] },
  });
  const judge = (scheme: "tcp" | "udp", address: string, port: number, ...grantedNames: string[]) =>
    judgeAddress({ scheme, port, address: ip(address) }, { policy, own: NOTHING_OWN, grantedNames }).isAllowed;
  assert.equal(judge("tcp", "93.184.216.34", 5432), false);
  assert.equal(judge("tcp", "93.184.216.34", 5432, "db.example.com"), true);
  assert.equal(judge("tcp", "93.184.216.34", 5432, "x.example.com", "db.example.com"), true);
  assert.equal(judge("udp", "93.184.216.34", 53, "dns.example.com"), true);
  // Another port, scheme or name, a denied address, another class.
  assert.equal(judge("tcp", "93.184.216.34", 22, "db.example.com"), false);
  assert.equal(judge("tcp", "93.184.216.34", 5433, "db.example.com"), false);
  assert.equal(judge("udp", "93.184.216.34", 5432, "db.example.com"), false);
  assert.equal(judge("tcp", "93.184.216.34", 53, "dns.example.com"), false);
  assert.equal(judge("tcp", "93.184.216.34", 5432, "x.example.com"), false);
  assert.equal(judge("tcp", "93.184.216.99", 5432, "db.example.com"), false);
  assert.equal(judge("tcp", "10.0.0.1", 5432, "db.example.com"), false);
  assert.equal(judge("tcp", "127.0.0.1", 5432, "db.example.com"), false);
  assert.equal(judge("tcp", "0.0.0.0", 5432, "db.example.com"), false);
});
