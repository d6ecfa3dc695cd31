import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestIds } from "./request_id.ts";

test("RequestIds gives each id once, over the end of what was made ahead", () => {
  const ids = new RequestIds((length) => crypto.getRandomValues(new Uint8Array(length)));
  const given = Array.from({ length: 1_000 }, () => ids.next());
  assert.equal(new Set(given).size, 1_000);
  for (const id of given) assert.match(id, /^[0-9a-f]{32}$/);
});

test("RequestIds takes its digits from the random bytes and from nothing else", () => {
  const asked: number[] = [];
  const ids = new RequestIds((length) => {
    asked.push(length);
    return Uint8Array.from({ length }, (_, index) => index % 256);
  });
  assert.equal(ids.next(), "000102030405060708090a0b0c0d0e0f");
  assert.equal(ids.next(), "101112131415161718191a1b1c1d1e1f");
  assert.deepEqual(asked, [4_096]);
});
