import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestExit, HostTrap } from "../base/errors.ts";
import { isTrap, makeTrap, trap, trapOfGuest, trapOfHost } from "./trap.ts";

test("makeTrap: a RuntimeError that wasm made, with message and cause", () => {
  const cause = new Error("why");
  const made = makeTrap("what", cause);
  assert(made instanceof WebAssembly.RuntimeError && isTrap(made));
  assert.deepEqual([made.message, made.cause], ["what", cause]);
  assert(!isTrap(new WebAssembly.RuntimeError("constructed")));
});

test("trap: throws one whose cause is a HostTrap", () => {
  assert.throws(
    () => trap("no"),
    (error) => isTrap(error) && error.cause instanceof HostTrap && error.message === "no",
  );
});

test("trapOfHost: traps stay themselves, HostTraps keep their words, others are named", () => {
  const made = makeTrap("x", undefined);
  assert.equal(trapOfHost(made, "f"), made);
  const exit = new GuestExit(2);
  assert.deepEqual([trapOfHost(exit, "f").cause, trapOfHost(exit, "f").message], [exit, exit.message]);
  assert.equal(trapOfHost(new TypeError("bad"), "f").message, "The host function f failed: TypeError: bad");
  assert.equal(trapOfHost({ toString: null }, "f").message, "The host function f failed: an error that has no text");
});

test("trapOfGuest: a guest's own trap stays itself", () => {
  const own = new WebAssembly.RuntimeError("unreachable");
  assert.equal(trapOfGuest(own), own);
  const overflow = new RangeError("Maximum call stack size exceeded");
  assert.equal(trapOfGuest(overflow).cause, overflow);
});
