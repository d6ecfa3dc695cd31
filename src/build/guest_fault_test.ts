import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { GUEST_NAMES } from "./guest_fault.ts";

test("GUEST_NAMES: what loopgate/guest exports besides types", async () => {
  const source = await readFile(new URL("../guest/mod.ts", import.meta.url), "utf8");
  const names = [...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = ""]) => list.split(","));
  const values = names.map((name) => name.trim()).filter((name) => !name.startsWith("type "));
  assert.deepEqual(values.toSorted(), [...GUEST_NAMES].toSorted());
});
