import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHostPattern, requestHost } from "./host_pattern.ts";
import { isRoutablePath, parsePathPattern } from "./path_pattern.ts";
import { findTies } from "./specificity.ts";

function tiesOf(...lines: string[]): string[] {
  const entries = lines.map((line) => {
    const [host = "", path = "", methods] = line.split(" ");
    return { line, match: { host, path, methods: methods?.split(",") } };
  });
  return findTies(entries).map((tie) => `${tie.first.line} = ${tie.second.line}`);
}

const TIES: readonly (readonly [name: string, routes: readonly string[], ties: readonly string[]])[] = [
  ["the same twice", ["* /a", "* /a"], ["* /a = * /a"]],
  ["names of parameters do not count", ["* /:a", "* /:b"], ["* /:a = * /:b"]],
  ["a method in common", ["* /a GET,POST", "* /a POST,PUT"], ["* /a GET,POST = * /a POST,PUT"]],
  ["every method and one", ["* /a", "* /a GET"], ["* /a = * /a GET"]],
  ["each later one once, against the first", ["* /a", "* /a", "* /a"], ["* /a = * /a", "* /a = * /a"]],
  ["other methods", ["* /a GET", "* /a POST"], []],
  ["HEAD is not GET's when it is named", ["* /a GET", "* /a HEAD"], []],
  ["another host", ["a.com /a", "b.com /a", "*.com /a", "* /a"], []],
  ["a trailing slash", ["* /a", "* /a/"], []],
  ["a wildcard and its start", ["* /a", "* /a/*"], []],
  ["a colon within a segment", ["* /:a", "* /x:a"], []],
  ["patterns that cannot be read", ["* a", "* a", "A /", "A /"], []],
];

for (const [name, lines, expected] of TIES) {
  test(`findTies: ${name}`, () => assert.deepEqual(tiesOf(...lines), expected));
}

const GOOD_HOSTS = [
  "*",
  "a",
  "localhost",
  "example.com",
  "*.example.com",
  "127.0.0.1",
  "[::1]",
  "xn--mnchen-3ya.de",
  "a_b.c",
];
for (const host of GOOD_HOSTS) {
  test(`parseHostPattern: accepts ${host}`, () => assert.notEqual(parseHostPattern(host).kind, "fault"));
}

const BAD_HOSTS: readonly (readonly [host: string, suggestion: string | undefined])[] = [
  ["", "*"],
  ["Example.COM", "example.com"],
  ["example.com.", "example.com"],
  ["example.com:8080", "example.com"],
  ["*:80", "*"],
  ["http://example.com/x", "example.com"],
  ["münchen.de", "xn--mnchen-3ya.de"],
  ["*.münchen.de", "*.xn--mnchen-3ya.de"],
  ["::1", "[::1]"],
  ["[::1]:80", "[::1]"],
  ["[0::1]", "[::1]"],
  ["[::g]", undefined],
  ["[::1", undefined],
  ["*example.com", undefined],
  ["a.*.com", undefined],
  ["*.*", undefined],
  ["*.", undefined],
  ["a..b", undefined],
  [".a", undefined],
  ["a b", undefined],
  ["a/b", undefined],
  ["u@a", undefined],
  ["*.10.0.0.1", "10.0.0.1"],
  ["a".repeat(64), undefined],
  ["a.".repeat(127) + "a", undefined],
];
for (const [host, suggestion] of BAD_HOSTS) {
  test(`parseHostPattern: refuses ${JSON.stringify(host.slice(0, 70))}`, () => {
    const fault = parseHostPattern(host);
    assert.equal(fault.kind, "fault");
    assert.equal(fault.kind === "fault" ? fault.suggestion : "", suggestion);
    if (suggestion !== undefined) assert.notEqual(parseHostPattern(suggestion).kind, "fault", "the fix must hold");
  });
}

const GOOD_PATHS = [
  "/",
  "/*",
  "/a",
  "/a/",
  "/:id",
  "/a/:id/*",
  "/%C3%9F",
  "/a-b_c.d~e!$&'()+,;=:@",
  "/.well-known/x",
  "/...",
];
for (const path of GOOD_PATHS) {
  test(`parsePathPattern: accepts ${path}`, () => assert.equal(parsePathPattern(path).kind, "path"));
}

const BAD_PATHS: readonly (readonly [path: string, suggestion: string | undefined])[] = [
  ["", "/"],
  ["task", "/task"],
  ["*", "/*"],
  ["/a b", "/a%20b"],
  ["/straße", "/stra%C3%9Fe"],
  ["/a\u{d800}", undefined],
  ["/a\n", "/a"],
  ["/a?b=c", "/a"],
  ["/a#b", "/a"],
  ["//a", "/a"],
  ["/a//b", "/a/b"],
  ["/a/*/b", "/a/:name/b"],
  ["/a/**", "/a/*"],
  ["/a*", undefined],
  ["/:", undefined],
  ["/:a-b", undefined],
  ["/:a{[0-9]+}", undefined],
  ["/:a?", undefined],
  ["/:a/:a", undefined],
  ["/{id}", "/:id"],
  ["/../a", undefined],
  ["/a/.", undefined],
  ["/a/%2e%2E", undefined],
  ["/%zz", undefined],
  ["/a\\b", undefined],
  ["https://a.com/b", undefined],
  ["/a".repeat(33), undefined],
  [`/${"a".repeat(1024)}`, undefined],
];
for (const [path, suggestion] of BAD_PATHS) {
  test(`parsePathPattern: refuses ${JSON.stringify(path.slice(0, 40))}`, () => {
    const fault = parsePathPattern(path);
    assert.equal(fault.kind, "fault");
    assert.equal(fault.kind === "fault" ? fault.suggestion : "", suggestion);
    if (suggestion !== undefined) assert.equal(parsePathPattern(suggestion).kind, "path", "the fix must hold");
  });
}

test("isRoutablePath: what cannot be in a path", () => {
  for (
    const path of ["", "a", "*", "/\t", "/a b", "/\x7f", "/é", "/\\", "/%", "/%4", "/%gg", "/..", "/a/./b", "/%2E."]
  ) {
    assert.equal(isRoutablePath(path), false, JSON.stringify(path));
  }
  for (const path of ["/", "//", "/a|b", '/"<>^`{}[]', "/%00", "/...", "/.a", "/a.."]) {
    assert.equal(isRoutablePath(path), true, JSON.stringify(path));
  }
});

test("requestHost: bounds and odd forms", () => {
  for (const host of ["", "a".repeat(254), "a b", "[::1", "[::1]x", "[fe80::1%25eth0]", "a:123456", "-:", "a%2e"]) {
    const expected = host === "-:" ? "-" : "";
    assert.equal(requestHost(host), expected, host);
  }
  assert.equal(requestHost("a:"), "a");
});
