import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseAuthority } from "../../policy/judge_authority.ts";
import {
  AUTHORITY_LENGTH_MAX,
  isAuthority,
  isMethodName,
  isPathWithQuery,
  isSchemeName,
  METHOD_LENGTH_MAX,
  PATH_LENGTH_MAX,
  SCHEME_LENGTH_MAX,
} from "./request_target.ts";

const BAD_PATHS: readonly (readonly [why: string, path: string])[] = [
  ["no root", "a/b"],
  ["an absolute URL", "http://a/b"],
  ["a space", "/a b"],
  ["CR LF", "/a\r\nx: y"],
  ["LF at the end", "/a\n"],
  ["NUL", "/\0"],
  ["DEL", "/\x7f"],
  ["a fragment", "/a#b"],
  ["a fragment after a query", "/a?b#c"],
  ["angle brackets", "/<a>"],
  ["letters that are not ASCII", "/caf\u00e9"],
  ["a star and more", "*a"],
  ["too long", `/${"a".repeat(PATH_LENGTH_MAX)}`],
];

const GOOD_PATHS: readonly string[] = [
  "",
  "/",
  "*",
  "?a=b",
  "/a/b?c=d?e",
  "//a",
  "/%2e%zz",
  '/{"a":[1]}|^`',
  "/a;b=c,d",
];

const BAD_AUTHORITIES: readonly (readonly [why: string, authority: string])[] = [
  ["a space", "a b"],
  ["CR LF", "a\r\nx: y"],
  ["LF at the end", "a\n"],
  ["a path", "a/b"],
  ["a scheme", "http://a"],
  ["an empty port", "a:"],
  ["a port that is no number", "a:b"],
  ["a port with a sign", "a:+1"],
  ["a port that is too large", "a:65536"],
  ["two ports", "a:1:2"],
  ["an IPv6 address without brackets", "::1"],
  ["an open bracket", "[::1"],
  ["an IPv6 address with too many groups", "[1:2:3:4:5:6:7:8:9]"],
  ["nothing in brackets", "[]"],
  ["an IPv4 address in brackets", "[127.0.0.1]"],
  ["a zone", "[fe80::1%25eth0]"],
  ["text after the bracket", "[::1]a"],
  ["two user parts", "a@b@c"],
  ["a half percent code", "a%2"],
  ["letters that are not ASCII", "caf\u00e9"],
  ["too long", "a".repeat(AUTHORITY_LENGTH_MAX + 1)],
];

const BAD_TARGETS: readonly (readonly [why: string, authority: string])[] = [
  ["nothing", ""],
  ["no host", ":80"],
  ["a user", "user@a"],
  ["an empty user", "@a"],
  ["a user and a password", "user:password@a:80"],
  ["an encoded host", "%61"],
  ["port 0", "a:0"],
];

const GOOD_TARGETS: readonly (readonly [authority: string, port: number | undefined])[] = [
  ["a", undefined],
  ["Example.COM:443", 443],
  ["127.0.0.1:65535", 65_535],
  ["[::1]", undefined],
  ["[2001:db8::1]:8080", 8080],
  ["[::ffff:127.0.0.1]", undefined],
  ["a_b.test", undefined],
];

for (const [why, path] of BAD_PATHS) {
  test(`isPathWithQuery refuses ${why}`, () => {
    assert.equal(isPathWithQuery(path), false);
  });
}

for (const path of GOOD_PATHS) {
  test(`isPathWithQuery takes "${path}"`, () => {
    assert.equal(isPathWithQuery(path), true);
  });
}

for (const [why, authority] of BAD_AUTHORITIES) {
  test(`isAuthority refuses ${why}`, () => {
    assert.equal(isAuthority(authority), false);
  });
}

for (const [why, authority] of BAD_TARGETS) {
  test(`isAuthority takes ${why}, which no request is sent to`, () => {
    assert.equal(isAuthority(authority), true);
    assert.equal(parseAuthority(authority, "https"), undefined);
  });
}

for (const [authority, port] of GOOD_TARGETS) {
  test(`isAuthority takes ${authority}`, () => {
    assert.equal(isAuthority(authority), true);
    assert.equal(parseAuthority(authority, "https")?.port, port ?? 443);
  });
}

test("isMethodName refuses what is no token, and the longest", () => {
  for (const name of ["", "A B", "GET\r\n", "A/B", "A".repeat(METHOD_LENGTH_MAX + 1)]) {
    assert.equal(isMethodName(name), false, name.slice(0, 8));
  }
  assert.equal(isMethodName("PROPFIND"), true);
});

test("isSchemeName refuses what is no scheme, and the longest", () => {
  for (const name of ["", "1a", "a b", "a:", "a\n", "\u00e9", "a".repeat(SCHEME_LENGTH_MAX + 1)]) {
    assert.equal(isSchemeName(name), false, name.slice(0, 8));
  }
  assert.equal(isSchemeName("a+b-c.1"), true);
});

test("no text that isPathWithQuery or isAuthority takes can end a line", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const isSafe = !/[\0-\x20\x7f]/.test(text);
    assert.ok(isSafe || !(isPathWithQuery(text) || isAuthority(text)));
  }));
});
