import assert from "node:assert/strict";
import { test } from "node:test";
import { readHttp2Head } from "./http2_head.ts";
import { parseRequestTarget } from "./request_target.ts";

const HEAD = [":method", "GET", ":scheme", "https", ":authority", "a.example", ":path", "/x?y"];

const TARGETS: readonly (readonly [name: string, raw: readonly string[], url: string, verdict: string])[] = [
  ["a path", HEAD, "/x?y", "target"],
  ["an asterisk", [":method", "OPTIONS", ":scheme", "https", ":authority", "a", ":path", "*"], "*", "server-wide"],
  [
    "an asterisk of the other scheme",
    [":method", "OPTIONS", ":scheme", "http", ":authority", "a", ":path", "*"],
    "http://a",
    "misdirected",
  ],
  [
    "the other scheme",
    [":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/"],
    "http://a/",
    "misdirected",
  ],
  ["an unknown scheme", [":method", "GET", ":scheme", "ftp", ":authority", "a", ":path", "/"], "ftp://a/", "bad"],
  [
    "a path that is an address",
    [":method", "GET", ":scheme", "https", ":authority", "a", ":path", "https://b/"],
    "",
    "bad",
  ],
  ["no path", [":method", "GET", ":scheme", "https", ":authority", "a"], "", "bad"],
  ["no authority", [":method", "GET", ":scheme", "https", ":path", "/"], "/", "bad"],
  ["a user in the authority", [":method", "GET", ":scheme", "https", ":authority", "u@a", ":path", "/"], "/", "bad"],
  ["Host alone", [":method", "GET", ":scheme", "https", ":path", "/", "host", "a"], "/", "target"],
  ["the same Host", [...HEAD, "host", "a.example"], "/x?y", "target"],
  ["another Host", [...HEAD, "host", "b.example"], "/x?y", "bad"],
  ["two of the same Host", [...HEAD, "host", "a.example", "host", "a.example"], "/x?y", "target"],
];

for (const [name, raw, url, verdict] of TARGETS) {
  test(`readHttp2Head: the target of ${name}`, () => {
    const head = readHttp2Head(raw);
    assert.equal(head.url, url);
    const { method, rawHeaders } = head;
    const found = parseRequestTarget({ method, target: url, rawHeaders, httpVersion: "2", scheme: "https" });
    assert.equal(found.kind, verdict);
  });
}

test("readHttp2Head: fields in their order, cookies as one, and nothing with a colon", () => {
  const head = readHttp2Head([
    ...HEAD,
    "a",
    "1",
    "cookie",
    "b=2",
    "c",
    "3",
    "cookie",
    "d=4",
    "a",
    "5",
    "cookie",
    "e=6",
    "content-length",
    "7",
    "expect",
    "100-continue",
    ":constructor",
    "8",
  ]);
  assert.deepEqual(head.rawHeaders, [
    "host",
    "a.example",
    "a",
    "1",
    "cookie",
    "b=2; d=4; e=6",
    "c",
    "3",
    "a",
    "5",
    "content-length",
    "7",
    "expect",
    "100-continue",
  ]);
  assert.deepEqual([head.method, head.contentLength, head.expect], ["GET", "7", "100-continue"]);
});

test("readHttp2Head: a header counts for what it would take as lines", () => {
  assert.equal(readHttp2Head([":method", "GET", "ab", "cde"]).bytes, 7 + 3 + 4 + 2 + 3 + 4);
});
