import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSocketAddress } from "../base/ip_address.ts";
import { parseDnsServer, parseResolvConf } from "./dns_servers.ts";

const DEFAULT = ["127.0.0.1:53"];
for (
  const [what, text, expected] of [
    ["an IPv4 server", "nameserver 192.0.2.1\n", ["192.0.2.1:53"]],
    ["an IPv6 server", "nameserver 2001:db8::1", ["[2001:db8::1]:53"]],
    ["tabs, blanks and line ends of Windows", "nameserver\t 192.0.2.1 \r\nnameserver 192.0.2.2\r\n", [
      "192.0.2.1:53",
      "192.0.2.2:53",
    ]],
    ["a remark behind it", "nameserver 192.0.2.1# here\nnameserver 192.0.2.2;there", ["192.0.2.1:53", "192.0.2.2:53"]],
    ["the first three of four", [1, 2, 3, 4].map((n) => `nameserver 192.0.2.${n}`).join("\n"), [
      "192.0.2.1:53",
      "192.0.2.2:53",
      "192.0.2.3:53",
    ]],
    [
      "no other lines",
      "search corp.test\noptions timeout:1 rotate\ndomain x\nsortlist 10.0.0.0\nnameserver 192.0.2.1",
      ["192.0.2.1:53"],
    ],
    ["an empty file", "", DEFAULT],
    ["a file without servers", "search corp.test\n", DEFAULT],
    ["a remark", "# nameserver 192.0.2.1\n;nameserver 192.0.2.1\n", DEFAULT],
    ["a word before it", " nameserver 192.0.2.1", DEFAULT],
    ["another word", "nameservers 192.0.2.1", DEFAULT],
    ["a name", "nameserver ns.test", DEFAULT],
    ["a port", "nameserver 192.0.2.1:5353", DEFAULT],
    ["a zone", "nameserver fe80::1%eth0\nnameserver 192.0.2.1", ["192.0.2.1:53"]],
    ["no address", "nameserver\nnameserver \n", DEFAULT],
  ] as const
) {
  test(`parseResolvConf: ${what}`, () => {
    assert.deepEqual(parseResolvConf(text).map(formatSocketAddress), expected);
  });
}

for (
  const [text, expected] of [
    ["192.0.2.1", "192.0.2.1:53"],
    ["192.0.2.1:5353", "192.0.2.1:5353"],
    ["::1", "[::1]:53"],
    ["[::1]", "[::1]:53"],
    ["[2001:db8::1]:65535", "[2001:db8::1]:65535"],
    ["127.0.0.1:1", "127.0.0.1:1"],
  ] as const
) {
  test(`parseDnsServer: ${text}`, () => {
    const server = parseDnsServer(text);
    assert.equal(server && formatSocketAddress(server), expected);
  });
}

for (
  const text of [
    "",
    "ns.test",
    "ns.test:53",
    ":53",
    "192.0.2.1:",
    "192.0.2.1:0",
    "192.0.2.1:65536",
    "192.0.2.1:+1",
    "192.0.2.1:5 3",
    "[192.0.2.1]",
    "[192.0.2.1]:53",
    "[::1",
    "::1]:53",
    "[::1]53",
    "[::1%eth0]:53",
    "fe80::1%eth0",
    "0x7f.1",
    "192.0.2.1:53:53",
    "udp://192.0.2.1",
    " 192.0.2.1",
    "192.0.2.1\n",
    "[]:53",
  ]
) {
  test(`parseDnsServer refuses ${JSON.stringify(text)}`, () => assert.equal(parseDnsServer(text), undefined));
}
