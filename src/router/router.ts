/**
 * The table of routes: of all routes that answer a request's host, path and method, the most specific one.
 * An exact host comes before `*.suffix` (the longest first) before any host; in one host, the path decides
 * (`specificity.ts`). A route that does not answer the method is no candidate, and neither is one of a more
 * specific host whose path differs: the next one gets the request.
 */
import { TrieRouter } from "hono/router/trie-router";
import { parseHostPattern, requestHost } from "./host_pattern.ts";
import { allowedMethods, answersMethod } from "./methods.ts";
import { isRoutablePath, parsePathPattern, type PathPattern } from "./path_pattern.ts";
import type { RouteMatch } from "./route_match.ts";
import { comparePaths } from "./specificity.ts";

/** A route and what it leads to. */
export interface RouterEntry<T> {
  readonly match: RouteMatch;
  readonly target: T;
}

/** What a request leads to. */
export type RouterResult<T> =
  /** `params` has the segments as they were sent, without a prototype. */
  | { readonly kind: "found"; readonly target: T; readonly params: Readonly<Record<string, string>> }
  /** Routes have this host and path, none the method; `allow` is for the Allow field. */
  | { readonly kind: "method-not-allowed"; readonly allow: readonly string[] }
  | { readonly kind: "not-found" };

/** A table of routes; it never changes once it is built. */
export interface Router<T> {
  /**
   * @param host the authority or Host field as sent, with its port; undefined where there was none
   * @param path the path in origin form as sent; a query is ignored
   */
  match(host: string | undefined, path: string, method: string): RouterResult<T>;
}

/** A route as it stands in a host's table. */
interface Candidate<T> {
  readonly target: T;
  readonly path: PathPattern;
  readonly methods: readonly string[] | undefined;
}

/** The routes of one host pattern. Answers with all that have the path, the most specific first. */
type PathTable<T> = TrieRouter<Candidate<T>>;

/** What starts the name of a parameter in hono's table: no path that gets there can hold it. */
const PARAMETER_MARK = ":\0";

/**
 * Builds a router. Ties are settled by order here; `findTies` tells them beforehand.
 *
 * @throws {TypeError} for a pattern that `parseHostPattern` or `parsePathPattern` refuses
 * @example
 * const router = createRouter([{ match: { host: "*", path: "/users/:id", methods: ["GET"] }, target: "users" }]);
 * router.match("example.com:8080", "/users/7", "GET"); // { kind: "found", target: "users", params: { id: "7" } }
 */
export function createRouter<T>(entries: readonly RouterEntry<T>[]): Router<T> {
  const exact = new Map<string, PathTable<T>>();
  const suffixes = new Map<string, PathTable<T>>();
  const any = new Map<"", PathTable<T>>();
  for (const [host, candidates] of groupByHost(entries)) {
    const pattern = parseHostPattern(host);
    if (pattern.kind === "fault") throw new TypeError(`Cannot route host "${host}": ${pattern.is}`);
    const table = pathTable(candidates);
    if (pattern.kind === "exact") exact.set(pattern.host, table);
    else if (pattern.kind === "suffix") suffixes.set(pattern.suffix, table);
    else any.set("", table);
  }
  const search = (host: string | undefined, path: string, method: string): RouterResult<T> => {
    if (!isRoutablePath(path)) return { kind: "not-found" };
    const refused: (readonly string[])[] = [];
    for (const table of tablesFor(requestHost(host), exact, suffixes, any)) {
      const found = firstOf(table, path, method, refused);
      if (found !== undefined) return found;
    }
    if (refused.length === 0) return { kind: "not-found" };
    return { kind: "method-not-allowed", allow: allowedMethods(refused) };
  };
  const known: (Known<T> | undefined)[] = Array.from({ length: KNOWN_COUNT }, () => undefined);
  return {
    match(host, pathWithQuery, method) {
      const query = pathWithQuery.indexOf("?");
      const path = query < 0 ? pathWithQuery : pathWithQuery.slice(0, query);
      if (path.length > KNOWN_PATH_LENGTH_MAX) return search(host, path, method);
      const at = (path.length + 31 * path.charCodeAt(path.length - 1)) % KNOWN_COUNT || 0;
      const last = known[at];
      if (last?.path === path && last.host === host && last.method === method) return last.result;
      const result = search(host, path, method);
      known[at] = { host, path, method, result };
      return result;
    },
  };
}

/** A request and its answer. */
interface Known<T> {
  readonly host: string | undefined;
  readonly path: string;
  readonly method: string;
  readonly result: RouterResult<T>;
}

/** Answers that are remembered, each in the one place for its path: busy routes are few, and no client can make it more. */
const KNOWN_COUNT = 64;
const KNOWN_PATH_LENGTH_MAX = 256;

/** The tables that know a host, the most specific first. */
function* tablesFor<T>(
  host: string,
  exact: ReadonlyMap<string, PathTable<T>>,
  suffixes: ReadonlyMap<string, PathTable<T>>,
  any: ReadonlyMap<"", PathTable<T>>,
): Generator<PathTable<T>> {
  const named = exact.get(host);
  if (named !== undefined) yield named;
  if (suffixes.size > 0 && !host.startsWith("[")) {
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const table = suffixes.get(host.slice(dot + 1));
      if (table !== undefined) yield table;
    }
  }
  const rest = any.get("");
  if (rest !== undefined) yield rest;
}

/** The first route of a table that answers the method; the methods of those that do not are added to `refused`. */
function firstOf<T>(
  table: PathTable<T>,
  path: string,
  method: string,
  refused: (readonly string[])[],
): RouterResult<T> | undefined {
  const [found] = table.match("ALL", path);
  for (const [candidate, values] of found) {
    if (answersMethod(candidate.methods, method)) {
      return { kind: "found", target: candidate.target, params: paramsOf(candidate.path, values) };
    }
    refused.push(candidate.methods ?? []);
  }
  return undefined;
}

/** Values by the pattern's own names; in the table they are numbered, so that routes of one shape share their nodes. */
function paramsOf(path: PathPattern, values: Readonly<Record<string, string | number>>): Record<string, string> {
  const params: Record<string, string> = Object.create(null);
  for (const [index, segment] of path.segments.entries()) {
    if (segment.kind === "parameter") params[segment.name] = String(values[`${PARAMETER_MARK.slice(1)}${index}`]);
  }
  return params;
}

function groupByHost<T>(entries: readonly RouterEntry<T>[]): ReadonlyMap<string, Candidate<T>[]> {
  const groups = new Map<string, Candidate<T>[]>();
  for (const { match, target } of entries) {
    const path = parsePathPattern(match.path);
    if (path.kind === "fault") throw new TypeError(`Cannot route path "${match.path}": ${path.is}`);
    const group = groups.get(match.host) ?? [];
    groups.set(match.host, group);
    group.push({ target, path, methods: match.methods });
  }
  return groups;
}

/**
 * hono's trie goes segment by segment, as our rule does, and answers in the order of registration. Its RegExpRouter
 * is not used: it makes the patterns' text into a regular expression, where `@1` or `:` in a static segment is
 * taken for a mark of its own.
 */
function pathTable<T>(candidates: readonly Candidate<T>[]): PathTable<T> {
  const table: PathTable<T> = new TrieRouter();
  const namesHead = (candidate: Candidate<T>): number => (candidate.methods?.includes("HEAD") === true ? 0 : 1);
  const sorted = candidates.toSorted((a, b) => comparePaths(a.path, b.path) || namesHead(a) - namesHead(b));
  for (const candidate of sorted) {
    const parts = candidate.path.segments.map((segment, index) => {
      if (segment.kind === "static") return segment.text;
      return segment.kind === "parameter" ? `${PARAMETER_MARK}${index}` : "*";
    });
    table.add("ALL", `/${parts.join("/")}`, candidate);
  }
  return table;
}
