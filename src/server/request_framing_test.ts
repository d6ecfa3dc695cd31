import assert from "node:assert/strict";
import { test } from "node:test";
import { failureAnswer } from "./failure_status.ts";
import { framingFailure } from "./request_framing.ts";

const ROWS: readonly (readonly [version: string, codings: readonly string[], status: number | undefined])[] = [
  ["1.1", [], undefined],
  ["1.0", [], undefined],
  ["1.1", ["chunked"], undefined],
  ["1.1", ["Chunked"], undefined],
  ["1.1", ["gzip, chunked"], 501],
  ["1.1", ["gzip"], 501],
  ["1.1", ["identity"], 501],
  ["1.1", [""], 501],
  ["1.1", ["chunked;q=1"], 501],
  ["1.1", ["chunked\t,"], 501],
  ["1.1", ["chunked, chunked"], 501],
  ["1.1", ["chunked", "chunked"], 501],
  ["1.1", ["gzip", "chunked"], 501],
  ["1.0", ["chunked"], 400],
  ["1.0", ["gzip"], 400],
  ["0.9", [], 505],
  ["1.2", [], 505],
  ["2.0", [], 505],
  ["2.0", ["chunked"], 505],
];

for (const [httpVersion, codings, status] of ROWS) {
  test(`framingFailure: HTTP/${httpVersion} with ${JSON.stringify(codings)}`, () => {
    const rawHeaders = ["Host", "a", ...codings.flatMap((coding) => ["TRANSFER-Encoding", coding])];
    const failure = framingFailure({ httpVersion, rawHeaders });
    assert.equal(failure && failureAnswer(failure).status, status);
  });
}
