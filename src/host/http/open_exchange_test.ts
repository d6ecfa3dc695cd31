import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../../test/support/fake_clock.ts";
import {
  FakeExchange,
  type FakeHttpContext,
  fakeHttpContext,
  type FakeRequest,
  fieldEntries,
  fieldTexts,
} from "../../../test/support/fake_exchange.ts";
import { errOf, trapOf } from "../../../test/support/wit_errors.ts";
import type { OutputStream } from "../io/streams.ts";
import { ERROR_TEXT_LENGTH_MAX } from "./error_code.ts";
import { fieldBudgetOf } from "./field_budget.ts";
import { Fields } from "./fields.ts";
import { type OpenExchange, openExchange } from "./open_exchange.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import { OutgoingResponse } from "./outgoing_response.ts";
import { ResponseOutparam } from "./response_outparam.ts";

type Lines = readonly (readonly [string, string])[];

interface Opened extends OpenExchange {
  readonly exchange: FakeExchange;
  readonly context: FakeHttpContext;
}

function open(request?: FakeRequest): Opened {
  const exchange = new FakeExchange(request);
  const context = fakeHttpContext();
  return { exchange, context, ...openExchange(exchange, context) };
}

function responseOf({ context }: Opened, options: { status?: number; headers?: Lines } = {}): OutgoingResponse {
  const response = new OutgoingResponse(Fields.fromList(context, fieldEntries(options.headers ?? [])));
  response.setStatusCode(options.status ?? 200);
  return response;
}

function set({ responseOut }: Opened, response: OutgoingResponse): void {
  ResponseOutparam.set(responseOut, { tag: "ok", val: response });
}

function write(stream: OutputStream, text: string): void {
  assert.ok(stream.checkWrite() >= BigInt(text.length), "no permit");
  stream.write(new TextEncoder().encode(text));
}

/** Writes `text` as the whole body, in one piece. */
function writeBody(body: OutgoingBody, text: string): void {
  const stream = body.write();
  write(stream, text);
  stream[Symbol.dispose]();
}

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

interface Scenario {
  readonly what: string;
  readonly request?: FakeRequest;
  readonly guest: (opened: Opened) => void;
  readonly outcome: string;
  readonly ending?: "finished" | "aborted";
  readonly text?: string;
}

const SCENARIOS: readonly Scenario[] = [
  { what: "the guest does nothing", guest: () => {}, outcome: "unset" },
  { what: "the guest drops the outparam", guest: ({ responseOut }) => responseOut[Symbol.dispose](), outcome: "unset" },
  {
    what: "the guest writes a body and never sets the outparam",
    guest: (opened) => writeBody(responseOf(opened).body(), "x"),
    outcome: "unset",
  },
  {
    what: "the body is finished before the outparam is set",
    guest: (opened) => {
      const response = responseOf(opened);
      const body = response.body();
      writeBody(body, "early");
      OutgoingBody.finish(body, undefined);
      set(opened, response);
    },
    outcome: "responded",
    ending: "finished",
    text: "early",
  },
  {
    what: "the body is written around the setting of the outparam",
    guest: (opened) => {
      const response = responseOf(opened);
      const body = response.body();
      const stream = body.write();
      write(stream, "one ");
      set(opened, response);
      write(stream, "two");
      stream[Symbol.dispose]();
      OutgoingBody.finish(body, undefined);
    },
    outcome: "responded",
    ending: "finished",
    text: "one two",
  },
  {
    what: "the guest asks for no body",
    guest: (opened) => set(opened, responseOf(opened)),
    outcome: "responded",
    ending: "finished",
    text: "",
  },
  {
    what: "the body is dropped before the outparam is set",
    guest: (opened) => {
      const response = responseOf(opened);
      response.body()[Symbol.dispose]();
      set(opened, response);
    },
    outcome: "responded",
    ending: "aborted",
  },
  {
    what: "the body is dropped after some bytes",
    guest: (opened) => {
      const response = responseOf(opened);
      const body = response.body();
      set(opened, response);
      writeBody(body, "half");
      body[Symbol.dispose]();
    },
    outcome: "responded",
    ending: "aborted",
    text: "half",
  },
  {
    what: "the guest is gone with the body open",
    guest: (opened) => {
      const response = responseOf(opened);
      const body = response.body();
      set(opened, response);
      writeBody(body, "half");
    },
    outcome: "responded",
    ending: "aborted",
    text: "half",
  },
  {
    what: "HEAD gets no body, although the guest writes it",
    request: { method: "HEAD" },
    guest: (opened) => {
      const response = responseOf(opened, { headers: [["content-length", "4"]] });
      const body = response.body();
      writeBody(body, "12");
      set(opened, response);
      // Half a body is an error here too; the answer is whole all the same.
      errOf(() => OutgoingBody.finish(body, undefined));
    },
    outcome: "responded",
    ending: "finished",
    text: "",
  },
  {
    what: "HEAD with a length and no body at all",
    request: { method: "HEAD" },
    guest: (opened) => set(opened, responseOf(opened, { headers: [["content-length", "4"]] })),
    outcome: "responded",
    ending: "finished",
    text: "",
  },
];

for (const { what, request, guest, outcome, ending, text } of SCENARIOS) {
  test(`openExchange: ${what}`, () => {
    const opened = open(request);
    guest(opened);
    assert.equal(opened.settle("the guest returned"), outcome);
    assert.equal(opened.exchange.answer.ending, ending);
    if (text !== undefined) assert.equal(opened.exchange.answer.text, text);
    assert.equal(opened.exchange.body.isDisposed, true);
    assert.equal(opened.settle("again"), outcome);
  });
}

for (const status of [204, 205, 304]) {
  test(`openExchange: ${status} has no body, and the guest may write one`, () => {
    const opened = open();
    const response = responseOf(opened, { status });
    const body = response.body();
    set(opened, response);
    assert.equal(opened.exchange.answer.ending, "finished");
    writeBody(body, "ignored");
    OutgoingBody.finish(body, undefined);
    assert.equal(opened.exchange.answer.text, "");
  });
}

test("openExchange: a finished body flows on after the guest is gone", async () => {
  const opened = open({ windowBytes: 2 });
  const response = responseOf(opened);
  const body = response.body();
  writeBody(body, "abcdef");
  set(opened, response);
  OutgoingBody.finish(body, undefined);
  assert.equal(opened.settle("the guest returned"), "responded");
  assert.equal(opened.exchange.answer.text, "ab");
  opened.exchange.answer.addRoom(2);
  await settle();
  assert.equal(opened.exchange.answer.ending, undefined);
  opened.exchange.answer.addRoom(2);
  await settle();
  assert.equal(opened.exchange.answer.text, "abcdef");
  assert.equal(opened.exchange.answer.ending, "finished");
  assert.equal(opened.exchange.answer.waiting, 0);
});

test("openExchange: an outparam that is set after the guest was settled answers nothing", () => {
  const opened = open();
  assert.equal(opened.settle("the guest returned"), "unset");
  const response = responseOf(opened);
  const stream = response.body().write();
  set(opened, response);
  assert.deepEqual(errOf(() => stream.checkWrite()), { tag: "closed" });
  assert.equal(opened.exchange.responded, undefined);
  assert.equal(opened.outcome(), "unset");
  const failing = open();
  failing.settle("the guest returned");
  ResponseOutparam.set(failing.responseOut, { tag: "err", val: { tag: "loop-detected" } });
  assert.equal(failing.exchange.failed, undefined);
});

test("openExchange: a slow client stops the guest, and lets it go on", async () => {
  const opened = open({ windowBytes: 3 });
  const response = responseOf(opened);
  const body = response.body();
  set(opened, response);
  const stream = body.write();
  write(stream, "abc");
  assert.equal(stream.checkWrite(), 0n);
  const pollable = stream.subscribe();
  assert.equal(pollable.ready(), false);
  const blocked = pollable.block();
  opened.exchange.answer.addRoom(5);
  await blocked;
  assert.equal(stream.checkWrite(), 5n);
  pollable[Symbol.dispose]();
  stream[Symbol.dispose]();
  OutgoingBody.finish(body, undefined);
  assert.equal(opened.exchange.answer.ending, "finished");
  assert.equal(opened.context.counters.get("streams"), 0);
  assert.equal(opened.context.counters.get("pollables"), 0);
});

test("openExchange: the head has lower-case names, one content-length, and none with 204 and 205", () => {
  const headers: Lines = [["X-B", "1"], ["Content-Length", "0"], ["x-a", "2"], ["content-length", "00"]];
  const opened = open();
  set(opened, responseOf(opened, { status: 203, headers }));
  assert.deepEqual(opened.exchange.responseFields, [["x-b", "1"], ["content-length", "0"], ["x-a", "2"]]);
  for (const status of [204, 205]) {
    const empty = open();
    set(empty, responseOf(empty, { status, headers }));
    assert.deepEqual(empty.exchange.responseFields, [["x-b", "1"], ["x-a", "2"]]);
  }
});

test("openExchange: trailers follow the body, in lower case; an empty list is none", () => {
  for (const [lines, sent] of [[[["X-Sum", "1"]], [["x-sum", "1"]]], [[], undefined]] as const) {
    const opened = open();
    const response = responseOf(opened);
    const body = response.body();
    set(opened, response);
    OutgoingBody.finish(body, Fields.fromList(opened.context, fieldEntries(lines)));
    const { trailers } = opened.exchange.answer;
    assert.deepEqual(trailers === undefined ? undefined : fieldTexts(trailers), sent);
    assert.equal(fieldBudgetOf(opened.context).usedBytes, 0);
  }
});

test("openExchange: a response may be made of the request's own headers", () => {
  const opened = open({ headers: [["host", "a"], ["x", "1"]] });
  set(opened, new OutgoingResponse(opened.request.headers()));
  assert.deepEqual(opened.exchange.responseFields, [["x", "1"]]);
  opened.request[Symbol.dispose]();
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
