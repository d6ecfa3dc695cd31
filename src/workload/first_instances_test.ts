import assert from "node:assert/strict";
import { test } from "node:test";
import { routeSpec, workloadSpec } from "../../test/support/specs.ts";
import { firstInstancesOf } from "./first_instances.ts";

const COMPONENTS: Readonly<Record<string, { memoryCount: number; memoryPagesMin: number }>> = {
  small: { memoryCount: 1, memoryPagesMin: 2 },
  large: { memoryCount: 2, memoryPagesMin: 50 },
  many: { memoryCount: 9, memoryPagesMin: 9 },
};

test("firstInstancesOf: the largest route, and the service", () => {
  const componentOf = (path: string) => COMPONENTS[path] ?? assert.fail(path);
  const routes = ["small", "large", "many"].map((component) => ({ ...routeSpec(component, {}), component }));
  const { service } = workloadSpec([]);
  assert.ok(service !== undefined);
  const rows = [
    { of: { service: undefined, routes: [] }, expected: { places: 0, stacks: 0, pages: 0 } },
    { of: { service: undefined, routes: routes.slice(0, 1) }, expected: { places: 1, stacks: 1, pages: 10 } },
    { of: { service: undefined, routes }, expected: { places: 3, stacks: 1, pages: 58 } },
    { of: { service: { ...service, component: "small" }, routes }, expected: { places: 4, stacks: 2, pages: 68 } },
  ];
  for (const { of, expected } of rows) assert.deepEqual(firstInstancesOf(of, componentOf), expected);
});
