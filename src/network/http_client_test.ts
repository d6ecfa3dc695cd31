import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf } from "../../test/support/http_client_bench.ts";
import { FakeSource } from "../../test/support/fake_streams.ts";
import { mayHaveTrailers } from "./http_client.ts";

test("mayHaveTrailers: only chunked bodies, and of GET and its like only announced ones", () => {
  const body = new FakeSource();
  for (
    const [method, headers, hasBody, expected] of [
      ["POST", [], true, true],
      ["POST", [], false, false],
      ["POST", [["Content-Length", "3"]], true, false],
      ["GET", [], true, false],
      ["GET", [["Trailer", "x-sum"]], true, true],
    ] as const
  ) {
    const request = { method, headers: fieldsOf(...headers), body: hasBody ? body : undefined };
    assert.equal(mayHaveTrailers(request), expected, `${method} ${JSON.stringify(headers)}`);
  }
});
