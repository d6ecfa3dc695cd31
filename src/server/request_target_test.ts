import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseRequestTarget, type TargetInput } from "./request_target.ts";

function parse(target: string, hosts: readonly string[] = ["a.example"], change: Partial<TargetInput> = {}) {
  const rawHeaders = hosts.flatMap((host) => ["hOsT", host]);
  return parseRequestTarget({ method: "GET", target, rawHeaders, httpVersion: "1.1", ...change });
}

const TARGETS: readonly (readonly [target: string, authority: string, path: string, pathWithQuery: string])[] = [
  ["/", "a.example", "/", "/"],
  ["/a/b?c=d?e", "a.example", "/a/b", "/a/b?c=d?e"],
  ["//a", "a.example", "//a", "//a"],
  ["/a%2Fb/../c", "a.example", "/a%2Fb/../c", "/a%2Fb/../c"],
  ["http://b.example:81/x", "b.example:81", "/x", "/x"],
  ["HTTP://b.example", "b.example", "/", "/"],
  ["http://b.example?x", "b.example", "/", "/?x"],
  ["http://[::1]:80/", "[::1]:80", "/", "/"],
];

for (const [target, authority, path, pathWithQuery] of TARGETS) {
  test(`parseRequestTarget reads ${target}`, () => {
    assert.deepEqual(parse(target), { kind: "target", target: { authority, path, pathWithQuery } });
  });
}

const BAD_TARGETS = [
  "",
  "a",
  "*",
  "?a",
  "/a b",
  "/a#b",
  "/\x7f",
  "/\xe9",
  "http:///a",
  "http://u@b/",
  "http://b:99999/",
  "http://b c/",
  "http://[zz]/",
  "http://../",
  "ftp://b/",
  "a.example:80",
];

for (const target of BAD_TARGETS) {
  test(`parseRequestTarget refuses the target ${JSON.stringify(target)}`, () =>
    assert.equal(parse(target).kind, "bad"));
}

const BAD_HOSTS = [
  "",
  " ",
  "a b",
  "a/b",
  "a:b",
  "a:65536",
  "a@b",
  "a,b",
  "::1",
  "[::1",
  "[::1]x",
  ".",
  "a..b",
  "a%20b",
  "\xe9",
  "a#b",
];

for (const host of BAD_HOSTS) {
  test(`parseRequestTarget refuses the Host ${JSON.stringify(host)}`, () =>
    assert.equal(parse("/", [host]).kind, "bad"));
}

test("parseRequestTarget wants one Host, and none only of HTTP/1.0", () => {
  assert.equal(parse("/", []).kind, "bad");
  assert.equal(parse("/", ["a", "a"]).kind, "bad");
  assert.equal(parse("http://b/", []).kind, "bad");
  assert.deepEqual(parse("/x", [], { httpVersion: "1.0" }), {
    kind: "target",
    target: { authority: undefined, path: "/x", pathWithQuery: "/x" },
  });
});

test("parseRequestTarget knows what is about the server, and what is not for it", () => {
  assert.equal(parse("*", ["a"], { method: "OPTIONS" }).kind, "server-wide");
  assert.equal(parse("http://b", ["a"], { method: "OPTIONS" }).kind, "server-wide");
  assert.equal(parse("https://b/", ["a"]).kind, "misdirected");
});

test("parseRequestTarget lets through visible ASCII only, whatever comes in", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (target, host) => {
    const verdict = parse(target, [host]);
    if (verdict.kind !== "target") return;
    assert.match(verdict.target.pathWithQuery, /^\/[!-~]*$/);
    assert.match(verdict.target.authority ?? "", /^[\w.:[\]-]+$/);
    assert.ok(verdict.target.pathWithQuery.startsWith(verdict.target.path));
  }));
});
