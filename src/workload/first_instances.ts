/** What is kept of the process for a workload, so that its first instances can be made whatever its neighbours hold. */
import type { CompiledComponent } from "../component/engine.ts";
import { type FirstInstances, placesOf } from "../instance/process_budget.ts";
import type { WorkloadSpec } from "./spec.ts";

/** 512 KiB for each: most guests ask for some memory before they answer. */
const GROWTH_PAGES = 8;

/** The service, and one instance of whichever component of a route needs most. */
export function firstInstancesOf(
  { service, routes }: Pick<WorkloadSpec, "service" | "routes">,
  componentOf: (path: string) => Pick<CompiledComponent, "memoryCount" | "memoryPagesMin">,
): FirstInstances {
  const needs = (path: string): FirstInstances => {
    const component = componentOf(path);
    return { places: placesOf(component), stacks: 1, pages: component.memoryPagesMin + GROWTH_PAGES };
  };
  const ofRoutes = routes.map(({ component }) => needs(component));
  const ofService = service === undefined ? [] : [needs(service.component)];
  const sum = (key: keyof FirstInstances): number =>
    Math.max(0, ...ofRoutes.map((need) => need[key])) + ofService.reduce((all, need) => all + need[key], 0);
  return { places: sum("places"), stacks: sum("stacks"), pages: sum("pages") };
}
