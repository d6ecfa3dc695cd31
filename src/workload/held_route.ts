/** In place of a route that cannot be served, since files have faults: nobody else is to get its requests. */
import type { RequestFailure } from "../instance/request_failure.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { Route } from "./route.ts";

/** Where the router leads. */
export type RouteTarget = Route | HeldRoute;

/** Answers every request with 503, without looking at it. */
export class HeldRoute {
  readonly workload: string;
  readonly route: string;
  readonly match: RouteMatch;
  readonly hasService = false;
  readonly #detail: string;

  /** `detail` says why, for the log. */
  constructor(
    { workload, route, match, detail }: Pick<HeldRoute, "workload" | "route" | "match"> & { readonly detail: string },
  ) {
    this.workload = workload;
    this.route = route;
    this.match = match;
    this.#detail = detail;
  }

  /** As that of a `Route`: nothing of the exchange is used. */
  serve(): Promise<RequestFailure> {
    return Promise.resolve({ kind: "left-out", detail: this.#detail });
  }
}
