/** Flattening: which core signature a function type has, and which options it needs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse as wat } from "@bytecodealliance/jco";
import { describeSignature } from "./core_module_types.ts";
import { planComponent } from "./link.ts";
import type { FuncType } from "./types.ts";
import { liftedSignature, loweredSignature } from "./validate_signature.ts";

const ALL = { hasMemory: true, hasRealloc: true };
const NONE = { hasMemory: false, hasRealloc: false };

/** The type of `(func ...)`; `types` are definitions before it. */
async function funcType(signature: string, types = ""): Promise<FuncType> {
  const { imports } = planComponent(await wat(`(component ${types} (import "f" (func ${signature})))`));
  const found = imports.find((item) => item.kind === "func");
  assert.ok(found?.kind === "func");
  return found.type;
}

function params(count: number, type: string): string {
  return Array.from({ length: count }, (_, index) => `(param "p${index}" ${type})`).join(" ");
}

const RESOURCE = '(import "r" (type $r (sub resource)))';
const RECORD = '(type $d (record (field "a" u64) (field "b" f32) (field "c" u8))) (import "d" (type $t (eq $d)))';
const variant = (cases: string): string => `(type $d (variant ${cases})) (import "d" (type $t (eq $d)))`;

type Row = readonly [signature: string, lowered: string, lifted: string, types?: string];
const ROWS: readonly Row[] = [
  ["", "() -> ()", "() -> ()"],
  ['(param "a" bool) (param "b" s8) (param "c" char)', "(i32, i32, i32) -> ()", "(i32, i32, i32) -> ()"],
  ['(param "a" s64) (param "b" f64) (result f32)', "(i64, f64) -> (f32)", "(i64, f64) -> (f32)"],
  ['(param "a" string)', "(i32, i32) -> ()", "(i32, i32) -> ()"],
  ["(result string)", "(i32) -> ()", "() -> (i32)"],
  ['(param "a" (list u8)) (result (list u8))', "(i32, i32, i32) -> ()", "(i32, i32) -> (i32)"],
  ['(param "a" (tuple u8 s64 f32))', "(i32, i64, f32) -> ()", "(i32, i64, f32) -> ()"],
  ["(result (tuple u8))", "() -> (i32)", "() -> (i32)"],
  ["(result (tuple u8 u8))", "(i32) -> ()", "() -> (i32)"],
  ['(param "a" (option u64))', "(i32, i64) -> ()", "(i32, i64) -> ()"],
  ['(param "a" (result))', "(i32) -> ()", "(i32) -> ()"],
  ["(result (result))", "() -> (i32)", "() -> (i32)"],
  ['(param "a" (result u32 (error f32)))', "(i32, i32) -> ()", "(i32, i32) -> ()"],
  ['(param "a" (result u32 (error f64)))', "(i32, i64) -> ()", "(i32, i64) -> ()"],
  ['(param "a" (result f32 (error f64)))', "(i32, i64) -> ()", "(i32, i64) -> ()"],
  [
    '(param "a" (result string (error (tuple f32 f32 f32))))',
    "(i32, i32, i32, f32) -> ()",
    "(i32, i32, i32, f32) -> ()",
  ],
  [params(16, "u8"), `(${"i32, ".repeat(15)}i32) -> ()`, `(${"i32, ".repeat(15)}i32) -> ()`],
  [params(17, "u8"), "(i32) -> ()", "(i32) -> ()"],
  [`${params(17, "u64")} (result string)`, "(i32, i32) -> ()", "(i32) -> (i32)"],
  [`${params(16, "u64")} (result string)`, `(${"i64, ".repeat(16)}i32) -> ()`, `(${"i64, ".repeat(15)}i64) -> (i32)`],
  [
    `${params(5, "(option string)")} ${params(0, "")}`,
    "(i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32) -> ()",
    "(i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32) -> ()",
  ],
  [params(6, "(option string)"), "(i32) -> ()", "(i32) -> ()"],
  [
    '(param "h" (own $r)) (param "b" (borrow $r)) (result (own $r))',
    "(i32, i32) -> (i32)",
    "(i32, i32) -> (i32)",
    RESOURCE,
  ],
  ['(param "a" $t)', "(i64, f32, i32) -> ()", "(i64, f32, i32) -> ()", RECORD],
  ['(param "a" $t)', "(i32) -> ()", "(i32) -> ()", '(type $d (flags "a" "b")) (import "d" (type $t (eq $d)))'],
  ['(param "a" $t)', "(i32) -> ()", "(i32) -> ()", '(type $d (enum "a" "b")) (import "d" (type $t (eq $d)))'],
  ['(param "a" $t)', "(i32) -> ()", "(i32) -> ()", variant('(case "a") (case "b")')],
  [
    '(param "a" $t)',
    "(i32, i64, i32) -> ()",
    "(i32, i64, i32) -> ()",
    variant('(case "a" (tuple f32 u8)) (case "b" u64) (case "c")'),
  ],
];
for (const [signature, lowered, lifted, types] of ROWS) {
  test(`(func ${signature}) ${types ?? ""} is lowered to ${lowered}`, async () => {
    const type = await funcType(signature, types);
    assert.equal(describeSignature(loweredSignature(type, ALL, 0)), lowered);
    assert.equal(describeSignature(liftedSignature(type, ALL, 0)), lifted);
  });
}

const NEEDS: readonly (readonly [signature: string, lower: RegExp | null, lift: RegExp | null])[] = [
  ['(param "a" u8) (result u64)', null, null],
  ['(param "a" string)', /lacks the option memory/, /lacks the option memory/],
  ["(result string)", /lacks the option memory/, /lacks the option memory/],
  ["(result (tuple u8 u8))", /lacks the option memory/, /lacks the option memory/],
  [params(17, "u8"), /lacks the option memory/, /lacks the option memory/],
];
for (const [signature, lower, lift] of NEEDS) {
  test(`(func ${signature}) without options`, async () => {
    const type = await funcType(signature);
    for (const [make, fault] of [[loweredSignature, lower], [liftedSignature, lift]] as const) {
      if (fault === null) make(type, NONE, 0);
      else assert.throws(() => make(type, NONE, 7), { message: fault, reason: "malformed", offset: 7 });
    }
  });
}

test("realloc is needed by whoever receives what needs memory", async () => {
  const onlyMemory = { hasMemory: true, hasRealloc: false };
  const takes = await funcType('(param "a" string)');
  const gives = await funcType("(result string)");
  const many = await funcType(params(17, "u8"));
  const pair = await funcType("(result (tuple u8 u8))");
  for (const type of [takes, many, pair]) loweredSignature(type, onlyMemory, 0);
  assert.throws(() => loweredSignature(gives, onlyMemory, 0), /lacks the option realloc/);
  for (const type of [gives, pair]) liftedSignature(type, onlyMemory, 0);
  for (const type of [takes, many]) {
    assert.throws(() => liftedSignature(type, onlyMemory, 0), /lacks the option realloc/);
  }
});
