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
