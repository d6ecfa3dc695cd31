import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOf, failureAnswer, type GatewayFailure } from "./failure_status.ts";

const SECRET = "the inner secret";

const ROWS: readonly (readonly [failure: GatewayFailure, status: number, fields: Readonly<Record<string, string>>])[] =
  [
    [{ kind: "bad-request", detail: SECRET }, 400, {}],
    [{ kind: "not-found" }, 404, {}],
    [{ kind: "method-not-allowed", allow: ["GET", "HEAD"] }, 405, { allow: "GET, HEAD" }],
    [{ kind: "request-timeout", key: "headersTimeout", limitMs: 15_000 }, 408, {}],
    [{ kind: "request-body-limit", bytesMax: 1024 }, 413, {}],
    [{ kind: "expectation" }, 417, {}],
    [{ kind: "misdirected" }, 421, {}],
    [{ kind: "overloaded", detail: SECRET }, 429, { "retry-after": "1" }],
    [{ kind: "header-too-large", bytesMax: 16_384 }, 431, {}],
    [{ kind: "header-limit", bytesMax: 1024 }, 431, {}],
    [{ kind: "client-gone" }, 499, {}],
    [{ kind: "trapped", cause: new Error(SECRET) }, 500, {}],
    [{ kind: "no-answer", detail: SECRET }, 500, {}],
    [{ kind: "fault", error: new Error(SECRET) }, 500, {}],
    [{ kind: "not-implemented", detail: SECRET }, 501, {}],
    [{ kind: "error-code", code: { tag: "internal-error", val: SECRET } }, 502, {}],
    [{ kind: "response-limit", limit: "headerBytes", detail: SECRET }, 502, {}],
    [{ kind: "unavailable", detail: SECRET, retryAfterS: 7 }, 503, { "retry-after": "7" }],
    [{ kind: "draining" }, 503, { "retry-after": "5" }],
    [{ kind: "wall-limit", wallLimitMs: 30_000 }, 504, {}],
    [{ kind: "cpu-limit", cpuMs: 500 }, 504, {}],
  ];

for (const [failure, status, fields] of ROWS) {
  test(`failureAnswer gives ${status} for "${failure.kind}", without what happened inside`, () => {
    const answer = failureAnswer(failure);
    assert.equal(answer.status, status);
    assert.deepEqual(Object.fromEntries(answer.fields), fields);
    const problem: unknown = JSON.parse(answer.body);
    assert.deepEqual(Object.keys(problem as object), ["type", "title", "status", "detail"]);
    assert.ok(!answer.body.includes(SECRET));
    if (JSON.stringify(failure).includes(SECRET)) assert.ok(causeOf(failure).text.includes(SECRET));
    assert.match(causeOf(failure).code, /^LG[79]\d{3}$/);
  });
}
