import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { AnswerBatch } from "./answer_batch.ts";
import { LISTENER_LIMITS } from "./listener_limits.ts";
import { NodeExchange } from "./node_exchange.ts";

test("NodeExchange: an answer that could not be begun cuts the connection at the next failure", () => {
  const request = new IncomingMessage(new Socket());
  let cuts = 0;
  request.method = "GET";
  request.httpVersion = "1.1";
  const response = new ServerResponse(request);
  response.writeHead = () => {
    throw new TypeError("no head");
  };
  const target = { authority: "a", path: "/", pathWithQuery: "/" };
  const answers = new AnswerBatch(systemClock);
  const exchange = new NodeExchange({
    requestId: "r1",
    request,
    response,
    flow: {
      holdBody: assert.fail,
      releaseBody: () => assert.fail(),
      countPart: () => assert.fail(),
      cut: () => void cuts++,
    },
    target,
    scheme: "http",
    claim: undefined,
    limits: LISTENER_LIMITS,
    answers,
  });
  assert.throws(() => exchange.answerFailure({ kind: "not-found" }), /no head/);
  assert.equal(exchange.isAnswered, true);
  assert.equal(cuts, 0);
  assert.equal(exchange.answerFailure({ kind: "fault", error: new TypeError("no head") }), false);
  assert.equal(cuts, 1);
});
