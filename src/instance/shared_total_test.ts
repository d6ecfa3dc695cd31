import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Share, SharedTotal } from "./shared_total.ts";

test("SharedTotal: what is a workload's own no neighbour can take, and it counts first", () => {
  const total = new SharedTotal(10);
  const [greedy, modest] = [total.open(0), total.open(3)];
  assert.equal(total.take(greedy, 8), false);
  assert.equal(total.take(greedy, 7), true);
  assert.equal(total.take(greedy, 1), false);
  assert.equal(total.take(modest, 4), false);
  assert.equal(total.take(modest, 3), true);
  assert.equal(total.held, 10);
  total.give(greedy, 2);
  assert.equal(total.take(modest, 2), true);
  total.give(modest, 5);
  assert.equal(total.take(greedy, 3), false);
  assert.equal(total.take(greedy, 2), true);
});

test("SharedTotal: own parts are half of all at most, smaller for each that comes, larger when one goes", () => {
  const total = new SharedTotal(100);
  const shares = Array.from({ length: 5 }, () => total.open(10));
  assert.deepEqual(shares.map(({ own }) => own), [10, 10, 10, 10, 10]);
  const more = Array.from({ length: 5 }, () => total.open(10));
  assert.deepEqual([...shares, ...more].map(({ own }) => own), Array.from({ length: 10 }, () => 5));
  for (const share of more) total.close(share);
  assert.deepEqual(shares.map(({ own }) => own), [10, 10, 10, 10, 10]);
  const other = total.open(0);
  assert.equal(total.take(other, 50), true);
  assert.equal(total.take(other, 1), false);
});

test("SharedTotal: who comes when all is taken has to wait for its part, and nothing passes the total", () => {
  const total = new SharedTotal(10);
  const greedy = total.open(0);
  assert.equal(total.take(greedy, 10), true);
  const late = total.open(4);
  assert.equal(total.take(late, 1), false);
  total.give(greedy, 1);
  assert.equal(total.take(greedy, 1), false, "it is the other's");
  assert.equal(total.take(late, 1), true);
});

test("SharedTotal: one that is closed while it holds something gives it back to all", () => {
  const total = new SharedTotal(10);
  const [leaving, other] = [total.open(5), total.open(0)];
  assert.equal(total.take(leaving, 5), true);
  total.close(leaving);
  total.close(leaving);
  assert.equal(total.take(other, 6), false);
  assert.equal(total.take(other, 5), true);
  total.give(leaving, 5);
  assert.equal(total.take(other, 5), true);
  assert.equal(total.held, 10);
});

type Step = { readonly at: number; readonly what: "open" | "take" | "give" | "close"; readonly count: number };

test("SharedTotal: whatever is opened, taken, given and closed, the total holds, and with room for all a part can be had", () => {
  const step = fc.record({
    at: fc.nat(5),
    what: fc.constantFrom<Step["what"]>("open", "take", "take", "give", "close"),
    count: fc.nat(12),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const total = new SharedTotal(40);
    const shares: (Share | undefined)[] = Array.from({ length: 6 }, () => undefined);
    let held = 0;
    let ownWhenOpened = true;
    for (const { at, what, count } of steps) {
      const share = shares[at];
      if (what === "open" && share === undefined) {
        shares[at] = total.open(count);
        if (held > 0) ownWhenOpened = false;
      } else if (share === undefined) continue;
      else if (what === "take") {
        const wasOwn = share.held + count <= share.own;
        const isTaken = total.take(share, count);
        if (isTaken) held += count;
        // Who comes while others hold what is to be its own waits for that.
        if (wasOwn && ownWhenOpened) assert.ok(isTaken);
      } else if (what === "give" && share.held > 0) {
        const given = Math.min(count, share.held);
        total.give(share, given);
        held -= given;
      } else if (what === "close" && share.held === 0) {
        total.close(share);
        shares[at] = undefined;
      }
      assert.equal(total.held, held);
      assert.ok(held <= 40);
      assert.ok(shares.reduce((sum, each) => sum + (each?.own ?? 0), 0) <= 20);
    }
  }));
});
