import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { LinkedList, ListEntry } from "./linked_list.ts";

test("LinkedList: an entry is in one list, once", () => {
  const [a, b] = [new LinkedList<string>(), new LinkedList<string>()];
  const entry = new ListEntry("x");
  a.append(entry);
  assert.throws(() => a.append(entry), TypeError);
  assert.throws(() => b.append(entry), TypeError);
  assert.equal(b.remove(entry), false, "it is not there");
  assert.deepEqual([a.toArray(), b.size], [["x"], 0]);
  assert.deepEqual([a.remove(entry), a.remove(entry)], [true, false]);
  b.append(entry);
  assert.equal(b.first, entry);
});

test("LinkedList.insertAfter: an entry stands where it is told", () => {
  const list = new LinkedList<string>();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((value) => new ListEntry(value)) as [
    ListEntry<string>,
    ListEntry<string>,
    ListEntry<string>,
    ListEntry<string>,
  ];
  list.insertAfter(undefined, b);
  list.insertAfter(undefined, a);
  list.insertAfter(b, d);
  list.insertAfter(b, c);
  assert.deepEqual([list.toArray(), list.size, list.first, list.last], [["a", "b", "c", "d"], 4, a, d]);
  for (const entry of [d, a, c, b]) assert.ok(list.remove(entry));
  assert.deepEqual([list.toArray(), list.first, list.last], [[], undefined, undefined]);
});

test("LinkedList: whoever joins and leaves, it has the order of a Set", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 60 }), (steps) => {
      const list = new LinkedList<number>();
      const model = new Set<number>();
      const entries = Array.from({ length: 8 }, (_, value) => new ListEntry(value));
      for (const at of steps) {
        const entry = entries[at];
        assert.ok(entry !== undefined);
        if (model.delete(at)) assert.ok(list.remove(entry));
        else {
          model.add(at);
          list.append(entry);
        }
        assert.deepEqual(list.toArray(), [...model]);
        assert.deepEqual([list.size, list.first?.value], [model.size, [...model][0]]);
      }
    }),
  );
});
