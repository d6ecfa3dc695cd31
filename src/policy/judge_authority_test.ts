import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpAddress } from "../base/ip_address.ts";
import { OWN, policyOf } from "../../test/support/policy_of.ts";
import { judgeRequest, parseAuthority } from "./judge_authority.ts";

for (
  const [authority, scheme, field, port] of [
    ["example.com", "https", "example.com", 443],
    ["example.com", "http", "example.com", 80],
    ["EXAMPLE.com.:443", "https", "example.com", 443],
    ["example.com:443", "http", "example.com:443", 443],
    ["b\u00fccher\u3002example", "https", "xn--bcher-kva.example", 443],
    ["0x0a000001:81", "http", "10.0.0.1:81", 81],
    ["\uff11\uff10.0.0.1", "http", "10.0.0.1", 80],
    ["[FD00::1]", "https", "[fd00::1]", 443],
    ["[fd00:0:0::1]:8443", "https", "[fd00::1]:8443", 8443],
    // HTTP-request-URI-invalid.
    ["", "https"],
    [":443", "https"],
    ["example.com:", "https"],
    ["example.com:0", "https"],
    ["example.com:0443", "https"],
    ["example.com:65536", "https"],
    ["example.com:+443", "https"],
    ["example.com:443:443", "https"],
    ["u@example.com", "https"],
    ["u:p@example.com", "https"],
    ["good.com%40evil.com", "https"],
    ["good.com\\@evil.com", "https"],
    ["good.com#@evil.com", "https"],
    ["good.com/", "https"],
    ["good.com?x", "https"],
    ["good.com\t", "https"],
    ["good.com\r\nHost: evil.com", "https"],
    [" good.com", "https"],
    ["go\0od.com", "https"],
    ["%6cocalhost", "http"],
    ["fd00::1", "https"],
    ["[fe80::1%25eth0]", "https"],
    ["[fe80::1%eth0]:80", "http"],
    ["[fd00::1", "https"],
    ["[fd00::1]x", "https"],
    ["[[fd00::1]]", "https"],
    ["[example.com]", "https"],
    ["[10.0.0.1]", "https"],
    ["1.2.3.4.5", "https"],
    ["a..b", "https"],
    ["*", "https"],
    ["*.example.com", "https"],
    [`${"a".repeat(2000)}.com`, "https"],
  ] as const
) {
  test(`parseAuthority: ${JSON.stringify(authority.slice(0, 40))} over ${scheme} ${field === undefined ? "is invalid" : `goes to ${field}`}`, () => {
    const parsed = parseAuthority(authority, scheme);
    assert.equal(parsed?.hostField, field);
    assert.equal(parsed?.port, port);
  });
}

test("parseAuthority: what it gives is read as the same again", () => {
  for (const text of ["EXAMPLE.com.:8443", "[FD00::0001]:1", "0x7f.1", "\u24d4xample.com"]) {
    const first = parseAuthority(text, "http") ?? assert.fail(text);
    assert.deepEqual(parseAuthority(first.hostField, "http"), first);
  }
});

/** Where a request goes, in words. */
function way(authority: string, net: unknown = ["*"], scheme: "http" | "https" = "http"): string {
  const verdict = judgeRequest({ scheme, authority }, { policy: policyOf({ net }), own: OWN });
  switch (verdict.kind) {
    case "malformed":
    case "denied":
      return verdict.kind;
    case "loopback":
      return `loopback ${verdict.addresses.map(formatIpAddress).join(" ")} ${verdict.authority.port}`;
    case "address":
      return `address ${formatIpAddress(verdict.address)}`;
    case "name":
      return `name ${verdict.name}`;
  }
}

for (
  const [authority, expected, net] of [
    ["localhost:8080", "loopback 127.0.0.1 ::1 8080"],
    ["LOCALHOST.:8080", "loopback 127.0.0.1 ::1 8080", []],
    ["a.b.localhost", "loopback 127.0.0.1 ::1 80", []],
    ["\uff4cocalhost", "loopback 127.0.0.1 ::1 80", []],
    ["127.9.9.9", "loopback 127.9.9.9 80", []],
    ["2130706433:8080", "loopback 127.0.0.1 8080", []],
    ["0177.1", "loopback 127.0.0.1 80", []],
    ["[::1]:8080", "loopback ::1 8080", []],
    ["[0:0:0:0:0:0:0:1]", "loopback ::1 80", []],
    ["localhost:8080", "denied", false],
    ["[::1]", "denied", false],
    ["localhost", "loopback 127.0.0.1 ::1 80", { deny: ["*"] }],
    // It carries a loopback address: never, not the private loopback.
    ["[::ffff:127.0.0.1]", "denied"],
    ["[::127.0.0.1]", "denied"],
    ["[64:ff9b::7f00:1]", "denied"],
    ["0.0.0.0:8080", "denied"],
    ["0", "denied"],
    ["[::]", "denied"],
    // The machine's own address: the gateway's port never, the rest as private.
    ["203.0.113.5:8080", "denied"],
    ["192.168.1.5:8080", "denied"],
    ["192.168.1.5", "address 192.168.1.5"],
    ["192.168.1.5", "denied", ["public"]],
    ["10.0.0.1", "address 10.0.0.1"],
    ["012.0.0.1", "address 10.0.0.1"],
    ["169.254.169.254", "denied"],
    ["0xa9fea9fe", "denied"],
    ["Example.com.", "name example.com"],
    ["notlocalhost", "name notlocalhost"],
    ["localhost.example.com", "name localhost.example.com"],
    ["example.com", "denied", ["10.0.0.0/8"]],
    ["u@example.com", "malformed", []],
  ] as const
) {
  test(`network.md: wasi:http to ${authority} is ${expected} with ${JSON.stringify(net ?? ["*"])}`, () => {
    assert.equal(way(authority, net ?? ["*"]), expected);
  });
}

test("judgeRequest: the port compared is the one used, written or not", () => {
  assert.equal(way("example.com", ["https://example.com"], "https"), "name example.com");
  assert.equal(way("example.com:443", ["https://example.com"], "https"), "name example.com");
  assert.equal(way("example.com:8443", ["https://example.com"], "https"), "denied");
  assert.equal(way("example.com:443", ["https://example.com"], "http"), "denied");
});

test("judgeRequest: without a network, on whatever level, there is no loopback either", () => {
  for (const [route, ceiling] of [[{ net: false }, undefined], [undefined, { net: false }]] as const) {
    const policy = policyOf({ net: ["*"] }, { route, ceiling });
    assert.equal(judgeRequest({ scheme: "http", authority: "localhost" }, { policy, own: OWN }).kind, "denied");
  }
});
