/** The policies of a version that is kept although the operator's file has changed: the operator's word holds for it too. */
import { cutPolicy, type PolicyLayer } from "../policy/policy.ts";
import type { WorkloadPolicies } from "../workload/workload.ts";

/** What a version may still do below another ceiling: what its own files and both ceilings allow. Mending it lifts the former one. */
export function belowCeiling({ policy, routes }: WorkloadPolicies, ceiling: PolicyLayer): WorkloadPolicies {
  return {
    policy: cutPolicy(policy, ceiling),
    routes: routes.map((route) => ({ ...route, policy: cutPolicy(route.policy, ceiling) })),
  };
}
