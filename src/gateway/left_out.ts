/**
 * Workloads that a start leaves out because their files have faults (`"startWith": "sound"`), and what is held for them
 * meanwhile. Pure.
 *
 * A request that is meant for one of them must not fall to a neighbour whose route is wider: it may carry credentials. So the
 * routes that can be read answer 503. Of the others nobody knows the requests; there the routes of neighbours are closed that take
 * whatever comes (any host, and a path that starts with a parameter or a wildcard), and every host that the workload names
 * elsewhere is held as a whole. What has a host or the start of a path of its own is served on.
 */
import type { Diagnostic } from "../base/diagnostics.ts";
import type { RouteClaims } from "../config/route_claims.ts";
import { parseHostPattern } from "../router/host_pattern.ts";
import { parsePathPattern } from "../router/path_pattern.ts";
import type { RouteMatch } from "../router/route_match.ts";
import type { RouterEntry } from "../router/router.ts";
import { findTies } from "../router/specificity.ts";
import { HeldRoute, type RouteTarget } from "../workload/held_route.ts";

/** One of them. */
export interface LeftOutWorkload {
  readonly diagnostics: readonly Diagnostic[];
  readonly claims: RouteClaims;
}

/** The name of a route that cannot be read, for lines and metrics. */
const UNREAD_ROUTE = "(unread)";
/** Names that stand in a line; the others are counted. */
const NAMES_MAX = 3;

/** The table of `served` with what is held for `leftOut`, by name. Where the two tie, `served` stays. */
export function withHeld(
  served: readonly RouterEntry<RouteTarget>[],
  leftOut: ReadonlyMap<string, RouteClaims>,
): readonly RouterEntry<RouteTarget>[] {
  if (leftOut.size === 0) return served;
  const partial = [...leftOut].flatMap(([name, { isPartial }]) => (isPartial ? [name] : []));
  const detail = `it may be meant for ${
    namesText(partial)
  }, which the start left out and whose routes cannot all be read`;
  const kept = partial.length === 0 ? served : served.map((entry) => {
    const { match, target: { workload, route } } = entry;
    return isOfNobody(match) ? held({ workload, route, match, detail }) : entry;
  });
  const claimed = [...leftOut].flatMap(([name, claims]) => claimedEntries(name, claims));
  const tied = new Set(findTies([...kept, ...claimed]).map(({ second }) => second));
  return [...kept, ...claimed.filter((entry) => !tied.has(entry))];
}

/** What is known when a faulty workload is read again: never less than before, or a half-written file would open what is closed. */
export function claimsAfter(before: RouteClaims, next: RouteClaims): RouteClaims {
  if (!next.isPartial) return next;
  const byFile = new Map([...before.routes, ...next.routes].map((route) => [route.file, route]));
  return { routes: [...byFile.values()], isPartial: before.isPartial };
}

function claimedEntries(workload: string, { routes, isPartial }: RouteClaims): readonly RouterEntry<RouteTarget>[] {
  const detail = "the start left the workload out, since its files have faults";
  const hosts = new Set(isPartial ? routes.map(({ match }) => match.host).filter((host) => host !== "*") : []);
  return [
    ...routes.map(({ name: route, match }) => held({ workload, route, match, detail })),
    ...[...hosts].map((host) => {
      const match = { host, path: "/*", methods: undefined };
      return held({ workload, route: UNREAD_ROUTE, match, detail });
    }),
  ];
}

function held(options: ConstructorParameters<typeof HeldRoute>[0]): RouterEntry<RouteTarget> {
  return { match: options.match, target: new HeldRoute(options) };
}

/** Whether it takes what no host and no start of a path makes its own. */
function isOfNobody({ host, path }: RouteMatch): boolean {
  const [pattern, hosts] = [parsePathPattern(path), parseHostPattern(host)];
  return pattern.kind === "path" && pattern.segments[0]?.kind !== "static" && hosts.kind !== "exact";
}

function namesText(names: readonly string[]): string {
  const left = names.length - NAMES_MAX;
  return `${names.slice(0, NAMES_MAX).join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}
