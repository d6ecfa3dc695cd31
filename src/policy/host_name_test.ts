import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatIpAddress } from "../base/ip_address.ts";
import { isLocalhost, parentsOf, parseHost } from "./host_name.ts";

function shown(text: string): string | undefined {
  const host = parseHost(text);
  return host?.kind === "address" ? formatIpAddress(host.address) : host?.name;
}

/** Both runtimes give the same for each; their Unicode tables differ only in what they refuse. */
for (
  const [text, expected] of [
    ["example.com", "example.com"],
    ["EXAMPLE.Com", "example.com"],
    ["example.com.", "example.com"],
    ["example\u3002com", "example.com"],
    ["example\uff0ecom\uff61", "example.com"],
    ["\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", "example.com"],
    ["ex\u00adample.com", "example.com"],
    ["\u24d4xample.com", "example.com"],
    ["\u212a.com", "k.com"],
    ["\u017f.com", "s.com"],
    ["A\u0308.com", "xn--4ca.com"],
    ["\u00e4.com", "xn--4ca.com"],
    ["XN--4CA.com", "xn--4ca.com"],
    ["stra\u00dfe.de", "xn--strae-oqa.de"],
    ["\u{1f98a}.com", "xn--9s9h.com"],
    ["\u05d0.com", "xn--4db.com"],
    ["a_b._tcp.example.com", "a_b._tcp.example.com"],
    ["localhost.", "localhost"],
    [`${"a".repeat(63)}.com`, `${"a".repeat(63)}.com`],
    ["1.2.3.4", "1.2.3.4"],
    ["1.2.3.4.", "1.2.3.4"],
    ["2130706433", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["0177.0.0.1", "127.0.0.1"],
    ["127.1", "127.0.0.1"],
    ["\u2460\u2461\u2466.0.0.1", "127.0.0.1"],
    ["\uff11\uff12\uff17\u30020\u30020\u30021", "127.0.0.1"],
    ["\uff10\uff58\uff17\uff46.1", "127.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["[::FFFF:127.0.0.1]", "::ffff:127.0.0.1"],
    // Neither a name nor an address.
    ["", undefined],
    [".", undefined],
    ["..", undefined],
    ["a..b", undefined],
    [".a", undefined],
    ["a..", undefined],
    ["-a.com", undefined],
    ["a-.com", undefined],
    [`${"a".repeat(64)}.com`, undefined],
    [`${"a.".repeat(127)}aa`, undefined],
    ["*.a.com", undefined],
    ["a:80", undefined],
    ["a@b", undefined],
    ["a/b", undefined],
    ["a\\b", undefined],
    ["a?b", undefined],
    ["a#b", undefined],
    ["a%2eb", undefined],
    ["%6cocalhost", undefined],
    ["a b", undefined],
    ["a\tb", undefined],
    ["a\nb", undefined],
    ["a\0b", undefined],
    ["\u2100.com", undefined],
    ["a\uff0fb.com", undefined],
    ["a\uff1a80", undefined],
    ["a\uff05.com", undefined],
    ["a\u2024b.com", undefined],
    ["a\u200db.com", undefined],
    ["\u05d0a.com", undefined],
    ["\ud800.com", undefined],
    ["\ufffd.com", undefined],
    ["xn--", undefined],
    ["xn--a.com", undefined],
    ["xn--localhost-", undefined],
    ["xn--zzzzzzzz", undefined],
    ["1.2.3.4.5", undefined],
    ["256.0.0.1", undefined],
    ["a.0x1", undefined],
    ["fe80::1%eth0", undefined],
    ["[fe80::1%25eth0]", undefined],
    ["[::1", undefined],
    ["[127.0.0.1]", undefined],
  ] as const
) {
  test(`parseHost: ${JSON.stringify(text.slice(0, 40))} is ${expected?.slice(0, 40) ?? "neither name nor address"}`, () => {
    assert.equal(shown(text), expected);
  });
}

test("parseHost: is idempotent, whatever the text", () => {
  const pieces = fc.constantFrom(
    "a",
    "B",
    "1",
    "0x",
    ".",
    "\u3002",
    "-",
    "\u00df",
    "\u05d0",
    "xn--",
    "4ca",
    "\uff41",
    "%",
    "[",
    ":",
    "\u00ad",
  );
  fc.assert(fc.property(fc.oneof(fc.string({ unit: pieces }), fc.string({ unit: "binary" })), (text) => {
    const once = parseHost(text);
    if (once === undefined) return;
    const words = once.kind === "name" ? once.name : formatIpAddress(once.address);
    assert.deepEqual(parseHost(words), once);
    if (once.kind === "name") assert.match(once.name, /^[a-z0-9_.-]{1,253}$/);
  }));
});

test("isLocalhost: localhost and what is below it, no look-alike", () => {
  for (const name of ["localhost", "a.localhost", "a.b.localhost"]) assert.equal(isLocalhost(name), true, name);
  for (const name of ["localhost.com", "notlocalhost", "a.localhost.com", "xlocalhost"]) {
    assert.equal(isLocalhost(name), false, name);
  }
});

test("parentsOf: every depth, not the name itself", () => {
  assert.deepEqual(parentsOf("a.b.c"), ["b.c", "c"]);
  assert.deepEqual(parentsOf("c"), []);
});
