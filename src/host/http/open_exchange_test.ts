import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../../test/support/fake_clock.ts";
import { type FakeRequest, fieldEntries, fieldTexts } from "../../../test/support/fake_exchange.ts";
import { type Lines, open, type Opened, responseOf, set, write, writeBody } from "../../../test/support/http_guest.ts";
import { errOf } from "../../../test/support/wit_errors.ts";
import { fieldBudgetOf } from "./field_budget.ts";
import { Fields } from "./fields.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import { OutgoingResponse } from "./outgoing_response.ts";
import { ResponseOutparam } from "./response_outparam.ts";

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
