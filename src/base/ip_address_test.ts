import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  formatIpAddress,
  formatSocketAddress,
  type IpAddress,
  ipv6Address,
  ipv6Groups,
  isBroadcast,
  isInPrefix,
  isIpv4Compatible,
  isIpv4Mapped,
  isLoopback,
  isMulticast,
  isSameAddress,
  isUnspecified,
  parseAnySpelling,
  parseIpAddress,
  parsePrefix,
} from "./ip_address.ts";

const V4 = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
  .map((bytes): IpAddress => ({ family: "ipv4", bytes }));
/** Zeros are common, so that "::" falls everywhere. */
const V6 = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map(ipv6Address);

test("parseIpAddress reads back what formatIpAddress writes, in lower and upper case", () => {
  fc.assert(fc.property(fc.oneof(V4, V6), (address) => {
    const text = formatIpAddress(address);
    assert.deepEqual(parseIpAddress(text), address);
    assert.deepEqual(parseIpAddress(text.toUpperCase()), address);
    assert.deepEqual(parseAnySpelling(text), address);
  }));
});

test("formatIpAddress agrees with the URL standard on IPv6", () => {
  fc.assert(fc.property(V6.filter((address) => !isIpv4Mapped(address)), (address) => {
    assert.equal(`[${formatIpAddress(address)}]`, new URL(`http://[${formatIpAddress(address)}]/`).hostname);
  }));
});

test("parseIpAddress and parseAnySpelling end for any text", () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdefxX:.[]%/ -")), maxLength: 45 });
  fc.assert(fc.property(text, (candidate) => {
    for (const address of [parseIpAddress(candidate), parseAnySpelling(candidate)]) {
      if (address === undefined) continue;
      assert.equal(address.bytes.length, address.family === "ipv4" ? 4 : 16);
      assert.ok(address.bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255));
    }
  }));
});

for (
  const [text, expected] of [
    ["1.2.3.4", "1.2.3.4"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:2:0:0:3", "1::2:2:0:0:3"],
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"],
  ] as const
) {
  test(`parseIpAddress: ${text} is ${expected}`, () => {
    const address = parseIpAddress(text);
    assert.ok(address);
    assert.equal(formatIpAddress(address), expected);
  });
}

for (
  const text of [
    "",
    ".",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4.",
    "01.2.3.4",
    "1.2.3.256",
    "1.2.3.-4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "１.2.3.4",
    "1.2.3.٤",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "::12345",
    "g::",
    "::1%eth0",
    "::1%25eth0",
    "[::1]",
    "1.2.3.4::",
    "::1.2.3",
    "::1.2.3.4:5",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4::5:6:7:8",
    ":1:2:3:4:5:6:7",
  ]
) {
  test(`parseIpAddress refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseIpAddress(text), undefined);
  });
}

for (
  const [text, expected] of [
    ["127.0.0.1", "127.0.0.1"],
    ["2130706433", "127.0.0.1"],
    ["0x7f000001", "127.0.0.1"],
    ["0X7F.1", "127.0.0.1"],
    ["0177.0.0.01", "127.0.0.1"],
    ["017700000001", "127.0.0.1"],
    ["127.1", "127.0.0.1"],
    ["127.0.1", "127.0.0.1"],
    ["127.65535", "127.0.255.255"],
    ["0", "0.0.0.0"],
    ["0x", "0.0.0.0"],
    ["4294967295", "255.255.255.255"],
    ["10.1.2.3.", "10.1.2.3"],
    ["[::1]", "::1"],
    ["[::ffff:127.0.0.1]", "::ffff:127.0.0.1"],
  ] as const
) {
  test(`parseAnySpelling: ${text} is ${expected}, as in a URL`, () => {
    const address = parseAnySpelling(text);
    assert.ok(address);
    assert.equal(formatIpAddress(address), expected);
    if (address.family === "ipv4") assert.equal(new URL(`http://${text}/`).hostname, expected);
  });
}

for (
  const text of [
    "",
    ".",
    "..",
    "1..2",
    "4294967296",
    "256.1",
    "1.256.1",
    "1.2.65536",
    "08",
    "0x1g",
    "1.2.3.4.5",
    "localhost",
    "1.2.3.4..",
    "[::1",
    "[1.2.3.4]",
    "-1",
    "1e3",
    "+1",
    "0b1",
  ]
) {
  test(`parseAnySpelling refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseAnySpelling(text), undefined);
  });
}

test("formatSocketAddress puts IPv6 in brackets", () => {
  const at = (text: string): IpAddress => parseIpAddress(text) ?? assert.fail(text);
  assert.equal(formatSocketAddress({ address: at("1.2.3.4"), port: 0 }), "1.2.3.4:0");
  assert.equal(formatSocketAddress({ address: at("::"), port: 65535 }), "[::]:65535");
});

for (
  const [prefix, inside, outside] of [
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:0"]],
    ["172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::"]],
    ["1.2.3.4", ["1.2.3.4"], ["1.2.3.5"]],
    ["1.2.3.5/31", ["1.2.3.4", "1.2.3.5"], ["1.2.3.6"]],
    ["fe80::/10", ["fe80::", "febf:ffff::"], ["fe7f::", "fec0::"]],
    ["::/128", ["::"], ["::1"]],
  ] as const
) {
  test(`isInPrefix: ${prefix}`, () => {
    for (const text of inside) {
      assert.ok(isInPrefix(parseIpAddress(text) ?? assert.fail(text), parsePrefix(prefix)), text);
    }
    for (const text of outside) {
      assert.ok(!isInPrefix(parseIpAddress(text) ?? assert.fail(text), parsePrefix(prefix)), text);
    }
  });
}

for (const text of ["", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/a", "a"]) {
  test(`parsePrefix refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parsePrefix(text), RangeError);
  });
}

for (
  const [name, is, yes, no] of [
    ["isLoopback", isLoopback, ["127.0.0.0", "127.255.255.255", "::1"], [
      "126.255.255.255",
      "128.0.0.0",
      "::",
      "::2",
      "::ffff:127.0.0.1",
    ]],
    ["isUnspecified", isUnspecified, ["0.0.0.0", "::"], ["0.0.0.1", "::1"]],
    ["isMulticast", isMulticast, ["224.0.0.0", "239.255.255.255", "ff00::"], [
      "223.255.255.255",
      "240.0.0.0",
      "fe00::",
    ]],
    ["isBroadcast", isBroadcast, ["255.255.255.255"], ["255.255.255.254", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["isIpv4Mapped", isIpv4Mapped, ["::ffff:0.0.0.0", "::ffff:255.255.255.255"], [
      "::fffe:1.2.3.4",
      "::1.2.3.4",
      "1.2.3.4",
    ]],
    ["isIpv4Compatible", isIpv4Compatible, ["::2", "::1.2.3.4"], ["::", "::1", "::1:0:0", "0.0.0.2"]],
  ] as const
) {
  test(`${name}: its bounds`, () => {
    for (const text of yes) assert.equal(is(parseIpAddress(text) ?? assert.fail(text)), true, text);
    for (const text of no) assert.equal(is(parseIpAddress(text) ?? assert.fail(text)), false, text);
  });
}

test("ipv6Groups is the inverse of ipv6Address, and families differ", () => {
  const groups = [0, 1, 0xffff, 0x1234, 0, 0, 0xabcd, 9];
  assert.deepEqual(ipv6Groups(ipv6Address(groups)), groups);
  assert.equal(isSameAddress(ipv6Address(groups), ipv6Address(groups)), true);
  assert.equal(isSameAddress({ family: "ipv4", bytes: [0, 0, 0, 0] }, ipv6Address([0, 0, 0, 0, 0, 0, 0, 0])), false);
});
