/** Specifications as the files of a folder would give them. */
import { ROUTE_LIMITS, SERVICE_LIMITS, WORKLOAD_TOTALS } from "../../src/base/limits.ts";
import { absentLayer, makePolicy } from "../../src/policy/policy.ts";
import type { RouteSpec, WorkloadSpec } from "../../src/workload/spec.ts";

const policy = makePolicy({ workload: absentLayer("w/shop/workload.jsonc") });

/** A route of the workload "shop". */
export function routeSpec(name: string, match: Partial<RouteSpec["match"]>): RouteSpec {
  const whole = { host: "*", path: "/", methods: undefined, ...match };
  return {
    name,
    file: `w/shop/${name}.route.jsonc`,
    match: whole,
    component: "w/shop/dist/api.wasm",
    env: [],
    args: [],
    policy,
    limits: ROUTE_LIMITS,
    instance: { kind: "fresh" },
  };
}

/** The workload "shop". */
export function workloadSpec(routes: readonly RouteSpec[], hasService = true): WorkloadSpec {
  const service = {
    component: "w/shop/dist/service.wasm",
    env: [["API_KEY", "s3cret"]] as const,
    args: ["s3cret"],
    readyTcpPort: 7777,
    restart: "on-failure" as const,
    restartsMax: undefined,
    limits: SERVICE_LIMITS,
  };
  const whole = { name: "shop", folder: "w/shop", routes, policy, totals: WORKLOAD_TOTALS };
  return { ...whole, service: hasService ? service : undefined };
}
