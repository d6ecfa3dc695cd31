/** A router whose routes can be exchanged while it answers: what `reload` swaps. */
import { createRouter, type Router, type RouterEntry, type RouterResult } from "./router.ts";

/** Every match is answered by one whole table: by the old one up to `replace`, by the new one from then on. */
export class RouterTable<T> implements Router<T> {
  #router: Router<T> = createRouter<T>([]);

  match(host: string | undefined, path: string, method: string): RouterResult<T> {
    return this.#router.match(host, path, method);
  }

  /**
   * Takes over all routes in one step.
   *
   * @throws {TypeError} as `createRouter`; the old routes then stay
   */
  replace(entries: readonly RouterEntry<T>[]): void {
    this.#router = createRouter(entries);
  }
}
