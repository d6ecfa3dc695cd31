/** Whatever is taken apart without the parser is taken apart as the parser would. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { URL as ParsedUrl } from "whatwg-url-minimum";
import { URL as GuestUrl } from "./url.ts";

const PARTS = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

function partsOf(url: GuestUrl | ParsedUrl | null): unknown {
  return url === null ? null : PARTS.map((part) => url[part]);
}

const TABLE: readonly string[] = [
  "http://localhost/",
  "http://127.0.0.1:8080/a/b?c=d#e",
  "http://127.0.0.01/",
  "http://127.0.0.256/",
  "http://1.2.3/",
  "http://example.com:80/",
  "https://example.com:80/",
  "https://example.com:443/",
  "https://example.com:65535/",
  "https://example.com:65536/",
  "https://example.com:0/",
  "https://example.com",
  "https://example.com?a",
  "https://EXAMPLE.com/",
  "https://xn--a/",
  "https://xn--bcher-kva.example/",
  "https://a.b-.example/",
  "https://a.1/",
  "https://example.com/a/../b",
  "https://example.com/a/%2E%2e/b",
  "https://example.com/a/.",
  "https://example.com/.well-known/a..b/%2f%zz",
  "https://example.com/?",
  "https://example.com/#",
  "https://example.com/?#",
  "https://example.com/?a='b'",
  "https://example.com/'?a[]=1&b={}",
  "https://example.com/a\\b",
  "https://example.com/a b",
  "https://example.com/a\n",
  " https://example.com/",
  "https://user@example.com/",
  "https://example.com/a@b:c",
  "ws://example.com/",
  "https:/example.com/",
];

for (const input of TABLE) {
  test(`URL: ${JSON.stringify(input)}`, () =>
    assert.deepEqual(partsOf(GuestUrl.parse(input)), partsOf(ParsedUrl.parse(input))));
}

const piece = fc.constantFrom(
  "a",
  "Z",
  "0",
  "1",
  "255",
  "256",
  ".",
  "..",
  "-",
  "/",
  "?",
  "#",
  "%2e",
  "%",
  ":",
  "@",
  "'",
  "xn--",
  "\\",
  " ",
  "é",
  "80",
  "443",
);

test("URL: made of pieces, as the library's", () => {
  fc.assert(
    fc.property(fc.constantFrom("http", "https", "HTTP"), fc.array(piece, { maxLength: 12 }), (scheme, pieces) => {
      const input = `${scheme}://${pieces.join("")}`;
      assert.deepEqual(partsOf(GuestUrl.parse(input)), partsOf(ParsedUrl.parse(input)), input);
    }),
    { numRuns: 5_000 },
  );
});

test("URL: setters and searchParams of one that was not parsed", () => {
  const url = new GuestUrl("https://example.com/a?b=c#d");
  assert.equal(url.pathname, "/a");
  url.searchParams.append("e", "f g");
  url.hash = "";
  url.port = "8443";
  assert.deepEqual([url.href, url.search, url.host, String(url), JSON.stringify(url)], [
    "https://example.com:8443/a?b=c&e=f+g",
    "?b=c&e=f+g",
    "example.com:8443",
    "https://example.com:8443/a?b=c&e=f+g",
    '"https://example.com:8443/a?b=c&e=f+g"',
  ]);
});
