import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { settle } from "../../../test/support/fake_clock.ts";
import {
  FakeExchange,
  fakeHttpContext,
  type FakeRequest,
  fieldEntries,
  fieldTexts,
} from "../../../test/support/fake_exchange.ts";
import { FakeSource } from "../../../test/support/fake_streams.ts";
import { errOf, trapOf } from "../../../test/support/wit_errors.ts";
import type { HttpErrorCode, PendingResponse, ReceivedResponse } from "./exchange.ts";
import { FutureIncomingResponse } from "./future_incoming_response.ts";
import type { FutureTrailers, TrailersAnswer } from "./future_trailers.ts";
import { IncomingBody } from "./incoming_body.ts";
import { IncomingRequest } from "./incoming_request.ts";
import { TRAILERS_DRAIN_BYTES_MAX } from "./trailers_wait.ts";

const context = fakeHttpContext();
const CUT = { failed: { message: "the client left", httpCode: { tag: "connection-terminated" } } };

function open(request?: FakeRequest): { exchange: FakeExchange; request: IncomingRequest } {
  const exchange = new FakeExchange(request);
  return { exchange, request: new IncomingRequest(exchange, context) };
}

function readAll(body: IncomingBody): string {
  const stream = body.stream();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) text += decoder.decode(stream.read(3n), { stream: true });
  } catch {
    stream[Symbol.dispose]();
    return text;
  }
}

function trailersOf(answer: TrailersAnswer | undefined): unknown {
  if (answer?.tag !== "ok" || answer.val.tag !== "ok") return answer;
  const fields = answer.val.val;
  return fields === undefined ? undefined : fieldTexts(fields.entries());
}

test("IncomingRequest tells the method, in the case it came in", () => {
  const rows = [["GET", { tag: "get" }], ["PATCH", { tag: "patch" }], ["get", { tag: "other", val: "get" }]] as const;
  for (const [method, variant] of [...rows, ["PROPFIND", { tag: "other", val: "PROPFIND" }] as const]) {
    assert.deepEqual(open({ method }).request.method(), variant);
  }
});

test("IncomingRequest tells target, scheme and authority as they are, absent ones included", () => {
  const { request } = open({ scheme: "https", authority: undefined, pathWithQuery: undefined });
  assert.deepEqual(request.scheme(), { tag: "HTTPS" });
  assert.equal(request.authority(), undefined);
  assert.equal(request.pathWithQuery(), undefined);
  const other = open({ pathWithQuery: "/a?b=%20" }).request;
  assert.deepEqual(other.scheme(), { tag: "HTTP" });
  assert.equal(other.authority(), "example.test");
  assert.equal(other.pathWithQuery(), "/a?b=%20");
});

test("IncomingRequest.headers are immutable, hide the connection's, and must go before the request", () => {
  const { request } = open({ headers: [["host", "example.test"], ["accept", "*/*"], ["connection", "close"]] });
  const headers = request.headers();
  assert.deepEqual(fieldTexts(headers.entries()), [["accept", "*/*"]]);
  assert.deepEqual(errOf(() => headers.append("x", new Uint8Array(0))), { tag: "immutable" });
  assert.match(trapOf(() => request[Symbol.dispose]()), /children/);
  headers[Symbol.dispose]();
  request[Symbol.dispose]();
});

test("IncomingRequest.consume and IncomingBody.stream give once", () => {
  const { request } = open();
  const body = request.consume();
  assert.equal(errOf(() => request.consume()), undefined);
  body.stream();
  assert.equal(errOf(() => body.stream()), undefined);
});

test("IncomingRequest that nobody consumed lets the body go; a consumed body outlives it", () => {
  const unread = open({ body: "x" });
  unread.request[Symbol.dispose]();
  assert.equal(unread.exchange.body.isDisposed, true);
  const read = open({ body: "x" });
  const body = read.request.consume();
  read.request[Symbol.dispose]();
  assert.equal(read.exchange.body.isDisposed, false);
  assert.equal(readAll(body), "x");
  body[Symbol.dispose]();
  assert.equal(read.exchange.body.isDisposed, true);
});

test("IncomingBody traps when it is dropped or finished while its stream is alive", () => {
  for (
    const end of [(body: IncomingBody) => body[Symbol.dispose](), (body: IncomingBody) => IncomingBody.finish(body)]
  ) {
    const body = open({ body: "x" }).request.consume();
    body.stream();
    assert.match(trapOf(() => end(body)), /children/);
  }
});

test("IncomingBody streams what arrives, and blocks until it does", async () => {
  const { exchange, request } = open({ isBodyOpen: true });
  const body = request.consume();
  const stream = body.stream();
  assert.equal(stream.read(9n).length, 0);
  const blocked = stream.blockingRead(9n);
  exchange.body.push("late");
  assert.equal(new TextDecoder().decode(await blocked), "late");
  exchange.body.end(CUT);
  const error = errOf(() => stream.read(1n)) as { val: { failure: unknown } };
  assert.deepEqual(error.val.failure, CUT.failed);
  assert.deepEqual(errOf(() => stream.read(1n)), { tag: "closed" });
  stream[Symbol.dispose]();
  assert.deepEqual(IncomingBody.finish(body).get(), { tag: "ok", val: { tag: "err", val: CUT.failed.httpCode } });
});

test("FutureTrailers gives the trailers once, immutable, without those of the connection, and as its child", () => {
  const { request } = open({ body: "x", trailers: [["x-sum", "1"], ["connection", "x"]] });
  const body = request.consume();
  readAll(body);
  const future = IncomingBody.finish(body);
  const answer = future.get();
  assert.deepEqual(trailersOf(answer), [["x-sum", "1"]]);
  assert.deepEqual(future.get(), { tag: "err", val: undefined });
  assert.ok(answer?.tag === "ok" && answer.val.tag === "ok" && answer.val.val !== undefined);
  const fields = answer.val.val;
  assert.deepEqual(errOf(() => fields.delete("x-sum")), { tag: "immutable" });
  assert.match(trapOf(() => future[Symbol.dispose]()), /children/);
  fields[Symbol.dispose]();
  future[Symbol.dispose]();
});

test("FutureTrailers of a body without trailers, read or not, is none", () => {
  for (const isRead of [true, false]) {
    const body = open({ body: "x" }).request.consume();
    if (isRead) readAll(body);
    assert.deepEqual(IncomingBody.finish(body).get(), { tag: "ok", val: { tag: "ok", val: undefined } });
  }
});

async function waitingTrailers(): Promise<{ exchange: FakeExchange; future: FutureTrailers }> {
  const { exchange, request } = open({ trailers: [["x", "1"]], isBodyOpen: true });
  exchange.body.push("unread");
  const future = IncomingBody.finish(request.consume());
  await settle();
  assert.equal(future.get(), undefined);
  return { exchange, future };
}

test("FutureTrailers throws the rest of the body away and is ready at its end", async () => {
  const { exchange, future } = await waitingTrailers();
  const pollable = future.subscribe();
  const blocked = pollable.block();
  exchange.body.push("more");
  await settle();
  assert.equal(exchange.body.bytesLeft, 0);
  assert.equal(pollable.ready(), false);
  exchange.body.end();
  await blocked;
  assert.match(trapOf(() => future[Symbol.dispose]()), /children/);
  assert.deepEqual(trailersOf(future.get()), [["x", "1"]]);
  pollable[Symbol.dispose]();
});

test("FutureTrailers fails for a body that is too long to throw away", async () => {
  const { exchange, future } = await waitingTrailers();
  exchange.body.push(new Uint8Array(TRAILERS_DRAIN_BYTES_MAX));
  await settle();
  const code = { tag: "HTTP-request-body-size", val: undefined };
  assert.deepEqual(future.get(), { tag: "ok", val: { tag: "err", val: code } });
  assert.equal(exchange.body.isDisposed, true);
});

test("FutureTrailers that is dropped while it waits leaves nothing behind", async () => {
  const { exchange, future } = await waitingTrailers();
  assert.equal(exchange.body.waiting, 1);
  future[Symbol.dispose]();
  assert.equal(exchange.body.waiting, 0);
  assert.equal(exchange.body.isDisposed, true);
});

test("FutureTrailers that is dropped while bytes wake it reads no more", async () => {
  const { exchange, future } = await waitingTrailers();
  exchange.body.push("more");
  future[Symbol.dispose]();
  await settle();
  assert.equal(exchange.body.bytesLeft, 4);
});

class FakePending extends FakeSource implements PendingResponse {
  outcome: ReceivedResponse | { readonly failed: HttpErrorCode } | undefined;

  override isReady(): boolean {
    return this.outcome !== undefined;
  }

  result(): ReceivedResponse | { readonly failed: HttpErrorCode } | undefined {
    return this.outcome;
  }

  arrive(outcome: ReceivedResponse | { readonly failed: HttpErrorCode }): void {
    this.outcome = outcome;
    this.wakeForNothing();
  }
}

test("FutureIncomingResponse is ready when the response is there, and gives it once", async () => {
  const pending = new FakePending();
  const future = new FutureIncomingResponse(pending, context);
  const pollable = future.subscribe();
  assert.equal(future.get(), undefined);
  const blocked = pollable.block();
  const body = new FakeSource().push("x").end();
  pending.arrive({
    status: 418,
    headers: fieldEntries([["upgrade", "x"], ["a", "1"]]),
    body,
    trailers: () => undefined,
  });
  await blocked;
  const answer = future.get();
  assert.deepEqual(future.get(), { tag: "err", val: undefined });
  assert.ok(answer?.tag === "ok" && answer.val.tag === "ok");
  const response = answer.val.val;
  assert.equal(response.status(), 418);
  assert.deepEqual(fieldTexts(response.headers().entries()), [["a", "1"]]);
  const incoming = response.consume();
  assert.equal(errOf(() => response.consume()), undefined);
  assert.equal(readAll(incoming), "x");
  assert.deepEqual(IncomingBody.finish(incoming).get(), { tag: "ok", val: { tag: "ok", val: undefined } });
  pollable[Symbol.dispose]();
  future[Symbol.dispose]();
  assert.equal(pending.isDisposed, false);
});

test("FutureIncomingResponse gives the code of a request that failed, and one that WASI does not know as internal", () => {
  for (
    const [tag, known] of [["DNS-timeout", { tag: "DNS-timeout" }], ["odd", {
      tag: "internal-error",
      val: undefined,
    }]] as const
  ) {
    const pending = new FakePending();
    pending.arrive({ failed: { tag } });
    const answer = new FutureIncomingResponse(pending, context).get();
    assert.deepEqual(answer, { tag: "ok", val: { tag: "err", val: known } });
  }
});

test("FutureIncomingResponse that is dropped before it was taken cancels the request", () => {
  const pending = new FakePending();
  new FutureIncomingResponse(pending, context)[Symbol.dispose]();
  assert.equal(pending.isDisposed, true);
});

test("IncomingBody gives what was sent, however it arrives and is read", async () => {
  const event = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.bigInt({ min: 1n, max: 60n }));
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
      const { exchange, request } = open({ isBodyOpen: true });
      const body = request.consume();
      const stream = body.stream();
      const sent: number[] = [];
      const read: number[] = [];
      for (const one of events) {
        if (typeof one === "bigint") {
          read.push(...stream.read(one));
        } else {
          exchange.body.push(one);
          sent.push(...one);
        }
      }
      assert.deepEqual(read, sent.slice(0, read.length));
      stream[Symbol.dispose]();
      exchange.body.end();
      const future = IncomingBody.finish(body);
      await settle();
      assert.equal(trailersOf(future.get()), undefined);
      assert.equal(exchange.body.bytesLeft, 0);
    }),
    { numRuns: 30 },
  );
});
