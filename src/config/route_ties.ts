/** Routes that answer the same requests: a fault at the later one, which names the earlier one. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { findTies } from "../router/specificity.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { ConfigDocument } from "./document.ts";

/** A route with what a tie needs to be told: where it stands. */
export interface PlacedRoute {
  readonly match: RouteMatch;
  readonly document: ConfigDocument;
  /** Where the path of the match stands. */
  readonly offset: number;
}

/** Routes that are there already. */
export interface RoutesBeside {
  readonly routes: readonly { readonly match: RouteMatch; readonly file: string }[];
}

/**
 * What is wrong with `routes`, in their order. They come after those of `served`, workloads that were read before:
 * a tie with one of those is a fault of the newcomer.
 */
export function tieFaults(
  routes: readonly PlacedRoute[],
  served: readonly RoutesBeside[] = [],
): readonly Diagnostic[] {
  return tiesOf(routes, served).map(({ fault }) => fault);
}

/** One of `tieFaults`. */
export interface RouteTie {
  readonly fault: Diagnostic;
  /** Both routes are of one workload; of two workloads nothing says which one is right. */
  readonly isOwn: boolean;
}

/** As `tieFaults`. The first of a tie is of another workload if any is: those of one come together. */
export function tiesOf(routes: readonly PlacedRoute[], served: readonly RoutesBeside[] = []): readonly RouteTie[] {
  const known = served.flatMap((workload) => workload.routes).map(({ match, file }) => ({ match, where: file }));
  const placed = routes.map((route) => ({ match: route.match, where: whereOf(route), route }));
  const ties = findTies<{ match: RouteMatch; where: string; route?: PlacedRoute }>([...known, ...placed]);
  return ties.flatMap(({ first, second: { match: { host, path }, route } }) => {
    if (route === undefined) return [];
    const message = `Cannot route "${host}" "${path}": "${first.where}" answers the same requests, ` +
      "expected two routes to differ in host, path or methods";
    const isOwn = first.route !== undefined && folderOf(first.route) === folderOf(route);
    return [{ fault: route.document.fault("LG1401", route.offset, message), isOwn }];
  });
}

function folderOf({ document: { file } }: PlacedRoute): string {
  return file.slice(0, file.lastIndexOf("/"));
}

function whereOf({ document, offset }: PlacedRoute): string {
  return `${document.file}:${document.lineOf(offset)}`;
}
