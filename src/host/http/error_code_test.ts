import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import type { HttpErrorCode } from "./exchange.ts";
import { IoError } from "../io/error.ts";
import { boundedCode, codeOfFailure, ERROR_TEXT_LENGTH_MAX, httpErrorCode, knownCode } from "./error_code.ts";

const LONG = "x".repeat(ERROR_TEXT_LENGTH_MAX + 1);
const CUT = "x".repeat(ERROR_TEXT_LENGTH_MAX);

const UNKNOWN: readonly (readonly [why: string, code: HttpErrorCode])[] = [
  ["a tag that WASI does not have", { tag: "teapot" }],
  ["a tag in another case", { tag: "http-request-denied" }],
  ["a tag that every object has", { tag: "toString" }],
  ["a payload where there is none", { tag: "HTTP-request-denied", val: "x" }],
];

for (const [why, code] of UNKNOWN) {
  test(`knownCode turns ${why} into internal-error`, () => {
    assert.deepEqual(knownCode(code), { tag: "internal-error", val: undefined });
  });
}

test("knownCode leaves codes of WASI alone", () => {
  for (const code of [{ tag: "DNS-timeout" }, { tag: "HTTP-request-body-size", val: 5n }, { tag: "internal-error" }]) {
    assert.equal(knownCode(code), code);
  }
});

test("httpErrorCode finds the code of a failure, and nothing in one that is not of HTTP", () => {
  const counters = new LiveCounters();
  const cut = { message: "cut", httpCode: { tag: "connection-terminated" } };
  assert.deepEqual(httpErrorCode(new IoError(cut, { counters })), { tag: "connection-terminated" });
  assert.equal(
    httpErrorCode(new IoError({ message: "cut", networkCode: "connection-reset" }, { counters })),
    undefined,
  );
  assert.deepEqual(codeOfFailure(cut), { tag: "connection-terminated" });
  assert.deepEqual(codeOfFailure({ message: "cut" }), { tag: "internal-error", val: undefined });
});

const BOUNDED: readonly (readonly [given: Parameters<typeof boundedCode>[0], bounded: HttpErrorCode])[] = [
  [{ tag: "loop-detected" }, { tag: "loop-detected" }],
  [{ tag: "internal-error", val: undefined }, { tag: "internal-error", val: undefined }],
  [{ tag: "internal-error", val: LONG }, { tag: "internal-error", val: CUT }],
  [{ tag: "HTTP-response-body-size", val: 5n }, { tag: "HTTP-response-body-size", val: 5n }],
  [{ tag: "DNS-error", val: { rcode: LONG, infoCode: 5 } }, { tag: "DNS-error", val: { rcode: CUT, infoCode: 5 } }],
  [{ tag: "HTTP-request-header-size", val: undefined }, { tag: "HTTP-request-header-size", val: undefined }],
  [
    { tag: "HTTP-request-trailer-size", val: { fieldName: LONG } },
    { tag: "HTTP-request-trailer-size", val: { fieldName: CUT } },
  ],
];

for (const [given, bounded] of BOUNDED) {
  test(`boundedCode of ${given.tag} with ${"val" in given ? typeof given.val : "nothing"}`, () => {
    assert.deepEqual(boundedCode(given), bounded);
  });
}
