/** The policies of a version that is kept although the operator's file has changed: the operator's word holds for it too. */
import { ceilingBook, type Policy, type PolicyLayer } from "../policy/policy.ts";
import type { WorkloadSpec } from "../workload/spec.ts";

/** What a version may still do below another ceiling: what its own files and both ceilings allow. Mending it lifts the former one. */
export function belowCeiling(
  { policy, routes }: WorkloadSpec,
  ceiling: PolicyLayer,
): Pick<WorkloadSpec, "policy" | "routes"> {
  return {
    policy: cut(policy, ceiling),
    routes: routes.map((route) => ({ ...route, policy: cut(route.policy, ceiling) })),
  };
}

function cut({ off, books }: Policy, ceiling: PolicyLayer): Policy {
  return {
    off: off ?? (ceiling.net.form === "off" ? ceiling.net : undefined),
    books: [...books, ceilingBook(ceiling)],
  };
}
