import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePrefix } from "../base/ip_address.ts";
import { ip, layerOf, type LayerValues, policyOf } from "../../test/support/policy_of.ts";
import { classesInPrefix, classifyAddress } from "./address_class.ts";
import { isNat64Prefix } from "./carried_ipv4.ts";
import { contradicting, exceeding } from "./policy_ceiling.ts";
import { parseDnsName, readDns, readNet, RULES_MAX } from "./policy_read.ts";

const FILE = { file: "workload.jsonc" };

for (
  const [value, form, allow] of [
    [undefined, "absent", undefined],
    [true, "on", ["public", "private"]],
    [false, "off", []],
    [[], "list", []],
    [["10.0.0.1", "https://db"], "list", ["10.0.0.1", "https://db"]],
    [{}, "full", undefined],
    [{ deny: ["db"] }, "full", undefined],
    [{ allow: ["db"], deny: [] }, "full", ["db"]],
  ] as const
) {
  test(`readNet: ${JSON.stringify(value) ?? "nothing"} is of the form ${form}`, () => {
    const { setting, faults } = readNet(value, FILE);
    assert.deepEqual(faults, []);
    assert.equal(setting.form, form);
    assert.deepEqual(setting.allow?.map(({ text }) => text), allow);
  });
}

test("readNet: every rule has its place", () => {
  const { setting } = readNet({ allow: ["db", "public"], deny: ["10.0.0.1"] }, { file: "a.jsonc", key: "ceiling" });
  assert.deepEqual(setting.allow?.map(({ origin }) => origin.key), ["ceiling.allow[0]", "ceiling.allow[1]"]);
  assert.deepEqual(setting.deny.map(({ origin }) => origin), [{ file: "a.jsonc", key: "ceiling.deny[0]" }]);
});

for (
  const [value, path, pattern] of [
    [null, [], /it is null, expected true, false, a list of rules/],
    ["public", [], /it is a string, expected/],
    [7, [], /it is a number, expected/],
    [[7], [0], /it is a number, expected a string in quotes/],
    [["db", null], [1], /it is null, expected a string/],
    [{ allow: "db" }, ["allow"], /"net\.allow": it is a string, expected a list/],
    [{ alow: [] }, ["alow"], /it has no key "alow", expected "allow" and "deny"/],
    [{ deny: ["db", "a/b"] }, ["deny", 1], /Cannot read rule "a\/b": it has a path/],
    [Array.from({ length: RULES_MAX + 1 }, () => "db"), [], /it has 16385 entries, expected at most 16384/],
  ] as const
) {
  test(`readNet: ${(JSON.stringify(value) ?? "").slice(0, 40)} is a fault at ${JSON.stringify(path)}`, () => {
    const { faults } = readNet(value, FILE);
    assert.equal(faults.length, 1);
    assert.deepEqual(faults[0]?.path, path);
    assert.match(faults[0]?.message ?? "", pattern);
  });
}

test("readNet: all faults are reported, with the place within the string", () => {
  const { faults } = readNet({ allow: ["db/x", "ok", "db:0"], deny: ["127.0.0.1"] }, FILE);
  assert.deepEqual(faults.map(({ path }) => path), [["allow", 0], ["allow", 2], ["deny", 0]]);
  assert.deepEqual(faults[0]?.range, { start: 2, end: 4 });
  assert.equal(faults[0]?.fix, 'write "db"');
});

for (
  const [value, form] of [[undefined, "absent"], [true, "on"], [false, "off"], [[], "off"], [["db"], "list"]] as const
) {
  test(`readDns: ${JSON.stringify(value) ?? "nothing"} is of the form ${form}`, () => {
    const { setting, faults } = readDns(value, FILE);
    assert.deepEqual([setting.form, faults], [form, []]);
  });
}

for (
  const [text, result] of [
    ["db.Example.com.", { name: "db.example.com", isSuffix: false }],
    ["*.B\u00fccher.example", { name: "xn--bcher-kva.example", isSuffix: true }],
    ["private", { name: "private", isSuffix: false }],
    ["localhost", { name: "localhost", isSuffix: false }],
    ["", undefined],
    ["*", undefined],
    ["*.", undefined],
    ["a.*.b", undefined],
    ["10.0.0.1", undefined],
    ["[::1]", undefined],
    ["10.0.0.0/8", undefined],
    ["*.localhost", undefined],
    ["db:53", 'write "db"'],
    ["https://db/x", 'write "db"'],
    ["tcp://*.example.com:53", 'write "*.example.com"'],
    ["u@db", undefined],
    [" db", 'write "db"'],
    ["a".repeat(1025), undefined],
  ] as const
) {
  test(`parseDnsName: ${JSON.stringify(text.slice(0, 40))}`, () => {
    const read = parseDnsName(text);
    if (typeof result === "object") assert.deepEqual(read, result);
    else {
      assert.ok("fault" in read);
      if (typeof result === "string") assert.equal(read.fault.fix, result);
      assert.match(read.fault.message, /^Cannot read name ".*": .+, expected a name such as/);
    }
  });
}

test("readDns: faults have their place", () => {
  for (
    const [value, path] of [[7, []], [null, []], [{ allow: [] }, []], [["db", 7], [1]], [["db", "db:1"], [1]]] as const
  ) {
    assert.deepEqual(readDns(value, FILE).faults.map((fault) => fault.path), [path]);
  }
});

/** The keys of `workload` that ask for more than `ceiling`. */
function asksMore(workload: LayerValues, ceiling: LayerValues): string {
  const faults = exceeding(layerOf(workload, "workload.jsonc"), layerOf(ceiling, "gateway.jsonc"));
  for (const { message, fix } of faults) {
    assert.match(message, /^Cannot use ".*": "(?:net|dns)" of gateway\.jsonc .+, expected no more than the ceiling$/);
    assert.notEqual(fix, "");
  }
  return faults.map(({ origin }) => origin.key).join(" ");
}

for (
  const [net, ceiling, keys] of [
    [undefined, [], ""],
    [{ deny: ["10.0.0.1"] }, [], ""],
    [[], [], ""],
    [false, [], ""],
    [true, true, ""],
    [true, ["public"], '"net": true'],
    [true, false, '"net": true "net": true'],
    [["*"], ["public", "private"], ""],
    [["*"], ["public"], "net[0]"],
    [["*:80"], ["public:1-100", "private:80"], ""],
    [["*:80-90"], ["public:80-85", "public:86-90", "private"], ""],
    [["*:80-90"], ["public:80-85", "public:87-90", "private"], "net[0]"],
    [["link-local"], ["*"], "net[0]"],
    [["169.254.169.254"], ["*"], "net[0]"],
    [["169.254.169.254"], ["169.0.0.0/8"], "net[0]"],
    [["169.254.169.254"], ["169.254.0.0/16"], ""],
    [["10.0.0.1"], ["10.0.0.0/8"], ""],
    [["10.0.0.0/8"], ["10.0.0.1"], "net[0]"],
    [["10.0.0.0/8"], ["private"], ""],
    [["10.0.0.0/8"], ["10.0.0.0/16"], "net[0]"],
    [["100.64.0.0/10"], ["private"], ""],
    [["8.0.0.0/5"], ["private"], "net[0]"],
    [["8.0.0.0/5"], ["public"], "net[0]"],
    [["8.0.0.0/5"], ["public", "private"], ""],
    [["db.example.com"], ["db.example.com"], ""],
    [["db.example.com"], ["*.example.com"], ""],
    [["db.example.com"], ["public"], ""],
    [["db.example.com"], ["10.0.0.0/8"], "net[0]"],
    [["db.example.com", "x.example.org"], ["*.example.com"], "net[1]"],
    [["*.example.com"], ["db.example.com"], "net[0]"],
    [["*.a.example.com"], ["*.example.com"], ""],
    [["*.example.com"], ["*.example.com"], ""],
    [["*.example.com"], ["*.a.example.com"], "net[0]"],
    [["https://db"], ["db"], ""],
    [["db"], ["https://db"], "net[0]"],
    [["db:443"], ["https://db", "http://db:443", "tcp://db:443"], ""],
    [["udp://1.1.1.1:53"], ["1.1.1.1"], "net[0]"],
    [["udp://1.1.1.1:53"], ["udp://*:53"], ""],
    [["udp://1.1.1.1:53", "link-local"], undefined, ""],
    [["10.0.0.5", "10.0.0.6"], { deny: ["10.0.0.5"] }, "net[0]"],
    [["10.0.0.5"], { deny: ["10.0.0.5:22"] }, ""],
    [["db.example.com"], { deny: ["*.example.com"] }, "net[0]"],
    [["db.example.com"], { deny: ["private"] }, ""],
    [{ allow: ["public"] }, ["private"], "net.allow[0]"],
  ] as const
) {
  test(`exceeding: net ${JSON.stringify(net) ?? "absent"} below ${JSON.stringify(ceiling) ?? "none"}: ${keys || "no fault"}`, () => {
    assert.equal(asksMore({ net }, { net: ceiling }), keys);
  });
}

for (
  const [dns, ceiling, keys] of [
    [undefined, false, ""],
    [false, ["db"], ""],
    [true, true, ""],
    [true, undefined, ""],
    [true, ["db"], "dns"],
    [true, false, "dns"],
    [["db"], false, "dns[0]"],
    [["db", "x"], ["db"], "dns[1]"],
    [["a.db"], ["*.db"], ""],
    [["db"], ["*.db"], "dns[0]"],
    [["*.db"], ["*.db"], ""],
    [["*.a.db"], ["*.db"], ""],
    [["*.db"], ["a.db"], "dns[0]"],
  ] as const
) {
  test(`exceeding: dns ${JSON.stringify(dns) ?? "absent"} below ${JSON.stringify(ceiling) ?? "none"}: ${keys || "no fault"}`, () => {
    assert.equal(asksMore({ dns }, { dns: ceiling }), keys);
  });
}

test("contradicting: rules of a route below a workload without a network", () => {
  const workload = layerOf({ net: false }, "workload.jsonc");
  const faultsOf = (net: unknown) => contradicting(workload, layerOf({ net }, "a.route.jsonc"));
  assert.deepEqual([undefined, false].flatMap(faultsOf), []);
  for (const net of [true, [], ["db"], { deny: [] }]) {
    assert.match(faultsOf(net)[0]?.message ?? "", /^Cannot use "net": "net" of workload\.jsonc is false, expected/);
  }
  assert.deepEqual(contradicting(layerOf({}, "workload.jsonc"), layerOf({ net: ["db"] }, "a.route.jsonc")), []);
});

test("makePolicy: the rules of ten thousand hosts are found by host", () => {
  const net = Array.from(
    { length: 10_000 },
    (_, at) => (at % 2 === 0 ? `h${at}.example.com` : `10.${at >> 8}.${at & 255}.0/24:80`),
  );
  const [book] = policyOf({ net }).books;
  assert.deepEqual(book?.allow.naming("h9998.example.com").map(({ origin }) => origin.key), ["net[9998]"]);
  const address = ip("10.39.15.9");
  assert.deepEqual(book?.allow.forAddress({ address, class: "private" }).map(({ text }) => text), ["10.39.15.0/24:80"]);
});

test("classesInPrefix: a class for every address in it, one for a prefix that a row has", () => {
  const classes = (text: string) => [...classesInPrefix(parsePrefix(text))].toSorted().join(" ");
  assert.equal(classes("10.0.0.0/8"), "private");
  assert.equal(classes("10.0.0.0/7"), "private public");
  assert.equal(classes("169.254.169.254/32"), "link-local");
  assert.equal(classes("100.64.0.0/10"), "link-local private");
  assert.equal(classes("127.1.0.0/16"), "loopback");
  assert.equal(classes("0.0.0.0/0"), "link-local loopback never private public");
  assert.equal(classes("fd00:ec2::/48"), "link-local");
  assert.equal(classes("2000::/3"), "public");
  assert.equal(classes("ff02::/16"), "never");
});

test("classifyAddress: a nat64 prefix opens local ranges, not metadata, multicast or the own machine", () => {
  const own = {
    listeners: [],
    interfaces: [ip("fd00:1::808:808")],
    nat64: ["fd00:ec2::/96", "fd00:1::/96", "fe80::/96", "ff02::/96"].map(parsePrefix),
  };
  const classOf = (text: string) => classifyAddress({ address: ip(text), port: 80 }, own).class;
  assert.equal(classOf("fd00:1::101:101"), "public");
  assert.equal(classOf("fd00:1::a00:1"), "private");
  assert.equal(classOf("fd00:1::808:808"), "private");
  assert.equal(classOf("fd00:ec2::808:808"), "link-local");
  assert.equal(classOf("fe80::808:808"), "link-local");
  assert.equal(classOf("ff02::808:808"), "never");
});

test("isNat64Prefix: the lengths of RFC 6052", () => {
  for (const bits of [32, 40, 48, 56, 64, 96]) assert.equal(isNat64Prefix({ address: ip("2001:db8::"), bits }), true);
  for (const bits of [0, 33, 72, 95, 128]) assert.equal(isNat64Prefix({ address: ip("2001:db8::"), bits }), false);
  assert.equal(isNat64Prefix(parsePrefix("10.0.0.0/32")), false);
});
