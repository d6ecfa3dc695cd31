import assert from "node:assert/strict";
import { test } from "node:test";
import { WINDOW_BYTES } from "./http_limits.ts";
import { HttpBodyWindow } from "./http_body_window.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

test("HttpBodyWindow: holds one window, then the writer waits until some is read", async () => {
  const window = new HttpBodyWindow();
  assert.equal(window.permit(), WINDOW_BYTES);
  assert.equal(window.source.isReady(), false);
  assert.deepEqual(window.source.read(1), new Uint8Array(0));
  assert.equal(window.write(bytes(WINDOW_BYTES)), undefined);
  assert.deepEqual([window.permit(), window.isReady(), window.source.isReady()], [0, false, true]);
  let woken = 0;
  window.onReady(() => woken++);
  const part = window.source.read(10);
  assert.ok(part instanceof Uint8Array && part.length === 10);
  await Promise.resolve();
  assert.deepEqual([woken, window.permit()], [1, 10]);
});

test("HttpBodyWindow: a flush is over when all is read", () => {
  const window = new HttpBodyWindow();
  window.write(bytes(5));
  assert.equal(window.flush(), undefined);
  assert.equal(window.permit(), 0);
  window.source.read(4);
  assert.equal(window.permit(), 0);
  window.source.read(4);
  assert.equal(window.permit(), WINDOW_BYTES);
  assert.equal(window.flush(), undefined);
  assert.equal(window.permit(), WINDOW_BYTES, "nothing to flush");
});

test("HttpBodyWindow: finish: the rest, then the end, then the trailers", () => {
  const window = new HttpBodyWindow();
  window.write(bytes(3));
  window.finish([["x-sum", bytes(1)]]);
  window.abort("too late");
  assert.equal(window.permit(), "closed");
  assert.equal(window.write(bytes(1)), "closed");
  assert.deepEqual(window.source.read(9), bytes(3));
  assert.equal(window.source.read(9), "closed");
  assert.deepEqual(window.trailers, [["x-sum", bytes(1)]]);
});

test("HttpBodyWindow: abort: nothing more, and a failure", async () => {
  const window = new HttpBodyWindow();
  window.write(bytes(3));
  let woken = 0;
  window.source.read(3);
  window.source.onReady(() => woken++);
  window.abort("dropped");
  window.finish(undefined);
  await Promise.resolve();
  assert.equal(woken, 1);
  const end = window.source.read(9);
  assert.ok(typeof end === "object" && "failed" in end);
  assert.match(end.failed.message, /dropped/);
});

test("HttpBodyWindow: a reader that left closes the writer, whatever it waits for", async () => {
  const window = new HttpBodyWindow();
  window.write(bytes(WINDOW_BYTES));
  window.flush();
  let woken = 0;
  window.onReady(() => woken++);
  window.source.dispose();
  window.source.dispose();
  await Promise.resolve();
  assert.deepEqual([woken, window.permit(), window.flush(), window.source.read(1)], [1, "closed", "closed", "closed"]);
});
