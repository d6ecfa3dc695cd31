import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseLookupName } from "./lookup_name.ts";

const LONG_LABEL = "a".repeat(63);
const LONG_NAME = [LONG_LABEL, LONG_LABEL, LONG_LABEL, "a".repeat(61)].join(".");

for (
  const [text, expected] of [
    ["example.com", "example.com"],
    ["EXAMPLE.com.", "example.com"],
    ["localhost", "localhost"],
    ["a.localhost", "a.localhost"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["ＥＸＡＭＰＬＥ。com", "example.com"],
    ["_sip._tcp.example.com", "_sip._tcp.example.com"],
    ["1.example", "1.example"],
    [LONG_NAME, LONG_NAME],
    [`${LONG_NAME}.`, LONG_NAME],
    ["127.0.0.1", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["2001:DB8::0:1", "2001:db8::1"],
  ] as const
) {
  test(`parseLookupName: ${text} is ${expected}`, () => {
    assert.equal(parseLookupName(text), expected);
  });
}

for (
  const text of [
    "",
    ".",
    "..",
    ".example.com",
    "example..com",
    "example.com..",
    "example.com:80",
    "127.0.0.1:80",
    "[::1]:80",
    "[::1",
    "::1]",
    "::1%eth0",
    "http://example.com",
    "example.com/",
    "example.com/path",
    "example.com?x",
    "example.com#x",
    "user@example.com",
    "*.example.com",
    "a b.com",
    " example.com",
    "example.com ",
    "exa\tmple.com",
    "exa\0mple.com",
    "exa\nmple.com",
    "%65xample.com",
    "-a.com",
    "a-.com",
    "1.2.3.4.5",
    "256.0.0.1",
    "example.1",
    "example.0x1",
    `${LONG_LABEL}a.com`,
    `a${LONG_NAME}`,
    "\u200d.com",
    "a".repeat(100_000),
    "ex<ample.com",
    "\\example.com",
    "[1.2.3.4]",
  ] as const
) {
  test(`parseLookupName refuses ${JSON.stringify(text.slice(0, 80))}`, () => {
    assert.equal(parseLookupName(text), undefined);
  });
}

test("parseLookupName gives printable ASCII or nothing, and the same again", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (text) => {
    const name = parseLookupName(text);
    if (name === undefined) return;
    assert.match(name, /^[a-z0-9_.:-]+$/);
    assert.equal(parseLookupName(name), name);
  }));
});
