import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouterEntry } from "./router.ts";
import { RouterTable } from "./router_table.ts";

function entry(path: string, target: string): RouterEntry<string> {
  return { match: { host: "*", path, methods: undefined }, target };
}

function targetOf(table: RouterTable<string>, path: string): string | undefined {
  const found = table.match(undefined, path, "GET");
  return found.kind === "found" ? found.target : undefined;
}

test("RouterTable: nothing is found before the first routes", () => {
  assert.equal(new RouterTable<string>().match("a.example", "/", "GET").kind, "not-found");
});

test("RouterTable.replace: only the last routes answer", () => {
  const table = new RouterTable<string>();
  table.replace([entry("/a", "first"), entry("/b", "first")]);
  assert.deepEqual([targetOf(table, "/a"), targetOf(table, "/b")], ["first", "first"]);
  table.replace([entry("/a", "second")]);
  assert.deepEqual([targetOf(table, "/a"), targetOf(table, "/b")], ["second", undefined]);
});

test("RouterTable.replace: routes that cannot be used leave the old ones", () => {
  const table = new RouterTable<string>();
  table.replace([entry("/a", "first")]);
  assert.throws(() => table.replace([entry("/a", "second"), entry("no-slash", "second")]), TypeError);
  assert.equal(targetOf(table, "/a"), "first");
});
