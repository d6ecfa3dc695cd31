import assert from "node:assert/strict";
import { test } from "node:test";
import { DenialCounts } from "./denial_counts.ts";

test("DenialCounts: by workload, route, role and operation, and by nothing else", () => {
  const counts = new DenialCounts();
  const component = { workload: "a", route: "main", role: "component" } as const;
  const service = { workload: "a", role: "service" } as const;
  for (let round = 0; round < 3; round++) counts.add(component, "tcp-connect");
  counts.add(component, "http-request");
  counts.add({ ...component, route: "other" }, "tcp-connect");
  counts.add(service, "tcp-connect");
  const before = counts.snapshot();
  assert.deepEqual(before, [
    { ...component, operation: "tcp-connect", total: 3 },
    { ...component, operation: "http-request", total: 1 },
    { ...component, route: "other", operation: "tcp-connect", total: 1 },
    { ...service, operation: "tcp-connect", total: 1 },
  ]);
  counts.add(service, "tcp-connect");
  assert.equal(before[3]?.total, 1, "a copy");
});
