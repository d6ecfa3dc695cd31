/** The grammar of names and when two of them are the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalVersion, isLabel, nameKey, parseName } from "./names.ts";

const LABELS: readonly string[] = ["a", "a-b", "a1", "a-1", "a1-2b", "A", "A-b", "a-B2", "ABC-def", "a-1-2-3", "a-2B"];
const NO_LABELS: readonly string[] = [
  "",
  "-",
  "a-",
  "-a",
  "a--b",
  "1a",
  "aB",
  "Ab",
  "a_b",
  "a b",
  "ä",
  "a.b",
  "a:b",
  "a-1bB",
  'a"',
  "a\n",
  "a;alert()",
  "__proto__",
  "constructor()",
  "a`${x}`",
];
for (const label of LABELS) test(`${JSON.stringify(label)} is a label`, () => assert.ok(isLabel(label)));
for (const label of NO_LABELS) test(`${JSON.stringify(label)} is no label`, () => assert.ok(!isLabel(label)));

test("parseName takes plain names apart", () => {
  assert.deepEqual(parseName("a-b"), { kind: "plain", annotation: null, resource: null, label: "a-b" });
  assert.deepEqual(parseName("[constructor]r"), {
    kind: "plain",
    annotation: "constructor",
    resource: "r",
    label: "r",
  });
  assert.deepEqual(parseName("[method]r.m-n"), { kind: "plain", annotation: "method", resource: "r", label: "m-n" });
  assert.deepEqual(parseName("[static]r.s"), { kind: "plain", annotation: "static", resource: "r", label: "s" });
});

test("parseName takes interface names apart", () => {
  assert.deepEqual(parseName("wasi:http/types@0.2.9"), {
    kind: "interface",
    bareName: "wasi:http/types",
    version: "0.2.9",
  });
  assert.deepEqual(parseName("a:b/c"), { kind: "interface", bareName: "a:b/c", version: null });
  assert.deepEqual(parseName("a:b/c@1.0.0-rc.1+build.5"), {
    kind: "interface",
    bareName: "a:b/c",
    version: "1.0.0-rc.1+build.5",
  });
});

const INVALID: readonly string[] = [
  "",
  "[method]a",
  "[method]a.",
  "[method].b",
  "[method]a.b.c",
  "[static]a",
  "[constructor]a.b",
  "[other]a",
  "[method] a.b",
  "a:b",
  "a:b/",
  "a:/c",
  ":b/c",
  "A:b/c",
  "a:B/c",
  "a:b/c@",
  "a:b/c@1",
  "a:b/c@1.2",
  "a:b/c@1.2.3.4",
  "a:b/c@01.2.3",
  "a:b/c@1.2.3-",
  "a:b/c@1.2.3-01",
  "a:b/c@1.2.3 ",
  "a:b/c@1.2.3@1.2.3",
  "a:b/c d",
  "a:b/c\u0000",
  "a:b/../c",
];
for (const name of INVALID) {
  test(`parseName refuses ${JSON.stringify(name)}`, () => assert.equal(parseName(name).kind, "invalid"));
}

const UNUSED: readonly (readonly [name: string, feature: RegExp])[] = [
  ["unlocked-dep=<a:b>", /by dependency name/],
  ["locked-dep=<a:b@1.2.3>", /by dependency name/],
  ["url=<https://example.com>", /by URL/],
  ["integrity=<sha256-abc>", /by hash/],
  ["[get]a", /\[get\]/],
  ["[method][set]a.b", /\[set\]/],
  ["a:b:c/d", /nested package/],
  ["a:b/c/d", /nested interface/],
];
for (const [name, feature] of UNUSED) {
  test(`parseName names the feature of ${name}`, () => {
    const parsed = parseName(name);
    assert.equal(parsed.kind, "unused");
    assert.match(parsed.kind === "unused" ? parsed.feature : "", feature);
  });
}

test("parseName takes linear time on names made to confuse it", () => {
  // Were a word of digits to fit two alternatives, these would take 2^1000 steps.
  const words = "a" + "-1".repeat(1000);
  for (
    const name of [`${words}!`, `[method]${words}.${words}!`, `a:b/${words}!`, `a:b/c@1.2.3-${"0.".repeat(1000)}!`]
  ) {
    assert.equal(parseName(name).kind, "invalid");
  }
  assert.equal(parseName("a".repeat(5000)).kind, "invalid");
});

function key(name: string): string {
  const parsed = parseName(name);
  assert.ok(parsed.kind === "plain" || parsed.kind === "interface", name);
  return nameKey(parsed);
}

const SAME: readonly (readonly [string, string])[] = [
  ["a", "A"],
  ["foo-bar", "fo-OB-ar"],
  ["[method]a.b", "[static]a.b"],
  ["[method]a.b", "[method]A.B"],
  ["a", "[method]a.a"],
  ["a:b/c-d", "a:b/cd"],
];
for (const [one, other] of SAME) test(`${one} is ${other}`, () => assert.equal(key(one), key(other)));

const DIFFERENT: readonly (readonly [string, string])[] = [
  ["a", "b"],
  ["a", "[constructor]a"],
  ["[method]a.b", "[method]a.c"],
  ["[method]a.b", "[method]b.b"],
  ["a:b/c", "a:b/c@1.0.0"],
  ["a:b/c@1.0.0", "a:b/c@1.0.1"],
];
for (const [one, other] of DIFFERENT) test(`${one} is not ${other}`, () => assert.notEqual(key(one), key(other)));

test("canonicalVersion is the compatible part", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["1.2.3", "1"],
    ["0.2.9", "0.2"],
    ["0.0.1", "0.0.1"],
    ["0.0.1+b", "0.0.1"],
    ["1.0.0-rc1", "1.0.0-rc1"],
    ["10.2.3+abc", "10"],
  ];
  for (const [version, canonical] of rows) assert.equal(canonicalVersion(version), canonical, version);
});
