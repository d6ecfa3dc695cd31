import assert from "node:assert/strict";
import { test } from "node:test";
import { type IpAddress, parseAnySpelling } from "../base/ip_address.ts";
import { type AddressClass, classifyAddress, type OwnAddresses } from "./address_class.ts";

const NOTHING_OWN: OwnAddresses = { listeners: [], interfaces: [] };

function ip(text: string): IpAddress {
  return parseAnySpelling(text) ?? assert.fail(text);
}

function classOf(text: string, own = NOTHING_OWN, port = 443): AddressClass {
  return classifyAddress({ address: ip(text), port }, own).class;
}

/** First and last addresses of every range, and their neighbours outside. */
const CLASSES: Readonly<Record<AddressClass, readonly string[]>> = {
  loopback: ["127.0.0.1", "127.0.0.0", "127.255.255.255", "::1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"],
  never: [
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "::",
    "0",
    "0x0",
    "224.0.0.0",
    "239.255.255.255",
    "ff00::",
    "ff02::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "255.255.255.255",
    "4294967295",
    "64:ff9b:1::",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "64:ff9b:1::8.8.8.8",
  ],
  "link-local": [
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "2852039166",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "fe80::",
    "fe80::1",
    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::",
    "fd00:ec2::254",
    "fd00:ec2:ffff::1",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fd00:100::100:200",
  ],
  private: [
    "10.0.0.0",
    "10.255.255.255",
    "012.0.0.1",
    "0xa.1",
    "167772161",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "100.100.100.199",
    "100.100.100.201",
    "192.0.0.0",
    "192.0.0.191",
    "192.0.0.193",
    "192.0.0.255",
    "198.18.0.0",
    "198.19.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "fc00::",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fd00:ec1::",
    "fd00:ec3::",
    "fd20:ce::253",
    "fd00:42::43",
    "fec0::",
    "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  ],
  public: [
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "134744072",
    "9.255.255.255",
    "11.0.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:db8::1",
    "64:ff9b:2::",
    "64:ff9a:ffff::",
    "fbff::",
    "fe00::",
    "fe7f:ffff::",
    "100::1",
  ],
};

for (const [expected, addresses] of Object.entries(CLASSES)) {
  for (const text of addresses) {
    test(`classifyAddress: ${text} is ${expected}`, () => {
      assert.equal(classOf(text), expected);
    });
  }
}

const CARRIED: readonly (readonly [ipv4: string, cls: AddressClass])[] = [
  ["127.0.0.1", "never"],
  ["127.255.255.255", "never"],
  ["0.0.0.0", "never"],
  ["224.0.0.1", "never"],
  ["255.255.255.255", "never"],
  ["169.254.169.254", "link-local"],
  ["100.100.100.200", "link-local"],
  ["10.0.0.1", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["8.8.8.8", "public"],
];

/** Every way in which an IPv6 address carries an IPv4 one; the parameters are its two halves in hex. */
const CARRIERS: readonly (readonly [name: string, (high: string, low: string) => string])[] = [
  ["IPv4-mapped", (high, low) => `::ffff:${high}:${low}`],
  ["translated", (high, low) => `::ffff:0:${high}:${low}`],
  ["NAT64", (high, low) => `64:ff9b::${high}:${low}`],
  ["6to4", (high, low) => `2002:${high}:${low}::1`],
  ["Teredo server", (high, low) => `2001:0:${high}:${low}:0:0:${flip("0808")}:${flip("0808")}`],
  ["Teredo client", (high, low) => `2001:0:808:808:0:0:${flip(high)}:${flip(low)}`],
  ["ISATAP, local", (high, low) => `2001:db8::5efe:${high}:${low}`],
  ["ISATAP, global", (high, low) => `2001:db8::200:5efe:${high}:${low}`],
];

function flip(half: string): string {
  return (Number.parseInt(half, 16) ^ 0xffff).toString(16);
}

function halves(ipv4: string): [string, string] {
  const [a = 0, b = 0, c = 0, d = 0] = ip(ipv4).bytes;
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
}

for (const [name, make] of CARRIERS) {
  for (const [ipv4, expected] of CARRIED) {
    test(`classifyAddress: ${ipv4} carried by ${name} is ${expected}`, () => {
      assert.equal(classOf(make(...halves(ipv4))), expected);
    });
  }
}

test("classifyAddress: IPv4-compatible addresses are judged as IPv4 too, except :: and ::1", () => {
  assert.equal(classOf("::10.0.0.1"), "private");
  assert.equal(classOf("::127.0.0.1"), "never");
  assert.equal(classOf("::2"), "never", "it carries 0.0.0.2");
  assert.equal(classOf("::"), "never");
  assert.equal(classOf("::1"), "loopback");
});

test("classifyAddress: an ISATAP identifier does not open the range that its prefix closes", () => {
  assert.equal(classOf("fe80::5efe:8.8.8.8"), "link-local");
  assert.equal(classOf("fd00:ec2::5efe:8.8.8.8"), "link-local");
  assert.equal(classOf("fd00:1::5efe:8.8.8.8"), "private");
  assert.equal(classOf("ff02::5efe:8.8.8.8"), "never");
  assert.equal(classOf("fe80::5efe:127.0.0.1"), "never");
});

const OWN: OwnAddresses = {
  listeners: [
    { address: ip("203.0.113.5"), port: 8080 },
    { address: ip("10.1.1.1"), port: 9090 },
    { address: ip("0.0.0.0"), port: 7000 },
    { address: ip("::"), port: 7001 },
  ],
  interfaces: [ip("203.0.113.5"), ip("10.1.1.1"), ip("2001:db8::5"), ip("169.254.7.7")],
};

for (
  const [address, port, expected] of [
    ["203.0.113.5", 8080, "never"],
    ["10.1.1.1", 9090, "never"],
    ["::ffff:203.0.113.5", 8080, "never"],
    ["64:ff9b::203.0.113.5", 8080, "never"],
    ["203.0.113.5", 7000, "never"],
    ["2001:db8::5", 7001, "never"],
    ["203.0.113.5", 7001, "never"],
    ["203.0.113.5", 8081, "private"],
    ["2001:db8::5", 443, "private"],
    ["64:ff9b::203.0.113.5", 443, "private"],
    ["10.1.1.1", 8080, "private"],
    ["169.254.7.7", 443, "link-local"],
    ["203.0.113.6", 8080, "public"],
    ["203.0.113.6", 7000, "public"],
    ["2001:db8::6", 7001, "public"],
  ] as const
) {
  test(`classifyAddress: own addresses: ${address} port ${port} is ${expected}`, () => {
    assert.equal(classOf(address, OWN, port), expected);
  });
}

test("classifyAddress: a listener that was given an IPv4 address as an IPv6 one is the gateway itself by both", () => {
  const interfaces = ["10.0.0.5", "10.0.0.6"].map(ip);
  const rows = [["::ffff:10.0.0.5", ["10.0.0.5"]], ["::ffff:0.0.0.0", ["10.0.0.5", "10.0.0.6"]]] as const;
  for (const [listens, reached] of rows) {
    const own = { interfaces, listeners: [{ address: ip(listens), port: 8081 }] };
    for (const address of reached) {
      for (const form of [address, `::ffff:${address}`]) {
        assert.equal(classifyAddress({ address: ip(form), port: 8081 }, own).class, "never", `${listens} ${form}`);
      }
      assert.equal(classifyAddress({ address: ip(address), port: 8082 }, own).class, "private");
    }
  }
});
