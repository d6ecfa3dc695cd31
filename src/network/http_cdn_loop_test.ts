import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCdnId, nextCdnLoop } from "./http_cdn_loop.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (
  const [what, incoming, own, expected] of [
    ["the first gateway", [], [], "me"],
    ["another one before", ["foo123.foocdn.example"], [], "foo123.foocdn.example, me"],
    ["several lines, parameters", ["a, b; v=1", "c"], [], "a, b; v=1, c, me"],
    ["the guest passes the field on", ["a, b"], ["a, b"], "a, b, me"],
    ["the guest adds to it", ["a"], ["a", "x"], "a, x, me"],
    ["a guest that says it in its own way", ["a", "b"], ["b, a"], "a, b, b, a, me"],
    ["empty entries", [", ,a"], ["", " "], ", ,a, me"],
    ["a comma in quotes", ['a; abc="x,y"; def'], [], 'a; abc="x,y"; def, me'],
    ["an id behind a quote that does not end", ['a; x="b, me, c'], [], undefined],
    ["a longer name", ["me.too, notme, me:8080"], [], "me.too, notme, me:8080, me"],
    ["a loop", ["a, me"], [], undefined],
    ["a loop in another case", ["ME"], [], undefined],
    ["a loop with a parameter", ["me;v=1"], [], undefined],
    ["a loop that the guest tells", [], ["me"], undefined],
    ["64 others", [Array.from({ length: 64 }, (_, at) => `cdn${at}`).join()], [], undefined],
  ] as const
) {
  test(`nextCdnLoop: ${what}`, () => {
    assert.equal(nextCdnLoop("me", incoming.map(bytes), own.map(bytes)), expected);
  });
}

test("checkCdnId: a token or a host", () => {
  for (const id of ["loopgate-1f", "gateway.test:8080", "[::1]"]) assert.equal(checkCdnId(id), id);
  for (const id of ["", "a b", "a,b", "a;b", 'a"b', "a\r\nb"]) assert.throws(() => checkCdnId(id), TypeError);
});
