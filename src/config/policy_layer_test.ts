import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ConfigDocument } from "./document.ts";
import { nodeAt } from "./faults.ts";
import { readLayer } from "./policy_layer.ts";

/** One UTF-16 unit as it may stand in a JSON string. */
const unit = fc.oneof(
  fc.constantFrom("\\n", "\\t", "\\/", '\\"', "\\\\", "\\b"),
  fc.integer({ min: 0, max: 0xffff }).map((code) => `\\u${code.toString(16).padStart(4, "0")}`),
  fc.constantFrom("a", " ", "/", "\u00e9", "u", "\ud83d\ude00"),
);

test("offsetInString: each unit of a value is found behind whatever escapes stand before it", () => {
  fc.assert(fc.property(fc.array(unit), (units) => {
    const document = new ConfigDocument("f", `{ /* é */ "net": ["${units.join("")}"] }`);
    assert.ok(document.root !== undefined);
    const node = nodeAt(document.root, ["net", 0]);
    let [offset, passed] = [node.offset + 1, 0];
    for (const text of units) {
      assert.equal(document.offsetInString(node, passed), offset);
      offset += text.length;
      passed += (JSON.parse(`"${text}"`) as string).length;
    }
    assert.equal(document.offsetInString(node, passed), node.offset + node.length - 1);
  }));
});

test("readLayer: whatever a file says, it is read or told, at a place of the file", () => {
  const rule = fc.oneof(fc.string(), fc.constantFrom("public", "a.example", "u:s3cret@a", "x/y", "[::1]", "*:0"));
  const list = fc.oneof(fc.array(rule), fc.jsonValue());
  const value = fc.oneof(list, fc.boolean(), fc.record({ allow: list, deny: list }, { requiredKeys: [] }));
  fc.assert(fc.property(value, value, (net, dns) => {
    const text = JSON.stringify({ net, dns }, undefined, 1);
    const { diagnostics } = readLayer(new ConfigDocument("f", text));
    const lines = text.split("\n");
    for (const { line, column, message, source } of diagnostics) {
      assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0), `${line}:${column}`);
      assert.ok(!`${message}${source}`.includes("s3cret@"), "what stands before an @ may be a password");
    }
  }));
});

test("readLayer: a list that is too long is one fault", () => {
  const { diagnostics } = readLayer(new ConfigDocument("f", JSON.stringify({ net: Array(16_385).fill("x/y") })));
  assert.equal(diagnostics.length, 1);
  assert.match(diagnostics[0]?.message ?? "", /^Cannot use "net": it has 16385 entries, expected at most 16384$/);
});
