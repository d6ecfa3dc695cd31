import assert from "node:assert/strict";
import { test } from "node:test";
import { limitPlace } from "./limit_place.ts";

const PLACES = [
  ["memory", "component", "limits.memory of the route or of workload.jsonc"],
  ["memory", "service", "service.limits.memory of workload.jsonc"],
  ["start", "service", "service.limits.start of workload.jsonc"],
  ["instances", "service", "limits.instances of workload.jsonc"],
  ["openFiles", "component", "limits.openFiles of workload.jsonc"],
  ["volumeSize", "component", "size (memory of one in memory) of the volume"],
  ["volumeFiles", "service", "files of the volume"],
  ["processMemory", "component", "process.memory of gateway.jsonc"],
  ["connections", undefined, "listener.connections of gateway.jsonc"],
  ["memory", "command", undefined],
] as const;

for (const [limit, role, place] of PLACES) {
  test(`limitPlace: ${limit} of ${role ?? "clients"}`, () => assert.equal(limitPlace(limit, role), place));
}
