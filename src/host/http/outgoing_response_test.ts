import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldEntries } from "../../../test/support/fake_exchange.ts";
import { type Lines, open, responseOf, set, write, writeBody } from "../../../test/support/http_guest.ts";
import { errOf, trapOf } from "../../../test/support/wit_errors.ts";
import { ERROR_TEXT_LENGTH_MAX } from "./error_code.ts";
import { fieldBudgetOf } from "./field_budget.ts";
import { Fields } from "./fields.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import { ResponseOutparam } from "./response_outparam.ts";

const BAD_RESPONSES: readonly (readonly [why: string, options: { status?: number; headers?: Lines }, code: unknown])[] =
  [
    ["100 as a final status", { status: 100 }, { tag: "HTTP-protocol-error" }],
    ["101, an upgrade nobody made", { status: 101 }, { tag: "HTTP-protocol-error" }],
    ["199", { status: 199 }, { tag: "HTTP-protocol-error" }],
    [
      "two lengths",
      { headers: [["content-length", "1"], ["Content-Length", "2"]] },
      { tag: "HTTP-protocol-error" },
    ],
    ["a length that is none", { headers: [["content-length", "x"]] }, { tag: "HTTP-protocol-error" }],
    ["a length and no body", { headers: [["content-length", "1"]] }, { tag: "HTTP-response-body-size", val: 0n }],
  ];

for (const [why, options, code] of BAD_RESPONSES) {
  test(`ResponseOutparam.set answers ${why} with an error`, () => {
    const opened = open();
    set(opened, responseOf(opened, options));
    assert.deepEqual(opened.exchange.failed, code);
    assert.equal(opened.exchange.responded, undefined);
    assert.equal(opened.settle("returned"), "failed");
  });
}

test("ResponseOutparam.set to a bad response closes its body", () => {
  const opened = open();
  const response = responseOf(opened, { status: 100 });
  const stream = response.body().write();
  set(opened, response);
  assert.deepEqual(errOf(() => stream.checkWrite()), { tag: "closed" });
});

test("ResponseOutparam.set traps while the response's headers are alive, and answers nothing", () => {
  const opened = open();
  const response = responseOf(opened, { headers: [["x", "1"]] });
  const stream = response.body().write();
  const headers = response.headers();
  assert.match(trapOf(() => set(opened, response)), /children/);
  assert.equal(opened.settle("trapped"), "unset");
  assert.equal(opened.exchange.responded, undefined);
  assert.deepEqual(errOf(() => stream.checkWrite()), { tag: "closed" });
  headers[Symbol.dispose]();
  assert.equal(fieldBudgetOf(opened.context).usedBytes, 0);
});

test("ResponseOutparam.set to an error passes the code on, with its text cut", () => {
  const opened = open();
  const val = "x".repeat(ERROR_TEXT_LENGTH_MAX * 2);
  ResponseOutparam.set(opened.responseOut, { tag: "err", val: { tag: "internal-error", val } });
  assert.deepEqual(opened.exchange.failed, { tag: "internal-error", val: val.slice(0, ERROR_TEXT_LENGTH_MAX) });
  assert.equal(opened.outcome(), "failed");
});

test("OutgoingResponse.setStatusCode refuses what is no status, and keeps the old one", () => {
  const response = responseOf(open());
  for (const status of [0, 99, 600, 999, 65_535]) assert.equal(errOf(() => response.setStatusCode(status)), undefined);
  assert.equal(response.statusCode(), 200);
  for (const status of [100, 599]) response.setStatusCode(status);
  assert.equal(response.statusCode(), 599);
});

test("OutgoingResponse.body and OutgoingBody.write give once", () => {
  const response = responseOf(open());
  const body = response.body();
  assert.equal(errOf(() => response.body()), undefined);
  body.write();
  assert.equal(errOf(() => body.write()), undefined);
});

test("OutgoingResponse.body refuses under a length that is none", () => {
  const response = responseOf(open(), { headers: [["content-length", "1"], ["content-length", "2"]] });
  assert.equal(errOf(() => response.body()), undefined);
});

test("OutgoingResponse is not dropped before its headers, and its body outlives it", () => {
  const opened = open();
  const response = responseOf(opened);
  const body = response.body();
  const headers = response.headers();
  assert.match(trapOf(() => response[Symbol.dispose]()), /children/);
  headers[Symbol.dispose]();
  response[Symbol.dispose]();
  assert.deepEqual(errOf(() => body.write().checkWrite()), { tag: "closed" });
});

test("OutgoingBody.finish and drop trap while the stream is alive, and the client sees a cut", () => {
  for (
    const end of [
      (body: OutgoingBody) => OutgoingBody.finish(body, undefined),
      (body: OutgoingBody) => body[Symbol.dispose](),
    ]
  ) {
    const opened = open();
    const response = responseOf(opened);
    const body = response.body();
    set(opened, response);
    write(body.write(), "half");
    assert.match(trapOf(() => end(body)), /children/);
    assert.equal(opened.settle("trapped"), "responded");
    assert.equal(opened.exchange.answer.ending, "aborted");
  }
});

for (const name of ["content-length", "Content-Type", "TRAILER", "content-encoding", "content-range"]) {
  test(`OutgoingBody.finish refuses ${name} as a trailer, and cuts the body`, () => {
    const opened = open();
    const response = responseOf(opened);
    const body = response.body();
    set(opened, response);
    const trailers = Fields.fromList(opened.context, fieldEntries([["x", "1"], [name, "1"]]));
    assert.deepEqual(errOf(() => OutgoingBody.finish(body, trailers)), { tag: "HTTP-protocol-error" });
    assert.equal(opened.exchange.answer.ending, "aborted");
    assert.equal(trailers.isDropped, true);
    assert.equal(fieldBudgetOf(opened.context).usedBytes, 0);
  });
}

test("OutgoingBody.finish says the length that was written when it is not the declared one", () => {
  const opened = open();
  const response = responseOf(opened, { headers: [["content-length", "5"]] });
  const body = response.body();
  set(opened, response);
  writeBody(body, "four");
  assert.deepEqual(errOf(() => OutgoingBody.finish(body, undefined)), { tag: "HTTP-response-body-size", val: 4n });
  assert.equal(opened.exchange.answer.ending, "aborted");
});

test("A write past the content-length fails with the code, then the stream is closed", () => {
  const opened = open();
  const response = responseOf(opened, { headers: [["content-length", "3"]] });
  const stream = response.body().write();
  set(opened, response);
  stream.checkWrite();
  const error = errOf(() => stream.write(new Uint8Array(4))) as {
    tag: string;
    val: { failure: { httpCode: unknown } };
  };
  assert.equal(error.tag, "last-operation-failed");
  assert.deepEqual(error.val.failure.httpCode, { tag: "HTTP-response-body-size", val: 4n });
  assert.deepEqual(errOf(() => stream.checkWrite()), { tag: "closed" });
});

test("ResponseOutparam.sendInformational refuses a final status, says that it cannot, and leaves the outparam open", () => {
  const opened = open();
  for (
    const [status, tag] of [[99, "HTTP-protocol-error"], [200, "HTTP-protocol-error"], [103, "internal-error"]] as const
  ) {
    const headers = Fields.create(opened.context);
    const code = errOf(() => opened.responseOut.sendInformational(status, headers)) as { tag: string };
    assert.equal(code.tag, tag);
    assert.equal(headers.isDropped, true);
  }
  set(opened, responseOf(opened));
  assert.equal(opened.outcome(), "responded");
});
