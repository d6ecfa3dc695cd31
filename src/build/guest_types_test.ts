import assert from "node:assert/strict";
import { test } from "node:test";
import { guestTypes } from "./guest_types.ts";
import { wasiPackages } from "./wit.ts";

const SHAPES = `package a:shapes@1.0.0;
interface types {
  type size = u64;
  enum kind { one, two-more, }
  flags marks { is-a, %type, }
  record point { x: f32, of: option<list<u8>>, }
  variant choice { none, many(list<point>), or(result<size, kind>), }
  resource thing {
    constructor(at: point);
    @since(version = 1.0.0)
    use-it: func(in: borrow<thing>, flags: marks) -> result<tuple<bool, char>, kind>;
    make: static func() -> own<thing>;
    try: func() -> result;
  }
  resource other;
  look: func() -> result<_, choice>;
}
interface user {
  use types.{thing, kind as sort};
  use wasi:io/poll@0.2.12.{pollable};
  wait: func(thing: thing) -> option<pollable>;
}
world all { import types; import user; }
`;

test("guestTypes: each shape of WIT as QuickJS shows it", () => {
  const text = guestTypes([SHAPES], "9.9.9", "quickjs");
  const lines = text.split("\n").slice(1).map((line) => line.trim()).filter((line) => line !== "");
  assert.deepEqual(lines, [
    'declare module "a:shapes/types@9.9.9" {',
    "export type Size = number;",
    'export type Kind = "one" | "two-more";',
    "export interface Marks { isA?: boolean; type?: boolean }",
    "export interface Point { x: number; of: Uint8Array | null }",
    'export type Choice = { tag: "none" } | { tag: "many"; val: Array<Point> } | ' +
    '{ tag: "or"; val: { tag: "ok"; val: Size } | { tag: "err"; val: Kind } };',
    "export class Thing {",
    "constructor(at: Point);",
    "/** Throws an Error with `payload: Kind`. */",
    "useIt(in_: Thing, flags: Marks): [boolean, string];",
    "static make(): Thing;",
    "/** Throws. */",
    "try(): void;",
    "[Symbol.dispose](): void;",
    "}",
    "export class Other {",
    "private constructor();",
    "[Symbol.dispose](): void;",
    "}",
    "/** Throws an Error with `payload: Choice`. */",
    "export function look(): void;",
    "}",
    'declare module "a:shapes/user@9.9.9" {',
    'import type { Thing, Kind as Sort } from "a:shapes/types@9.9.9";',
    "export type { Thing, Sort };",
    'import type { Pollable } from "wasi:io/poll@9.9.9";',
    "export type { Pollable };",
    "export function wait(thing: Thing): Pollable | null;",
    "}",
  ]);
});

test("guestTypes: what StarlingMonkey shows in another way", () => {
  const text = guestTypes([SHAPES], "9.9.9", "starlingmonkey");
  for (const line of ["Size = bigint;", "of: Uint8Array | undefined }", "wait(thing: Thing): Pollable | undefined;"]) {
    assert.ok(text.includes(line), line);
  }
});

test("guestTypes: every interface of WASI's text has a module, and none twice", async () => {
  const packages = [...(await wasiPackages()).values()];
  const expected = packages.flatMap((text) => {
    const name = /^package ([a-z:]+)@/m.exec(text)?.[1] ?? "";
    return [...text.matchAll(/^interface ([a-z0-9-]+) \{/gm)].map(([, face]) => `${name}/${face}@0.2.10`);
  });
  const made = [...guestTypes(packages, "0.2.10", "quickjs").matchAll(/^declare module "(.*)" \{$/gm)].map(([, name]) =>
    name
  );
  assert.ok(expected.length > 25);
  assert.deepEqual(made, expected);
});

test("guestTypes: text that is not WIT is an error, not a type", () => {
  for (const text of ["package a:b@1.0.0; interface x {", "package a:b@1.0.0; interface x { f: fun(); }"]) {
    assert.throws(() => guestTypes([text], "1.0.0", "quickjs"), /^TypeError: Cannot read a:b: .*expected/);
  }
});
