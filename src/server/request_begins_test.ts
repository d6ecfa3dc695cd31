import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerBatch } from "./answer_batch.ts";
import { RequestBegins } from "./request_begins.ts";

test("RequestBegins: each begins in a job of its own, and their answers leave behind the last of them, before more is read", async () => {
  const happened: string[] = [];
  const answers = new AnswerBatch({ monotonicMs: () => 0 });
  const begins = new RequestBegins({ beginJob: () => happened.push("job"), answers });
  for (const name of ["a", "b"]) {
    void begins.next().then(() => {
      happened.push(`${name} begins`);
      answers.end({ destroyed: false, end: () => happened.push(`${name} is sent`) }, "");
    });
  }
  // Behind them, in the same turn of the event loop.
  await new Promise<void>((resolve) => void setImmediate(resolve));
  assert.deepEqual(happened, ["job", "a begins", "job", "b begins", "a is sent", "b is sent"]);
});
