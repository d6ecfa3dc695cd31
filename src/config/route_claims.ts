/**
 * What a route file says of the requests that it answers, read as far as it can be where the file has faults: while its
 * workload is left out nobody else gets what is meant for it. Pure.
 */
import * as v from "valibot";
import type { RouteMatch } from "../router/route_match.ts";
import { ROUTE_MATCH } from "./definition.ts";
import { type ConfigDocument, type Node, propertiesOf, valueOf } from "./document.ts";

/** A route of a workload that is left out. */
export interface ClaimedRoute {
  /** The file's name without its ending. */
  readonly name: string;
  /** Its path. */
  readonly file: string;
  /** Which requests are meant for it; where only its methods cannot be read, those of every method. */
  readonly match: RouteMatch;
}

/** The routes of a workload with faults. */
export interface RouteClaims {
  /** Those whose host and path can be read. */
  readonly routes: readonly ClaimedRoute[];
  /** There are others: which requests are meant for them is not known. */
  readonly isPartial: boolean;
}

/** What can be read of a route's match. */
export interface ReadMatch {
  readonly match: RouteMatch;
  /** Its methods too: what the file says, no more. */
  readonly isExact: boolean;
}

/** Undefined: its host or its path cannot be read, or stands where a fault of the syntax makes it a guess. */
export function readMatch({ root, soundEnd }: ConfigDocument): ReadMatch | undefined {
  const node = root && onlyValue(root, "match");
  // Of two keys of one name nobody knows which one counts; and where the syntax breaks at its end, more may have been meant to follow.
  if (node === undefined || node.offset + node.length >= soundEnd) return undefined;
  const names = propertiesOf(node).map(({ name }) => name);
  const whole = v.safeParse(ROUTE_MATCH, valueOf(node));
  if (whole.success && new Set(names).size === names.length) return { match: matchOf(whole.output), isExact: true };
  const parts: Record<string, unknown> = {};
  for (const name of ["host", "path"].filter((each) => names.includes(each))) {
    const value = onlyValue(node, name);
    if (value === undefined) return undefined;
    parts[name] = valueOf(value);
  }
  const read = v.safeParse(ROUTE_MATCH, parts);
  return read.success ? { match: matchOf(read.output), isExact: false } : undefined;
}

/** Of a checked `match`. */
export function matchOf({ host = "*", path, methods }: v.InferOutput<typeof ROUTE_MATCH>): RouteMatch {
  return { host, path, methods };
}

function onlyValue(node: Node, name: string): Node | undefined {
  const found = propertiesOf(node).filter((property) => property.name === name);
  return found.length === 1 ? found[0]?.value : undefined;
}
