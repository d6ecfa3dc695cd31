import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type IpPrefix, isInPrefix, parsePrefix } from "../base/ip_address.ts";
import { printRule, type Rule, type RuleSide, SCHEMES } from "./rule.ts";
import type { RuleFaultKind } from "./rule_fault.ts";
import { parseRule } from "./rule_parse.ts";

function read(text: string, side: RuleSide = "allow"): Rule {
  return parseRule(text, side).rule ?? assert.fail(`${text}: ${parseRule(text, side).fault?.message ?? ""}`);
}

/** Every form of the grammar: as allow rule, its text, its ports. */
for (
  const [text, printed, first, last] of [
    ["*", "*", 1, 65535],
    ["public", "public", 1, 65535],
    ["private:443", "private:443", 443, 443],
    ["link-local", "link-local", 1, 65535],
    ["db.example.com", "db.example.com", 1, 65535],
    ["DB.Example.COM.:5432", "db.example.com:5432", 5432, 5432],
    ["*.example.com", "*.example.com", 1, 65535],
    ["*.B\u00dccher.example", "*.xn--bcher-kva.example", 1, 65535],
    ["10.0.0.1", "10.0.0.1", 1, 65535],
    ["10.0.0.1/32", "10.0.0.1", 1, 65535],
    ["10.0.0.0/8:5432", "10.0.0.0/8:5432", 5432, 5432],
    ["[fd00::1]:80", "[fd00::1]:80", 80, 80],
    ["[FD00:0::/8]", "[fd00::/8]", 1, 65535],
    ["[fd00::/8]:1-9", "[fd00::/8]:1-9", 1, 9],
    ["0.0.0.0/0", "*", 1, 65535],
    ["[::/0]:443", "*:443", 443, 443],
    ["tcp://db", "tcp://db", 1, 65535],
    ["udp://1.1.1.1:53", "udp://1.1.1.1:53", 53, 53],
    ["http://db", "http://db", 80, 80],
    ["https://db", "https://db", 443, 443],
    ["https://db:443", "https://db", 443, 443],
    ["https://db:*", "https://db:*", 1, 65535],
    ["https://db:80-443", "https://db:80-443", 80, 443],
    ["HTTPS://db", "https://db", 443, 443],
    ["http://10.0.0.0/8", "http://10.0.0.0/8", 80, 80],
    ["db:1-65535", "db", 1, 65535],
    ["private.", "private.", 1, 65535],
    ["never.:80", "never.:80", 80, 80],
    ["pub.li", "pub.li", 1, 65535],
    ["*.private", "*.private", 1, 65535],
    ["169.254.169.254:80", "169.254.169.254:80", 80, 80],
  ] as const
) {
  test(`Rule grammar: ${text} is read`, () => {
    const rule = read(text);
    assert.equal(printRule(rule), printed);
    assert.deepEqual(rule.ports, { first, last });
  });
}

test("Rule grammar: no port is the scheme's default in an allow rule with http or https, otherwise any", () => {
  assert.deepEqual(read("https://db", "deny").ports, { first: 1, last: 65535 });
  assert.deepEqual(read("http://db", "deny").ports, { first: 1, last: 65535 });
  assert.equal(printRule(read("https://db:443", "deny")), "https://db:443");
});

const FAULTS: Readonly<Record<RuleFaultKind, readonly (readonly [text: string, replacement?: string])[]>> = {
  empty: [[""], ["  "], ["https://"], [":80"]],
  long: [["a".repeat(1025)]],
  space: [[" db", "db"], ["db ", "db"], ["a b"], ["a\tb"], ["a\nb"], ["a\0b"], ["\u3000db", "db"], ["db\u00a0", "db"]],
  scheme: [["ftp://db"], ["wss://db", "https://db"], ["htps://db", "https://db"], ["://db", "db"], [
    "http:/db",
    "http://db",
  ]],
  user: [["u@db", "db"], ["https://u:p@db", "https://db"], ["good.com@evil.com", "evil.com"], [
    "https://u@db/x",
    "https://db",
  ]],
  path: [
    ["db/", "db"],
    ["https://db/v1", "https://db"],
    ["db/8", "db"],
    ["10.0.0.0/8/x", "10.0.0.0/8"],
    ["db:80/x", "db:80"],
    ["x/y@z", "x"],
    ["//db"],
    ["[fd00::1]/x", "[fd00::1]"],
  ],
  query: [["db?a=b", "db"], ["db:80?a", "db:80"]],
  fragment: [["db#a", "db"], ["10.0.0.0/8#a", "10.0.0.0/8"]],
  backslash: [["db\\x"], ["https://good.com\\@evil.com"]],
  percent: [["d%62"], ["%6cocalhost"]],
  star: [["a.*.com"], ["*a.com"], ["a*"], ["*.*.com"], ["**", "*"], ["*.", "*"], ["*.10.0.0.1", "10.0.0.1"], [
    "1.2.3.*",
  ]],
  port: [
    ["db:", "db"],
    ["db:0"],
    ["db:65536"],
    ["db:99999999999"],
    ["db:080", "db:80"],
    ["db:http"],
    ["db:80,443"],
    ["db:80-", "db:80-65535"],
    ["db:-80", "db:1-80"],
    ["db:1-65536"],
    ["db:+80"],
    ["db:0x50"],
    ["db:8*"],
    ["db:0-5", "db:1-5"],
    ["[fd00::1]80"],
    ["[fd00::1]x"],
    ["db:1-2-3"],
    ["http:db"],
  ],
  range: [["db:443-80", "db:80-443"]],
  bracket: [["fd00::1", "[fd00::1]"], ["fd00::/8", "[fd00::/8]"], ["[fd00::]/8", "[fd00::/8]"], ["[fd00::1"], [
    "1:2:3",
  ]],
  zone: [["[fe80::1%eth0]", "[fe80::1]"], ["[fe80::1%25eth0]:80", "[fe80::1]:80"], ["[fe80::%1/64]", "[fe80::/64]"]],
  ipv4: [
    ["10.1", "10.0.0.1"],
    ["0xa.1", "10.0.0.1"],
    ["167772161", "10.0.0.1"],
    ["010.0.0.1", "8.0.0.1"],
    ["10.0.0.1.", "10.0.0.1"],
    ["\uff11\uff10.0.0.1", "10.0.0.1"],
    ["256.0.0.1"],
    ["1.2.3.4.5"],
    ["10/8", "10.0.0.0/8"],
    ["10.1/16", "10.1.0.0/16"],
    ["127.1"],
  ],
  ipv6: [["[db]", "db"], ["[10.0.0.1]", "10.0.0.1"], ["[]"], ["[fd00:::1]"], ["[1:2:3:4:5:6:7:8:9]"]],
  length: [["10.0.0.0/33"], ["10.0.0.0/08", "10.0.0.0/8"], ["[fd00::/129]"], ["[fd00::/8/9]"], ["[fd00::/]"]],
  cidr: [["10.1.2.3/8"], ["[fd00::1/8]"], ["0.0.0.1/0"]],
  loopback: [
    ["127.0.0.1"],
    ["127.0.0.0/8"],
    ["127.9.0.0/16:80"],
    ["[::1]"],
    ["localhost"],
    ["LOCALHOST."],
    ["a.localhost:80"],
    ["*.localhost"],
    ["[::ffff:127.0.0.1]"],
    ["[64:ff9b::7f00:1]"],
    ["[2002:7f00:1::]"],
    ["http://localhost:8080"],
  ],
  never: [["0.0.0.0"], ["0.0.0.0/8"], ["224.0.0.1"], ["239.0.0.0/8"], ["255.255.255.255"], ["[::]"], ["[ff02::1]"], [
    "[64:ff9b:1::]",
  ]],
  carried: [
    ["[::ffff:10.0.0.1]", "10.0.0.1"],
    ["[::ffff:a00:0/104]:80", "10.0.0.0/8:80"],
    ["[::10.0.0.1]", "10.0.0.1"],
    ["[64:ff9b::a00:1]", "10.0.0.1"],
    ["[64:ff9b::/96]"],
    ["[2002:a00:1::]", "10.0.0.1"],
    ["[2001::/32]"],
    ["[::ffff:0:a00:1]", "10.0.0.1"],
  ],
  word: [["never"], ["loopback"], ["any"], ["PUBLIC"], ["publik"], ["\uff50ublic"], ["linklocal"], ["link_local:80"], [
    "https://Private",
  ]],
  name: [["a..b"], ["-a"], [".a"], ["a_.-"], ["xn--a"], ["\u2100.com"], ["*.a..b"], ["\ud800"], ["d\uff0f"], [
    `*.${"a".repeat(64)}`,
  ]],
  nameOnly: [],
};

for (const [kind, rows] of Object.entries(FAULTS)) {
  for (const [text, replacement] of rows) {
    test(`Rule grammar: ${JSON.stringify(text.slice(0, 40))} is a fault of kind ${kind}, with place and fix`, () => {
      const { fault } = parseRule(text, "allow");
      assert.equal(fault?.kind, kind, fault?.message ?? "no fault");
      assert.equal(fault?.replacement, replacement);
      if (replacement !== undefined) {
        assert.equal(fault?.fix, `write "${replacement}"`);
        assert.equal(parseRule(replacement, "allow").fault, undefined);
      }
      assert.match(fault?.message ?? "", /^Cannot read rule ".*": .+, expected .+[^.]$/s);
      assert.ok(fault !== undefined && fault.start >= 0 && fault.start <= fault.end && fault.end <= text.length);
      assert.ok(text === "" || fault.end > fault.start);
    });
  }
}

for (
  const [text, start, end] of [
    ["https://api.example.com/v1", 23, 26],
    ["https://u:p@db", 8, 12],
    ["db:080", 2, 6],
    ["[fe80::1%eth0]:80", 8, 13],
    ["tcp://127.0.0.1:80", 6, 15],
    ["tcp://10.1.2.3/8:80", 6, 16],
    ["ftp://db", 0, 3],
  ] as const
) {
  test(`Rule grammar: the fault of ${text} is at ${start}-${end}`, () => {
    const { fault } = parseRule(text, "allow");
    assert.deepEqual([fault?.start, fault?.end], [start, end]);
  });
}

test("Rule grammar: what no allow rule opens may be denied, but the loopback takes no rule", () => {
  for (const text of ["0.0.0.0", "224.0.0.0/4", "[64:ff9b::/96]", "[2002::/16]", "[64:ff9b::a00:1]"]) {
    read(text, "deny");
  }
  for (const text of ["127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]) {
    assert.equal(parseRule(text, "deny").fault?.kind, "loopback", text);
  }
});

test("Rule grammar: a fault is one safe line, whatever the text", () => {
  const { fault } = parseRule("\u001b[2J\u202e/x", "allow");
  assert.doesNotMatch(`${fault?.message ?? ""}${fault?.fix ?? ""}`, /[\x00-\x1f\u202e]/);
});

const label = fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,8}[a-z0-9_]$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const octet = fc.integer({ min: 0, max: 255 });
const ipv4Text = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join("."));
const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
const ipv6Text = groups.map((all) => `[${all.map((group) => group.toString(16)).join(":")}]`);
const cut = (family: 32 | 128) =>
  fc.tuple(groups, fc.integer({ min: 0, max: family })).map(([all, bits]) => {
    const bytes = all.flatMap((group) => [group >> 8, group & 255]).slice(0, family / 8)
      .map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))) & 0xff);
    const pairs = bytes.flatMap((
      byte,
      at,
    ) => (at % 2 === 0 ? [((byte << 8) | (bytes[at + 1] ?? 0)).toString(16)] : []));
    return family === 32 ? `${bytes.join(".")}/${bits}` : `[${pairs.join(":")}/${bits}]`;
  });
const hostText = fc.oneof(
  fc.constantFrom("*", "public", "private", "link-local", "private.", "never.", "db", "localhosts"),
  name,
  name.map((text) => `${text}.`),
  name.map((text) => `*.${text}`),
  ipv4Text,
  ipv6Text,
  cut(32),
  cut(128),
);
const schemeText = fc.constantFrom("", "tcp://", "udp://", "http://", "https://");
const port = fc.integer({ min: 1, max: 65535 });
const portText = fc.oneof(
  fc.constantFrom("", ":*"),
  port.map((one) => `:${one}`),
  fc.tuple(port, port).map(([one, other]) => `:${Math.min(one, other)}-${Math.max(one, other)}`),
);

test("Rule grammar: parse(print(rule)) is the rule", () => {
  let count = 0;
  const parts = fc.record({
    scheme: schemeText,
    host: hostText,
    ports: portText,
    side: fc.constantFrom("allow", "deny"),
  });
  fc.assert(
    fc.property(parts, ({ scheme, host, ports, side }) => {
      const { rule } = parseRule(`${scheme}${host}${ports}`, side);
      if (rule === undefined) return;
      count++;
      const printed = printRule(rule);
      assert.deepEqual(parseRule(printed, rule.side).rule, rule);
      assert.equal(printRule(parseRule(printed, rule.side).rule ?? assert.fail()), printed);
    }),
    { numRuns: 1000 },
  );
  assert.ok(count > 500);
});

test("Rule grammar: any text is a rule or a fault with a place and a fix that is read", () => {
  const unit = fc.constantFrom(
    ..."abz019.*:/[]%@?#\\- \u3002\uff10\u00e4".split(""),
    "::",
    "://",
    "http",
    "127",
    "fd00",
    "/8",
    "*.",
    "xn--",
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit }), fc.string({ unit: "binary" })), (text) => {
      const { rule, fault } = parseRule(text, "allow");
      if (fault === undefined) {
        assert.deepEqual(parseRule(printRule(rule), "allow").rule, rule);
        return;
      }
      assert.ok(fault.start >= 0 && fault.start <= fault.end && fault.end <= text.length);
      if (fault.replacement !== undefined) assert.equal(parseRule(fault.replacement, "allow").fault, undefined);
    }),
    { numRuns: 1000 },
  );
});

test("Rule grammar: no rule to allow is wholly about the loopback", () => {
  const loopback: IpPrefix[] = [parsePrefix("127.0.0.0/8"), parsePrefix("::1/128")];
  fc.assert(fc.property(fc.oneof(cut(32), cut(128), ipv4Text, ipv6Text), (text) => {
    const { rule } = parseRule(text, "allow");
    if (rule?.host.kind !== "prefix") return;
    const { prefix } = rule.host;
    assert.ok(!loopback.some((one) => one.bits <= prefix.bits && isInPrefix(prefix.address, one)), text);
  }));
  assert.equal(SCHEMES.length, 4);
});
