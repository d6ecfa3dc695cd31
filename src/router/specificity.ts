/** Which of two routes is the more specific one, and which say the same. */
import { shareMethod } from "./methods.ts";
import { parseHostPattern } from "./host_pattern.ts";
import { parsePathPattern, type PathPattern, type PathSegment } from "./path_pattern.ts";
import type { RouteMatch } from "./route_match.ts";

/** Two entries that answer the same requests; `second` is the later one of the input. */
export interface Tie<Entry> {
  readonly first: Entry;
  readonly second: Entry;
}

/**
 * Below 0 when `first` is tried before `second`: segment by segment, the end of the pattern before a static segment
 * before a parameter before a wildcard. (Only patterns that differ there can both match one path.)
 */
export function comparePaths(first: PathPattern, second: PathPattern): number {
  const length = Math.max(first.segments.length, second.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = segmentRank(first.segments[index]) - segmentRank(second.segments[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Routes that tie: the same host, a path of the same shape (names of parameters aside) and a method in common.
 * Nothing in the files says which one should answer, so they are a fault of the configuration. Each entry is
 * reported once, against the first one it ties with. Entries whose patterns cannot be read are passed over.
 */
export function findTies<Entry extends { readonly match: RouteMatch }>(
  entries: readonly Entry[],
): readonly Tie<Entry>[] {
  const groups = new Map<string, Entry[]>();
  const ties: Tie<Entry>[] = [];
  for (const entry of entries) {
    const shape = shapeOf(entry.match);
    if (shape === undefined) continue;
    const group = groups.get(shape) ?? [];
    groups.set(shape, group);
    const first = group.find((other) => shareMethod(other.match.methods, entry.match.methods));
    if (first !== undefined) ties.push({ first, second: entry });
    group.push(entry);
  }
  return ties;
}

function segmentRank(segment: PathSegment | undefined): number {
  switch (segment?.kind) {
    case undefined:
      return 0;
    case "static":
      return 1;
    case "parameter":
      return 2;
    case "wildcard":
      return 3;
  }
}

/** Equal for matches that differ in nothing but methods and names. A blank is in no pattern, so it parts the two. */
function shapeOf(match: RouteMatch): string | undefined {
  const path = parsePathPattern(match.path);
  if (path.kind === "fault" || parseHostPattern(match.host).kind === "fault") return undefined;
  const segments = path.segments.map((segment) => {
    return segment.kind === "static" ? segment.text : segment.kind === "parameter" ? ":" : "*";
  });
  return `${match.host} ${segments.join("/")}`;
}
