import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeExchange, type FakeRequest, fieldEntries } from "../../test/support/fake_exchange.ts";
import type { RequestFailure } from "./request_failure.ts";
import { type ExchangeLimits, LimitedExchange, refusalOf } from "./limited_exchange.ts";

const LIMITS: ExchangeLimits = { requestBodyBytesMax: 8, responseBodyBytesMax: 8, headerBytesMax: 32 };

function open(request: FakeRequest = {}) {
  const exchange = new FakeExchange(request);
  const cuts: string[] = [];
  const failures: string[] = [];
  const told: string[] = [];
  const limited = new LimitedExchange(exchange, {
    limits: LIMITS,
    onAnswered: (client) => told.push(client === undefined ? "answered without a body" : "answered"),
    onProgress: () => told.push("progress"),
    onBodyOver: () => told.push("over"),
    onCut: (limit, detail) => cuts.push(`${limit}: ${detail}`),
    onFailure: ({ kind }) => failures.push(kind),
  });
  return { exchange, limited, cuts, failures, told };
}

/** What a guest that reads everything sees: the text, and then how it ended. */
function readAll({ body }: LimitedExchange): string {
  let text = "";
  for (;;) {
    const read = body.read(3);
    if (read === "closed") return text;
    if (!(read instanceof Uint8Array)) return `${text}!${read.failed.httpCode?.tag}`;
    text += new TextDecoder().decode(read);
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

const REFUSALS: readonly (readonly [name: string, lines: readonly (readonly [string, string])[], kind?: string])[] = [
  ["nothing", []],
  ["fields at the limit", [["a", "b".repeat(31)]]],
  ["fields past the limit", [["a", "b".repeat(32)]], "header-limit"],
  ["many short fields", Array.from({ length: 17 }, () => ["a", "b"] as const), "header-limit"],
  ["a length at the limit", [["content-length", "8"]]],
  ["a length past the limit", [["content-length", "9"]], "request-body-limit"],
  ["a length with zeros", [["content-length", "0000000009"]], "request-body-limit"],
  ["a length of 15 digits", [["content-length", "999999999999999"]], "request-body-limit"],
];

for (const [name, lines, kind] of REFUSALS) {
  test(`refusalOf: ${name} is ${kind ?? "no reason to refuse"}`, () => {
    const { head } = new FakeExchange({ headers: lines });
    assert.equal(refusalOf(head, LIMITS)?.kind, kind);
  });
}

test("LimitedExchange: a body at its limit is read to its end", () => {
  const { exchange, limited } = open({ body: "12345678" });
  assert.equal(readAll(limited), "12345678");
  assert.equal(limited.failure, undefined);
  limited.respond({ status: 200, headers: [] }).finish(undefined);
  assert.equal(exchange.status, 200);
});

test("LimitedExchange: a body past its limit fails once, is read no further, and no answer goes out", () => {
  const { exchange, limited, cuts, failures } = open({ body: "123456789" });
  assert.equal(readAll(limited), "123456!HTTP-request-body-size");
  assert.equal(limited.body.read(1), "closed");
  assert.equal(limited.body.isReady(), true);
  assert.equal(exchange.body.isDisposed, true);
  const body = limited.respond({ status: 200, headers: [] });
  assert.equal(body.permit(), "closed");
  assert.equal(body.write(bytes("x")), "closed");
  body.finish(undefined);
  assert.equal(exchange.status, undefined);
  assert.deepEqual(limited.failure, { kind: "request-body-limit", bytesMax: 8 });
  assert.deepEqual(cuts, [], "the request's own line says it");
  assert.deepEqual(failures, ["request-body-limit"]);
});

test("LimitedExchange: an error of the guest after that is not sent either", () => {
  const { exchange, limited } = open({ body: "123456789" });
  readAll(limited);
  limited.fail({ tag: "internal-error" });
  assert.equal(exchange.failed, undefined);
  assert.equal(limited.failure?.kind, "request-body-limit");
});

test("LimitedExchange: past the limit of the request's body an answer that has begun is cut, once", () => {
  const { exchange, limited, cuts } = open({ body: "123456789" });
  const body = limited.respond({ status: 200, headers: [] });
  assert.equal(body.write(bytes("part")), undefined);
  readAll(limited);
  assert.equal(exchange.answer.ending, "aborted");
  assert.equal(body.write(bytes("more")), "closed");
  body.finish(undefined);
  body.abort("the guest has gone");
  assert.equal(exchange.answer.text, "part");
  assert.equal(limited.failure, undefined);
  assert.deepEqual(cuts, ["requestBody: the request's body is longer than 8B"]);
});

test("LimitedExchange: an answer that is whole stays whole", () => {
  const { exchange, limited, cuts } = open({ body: "123456789" });
  limited.respond({ status: 200, headers: [] }).finish(undefined);
  readAll(limited);
  assert.equal(exchange.answer.ending, "finished");
  assert.deepEqual(cuts, []);
});

interface AnswerRow {
  readonly name: string;
  readonly method?: string;
  readonly status?: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly limit?: "headerBytes" | "responseBody";
}

const ANSWERS: readonly AnswerRow[] = [
  { name: "fields at the limit", headers: [["a", "b".repeat(31)]] },
  { name: "fields past the limit", headers: [["a", "b".repeat(32)]], limit: "headerBytes" },
  { name: "a length at the limit", headers: [["content-length", "8"]] },
  { name: "a length past the limit", headers: [["content-length", "9"]], limit: "responseBody" },
  { name: "a length for HEAD", method: "HEAD", headers: [["content-length", "9"]] },
  { name: "a length with 304", status: 304, headers: [["content-length", "9"]] },
];

for (const { name, method = "GET", status = 200, headers, limit } of ANSWERS) {
  test(`LimitedExchange.respond: ${name} ${limit === undefined ? "goes out" : "does not go out"}`, () => {
    const { exchange, limited } = open({ method });
    const body = limited.respond({ status, headers: fieldEntries(headers) });
    const failure: RequestFailure | undefined = limited.failure;
    assert.equal(failure?.kind === "response-limit" ? failure.limit : failure, limit);
    assert.equal(exchange.status, limit === undefined ? status : undefined);
    assert.equal(body.permit() === "closed", limit !== undefined);
    body.finish(undefined);
  });
}

test("LimitedExchange: an answer past its limit is cut, and its guest is told once", () => {
  const { exchange, limited, cuts } = open();
  const body = limited.respond({ status: 200, headers: [] });
  assert.equal(body.write(bytes("12345678")), undefined);
  assert.deepEqual(body.write(bytes("9")), {
    failed: {
      message: "Cannot write the body: the guest's answer is longer than 8B",
      httpCode: { tag: "HTTP-response-body-size", val: 8n },
    },
  });
  assert.equal(body.write(bytes("9")), "closed");
  assert.equal(body.flush(), "closed");
  assert.equal(body.isReady(), true);
  body.finish(undefined);
  assert.equal(exchange.answer.text, "12345678");
  assert.equal(exchange.answer.ending, "aborted");
  assert.deepEqual(cuts, ["responseBody: the guest's answer is longer than 8B"]);
});

test("LimitedExchange: trailers past the limit cut the answer", () => {
  const { exchange, limited, cuts } = open();
  limited.respond({ status: 200, headers: [] }).finish(fieldEntries([["a", "b".repeat(32)]]));
  assert.equal(exchange.answer.ending, "aborted");
  assert.deepEqual(cuts, ["headerBytes: the guest's trailers are 33 bytes, expected at most 32B"]);
});

test("LimitedExchange: the request's clock hears of the head, of each piece that is one, and of the end", () => {
  const { limited, told } = open();
  const body = limited.respond({ status: 200, headers: [] });
  body.write(new Uint8Array(0));
  body.write(new Uint8Array(3));
  body.finish(undefined);
  body.abort("late");
  assert.deepEqual(told, ["answered", "progress", "over"]);
});

test("LimitedExchange: an error of the guest is an answer that is over", () => {
  const { limited, told } = open();
  limited.fail({ tag: "internal-error" });
  assert.deepEqual(told, ["answered without a body", "over"]);
});

test("LimitedExchange: a cut is the end too, and nothing is heard of what is not sent", () => {
  const { limited, told } = open();
  const body = limited.respond({ status: 200, headers: [] });
  body.write(new Uint8Array(9));
  assert.deepEqual(told, ["answered", "over"]);
  const refused = open();
  refused.limited.respond({ status: 200, headers: fieldEntries([["x", "y".repeat(99)]]) }).write(new Uint8Array(1));
  assert.deepEqual(refused.told, []);
});
