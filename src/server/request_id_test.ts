import assert from "node:assert/strict";
import { test } from "node:test";
import { givenId, RequestIds } from "./request_id.ts";

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

const GIVEN: readonly (readonly [name: string, rawHeaders: readonly string[], id: string | undefined])[] = [
  ["one", ["Host", "a", "X-Request-ID", "0af7651916cd43dd8448eb211c80319c"], "0af7651916cd43dd8448eb211c80319c"],
  [
    "another form",
    ["x-request-id", "Root=1-67891233-abcdef012345678912345678"],
    "Root=1-67891233-abcdef012345678912345678",
  ],
  ["none", ["x-other", "a"], undefined],
  ["two", ["x-request-id", "a", "X-Request-Id", "b"], undefined],
  ["an empty one", ["x-request-id", ""], undefined],
  ["two in one field", ["x-request-id", "a,b"], undefined],
  ["a blank", ["x-request-id", "a b"], undefined],
  ["what would be a line of a log", ["x-request-id", "a\u001b[2J"], undefined],
  ["bytes above ASCII", ["x-request-id", "\xe9"], undefined],
  ["too long", ["x-request-id", "a".repeat(129)], undefined],
];

for (const [name, rawHeaders, id] of GIVEN) {
  test(`givenId: ${name}`, () => assert.equal(givenId(rawHeaders), id));
}
