import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceCounts } from "./instance_counts.ts";

test("InstanceCounts: by guest and outcome; a reloaded guest goes on where the old one was", () => {
  const counts = new InstanceCounts();
  const label = { workload: "a", route: "main", role: "component" } as const;
  const count = counts.counterOf(label);
  count("created");
  count("recycled");
  counts.counterOf({ ...label })("recycled");
  counts.counterOf({ workload: "a", role: "service" })("created");
  assert.deepEqual(counts.snapshot(), [
    { ...label, outcome: "created", total: 1 },
    { ...label, outcome: "recycled", total: 2 },
    { workload: "a", role: "service", outcome: "created", total: 1 },
  ]);
});
