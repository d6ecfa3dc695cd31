/** Routes that answer the same requests: a fault at the later one, which names the earlier one. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { findTies } from "../router/specificity.ts";
import type { RouteSpec, WorkloadSpec } from "../workload/spec.ts";
import type { ConfigDocument } from "./document.ts";

/** A route with what a tie needs to be told: where it stands. */
export interface PlacedRoute {
  readonly match: RouteSpec["match"];
  readonly document: ConfigDocument;
  /** Where the path of the match stands. */
  readonly offset: number;
}

/**
 * What is wrong with `routes`, in their order. They come after those of `served`, workloads that were read before:
 * a tie with one of those is a fault of the newcomer.
 */
export function tieFaults(routes: readonly PlacedRoute[], served: readonly WorkloadSpec[] = []): readonly Diagnostic[] {
  const known = served.flatMap((workload) => workload.routes).map(({ match, file }) => ({ match, where: file }));
  const placed = routes.map((route) => ({ match: route.match, where: whereOf(route), route }));
  return findTies<{ match: RouteSpec["match"]; where: string; route?: PlacedRoute }>([...known, ...placed]).flatMap(
    ({ first, second: { match: { host, path }, route } }) => {
      if (route === undefined) return [];
      const message = `Cannot route "${host}" "${path}": "${first.where}" answers the same requests, ` +
        "expected two routes to differ in host, path or methods";
      return [route.document.fault("LG1401", route.offset, message)];
    },
  );
}

function whereOf({ document, offset }: PlacedRoute): string {
  return `${document.file}:${document.lineOf(offset)}`;
}
