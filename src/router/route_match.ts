/** What a route answers to. The router sorts and matches it; `workload/spec.ts` and the files re-use it. */

/** A host pattern, a path pattern and methods, checked by `parseHostPattern` and `parsePathPattern`. */
export interface RouteMatch {
  /** An exact host, `*.suffix`, or `*`; lower case, without port. */
  readonly host: string;
  /** Static segments, `:name` parameters, and a last `*`: `/`, `/users/:id`, `/files/*`. */
  readonly path: string;
  /** Upper case; undefined is every method. */
  readonly methods: readonly string[] | undefined;
}
