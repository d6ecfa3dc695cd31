import assert from "node:assert/strict";
import { test } from "node:test";
import { callPlace, withPlace } from "./call_place.ts";

function askedFor(): Error {
  return callPlace();
}

test("withPlace: the caller's frames stand below the error's own, once", async () => {
  const place = askedFor();
  const error = await Promise.resolve().then(() => new RangeError("later"));
  const own = error.stack ?? "";
  assert.equal(withPlace(error, place), error);
  const { stack = "" } = error;
  assert.ok(stack.startsWith(own) && stack.length > own.length, stack);
  assert.match(stack.slice(own.length), /^\n.*askedFor.*call_place_test[^]*call_place_test/);
  assert.doesNotMatch(stack, /callPlace \(/);
  withPlace(error, place);
  assert.equal(error.stack, stack);
});

test("withPlace: what is no error, or has the caller already, stays as it is", () => {
  const place = askedFor();
  assert.equal(withPlace("a text", place), "a text");
  const error = Object.assign(new Error("at once"), {
    stack: `Error: at once\n${place.stack?.split("\n").slice(1).join("\n")}`,
  });
  const { stack } = error;
  withPlace(error, place);
  assert.equal(error.stack, stack);
});

test("callPlace: the program's own limit of frames is left as it was", () => {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 3;
    assert.ok((callPlace().stack ?? "").split("\n").length <= 4);
    assert.equal(Error.stackTraceLimit, 3);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});
