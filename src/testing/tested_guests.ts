/** What a component and a workload under test have in common: what happened, time, and the end. */
import type { Attempt } from "./attempts.ts";
import type { OutputLine, TestWorld } from "./test_world.ts";
import { CLIENT_ADDRESS, requestOf, webRequestOf } from "./web_request.ts";
import type { Router } from "../router/router.ts";
import type { Destination } from "../server/http_app.ts";
import { serveWebRequest } from "../server/web_exchange.ts";
import { TrustedProxies } from "../server/trusted_proxies.ts";

/** How guests under test are ended. */
export interface TestedGuestsOptions {
  readonly world: TestWorld;
  readonly close: () => Promise<void>;
}

/** A test is asked by its client alone. */
const NO_PROXIES = new TrustedProxies();

/** Made by `testComponent` and `testWorkload`; close it, or declare it with `await using`. */
export class TestedGuests {
  protected readonly world: TestWorld;
  readonly #close: () => Promise<void>;
  readonly #served = new Set<Promise<void>>();
  #requests = 0;
  #closed: Promise<void> | undefined;

  constructor({ world, close }: TestedGuestsOptions) {
    this.world = world;
    this.#close = close;
  }

  /**
   * What guests tried to reach until now, in order: connects, datagrams, requests, lookups, and what the policy denied.
   *
   * @example assert.deepEqual(component.attempts().map(({ target }) => target), ["127.0.0.1:7777"]);
   */
  attempts(): readonly Attempt[] {
    return this.world.attempts.list();
  }

  /** Whole lines of stdout and stderr until now. */
  lines(): readonly OutputLine[] {
    return this.world.lines();
  }

  /**
   * The files that guests have in common as they are now, by path: what they wrote, and what was there. As text.
   *
   * @example assert.equal(component.files()["/data/count"], "1");
   */
  files(): Readonly<Record<string, string>> {
    return this.world.files();
  }

  /** Why the gateway answered by itself or broke an answer off, in its words for the operator: traps, limits, no answer. */
  failures(): readonly string[] {
    return [...this.world.failures];
  }

  /** What the wall clock of the guests says. */
  get now(): Date {
    return new Date(this.world.time.clock.wallMs());
  }

  /**
   * Lets `ms` of the guests' time pass: each timer at its own time, and all that it sets in motion before the next.
   *
   * @example
   * const answer = component.fetch("/slow"); // with time: "stands"
   * await component.advance(5_000);
   * assert.equal((await answer).status, 504);
   */
  advance(ms: number): Promise<void> {
    return this.world.time.advance(ms);
  }

  /**
   * Ends the guests. Idempotent.
   *
   * @throws {ScriptError} when a guest tried what no script answers, a script threw, or no guest needed a script
   */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    this.#closed = (async () => {
      await this.#close();
      await Promise.allSettled(this.#served);
    })();
    await this.#closed;
    this.world.attempts.check();
    this.world.checkUsed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected async serve(
    router: Router<Destination>,
    input: string | URL | Request,
    init?: RequestInit,
  ): Promise<Response> {
    const { world } = this;
    const { time } = world;
    const leave = time.enter();
    const request = webRequestOf(requestOf(input, init)).finally(leave);
    const answer = request.then((whole) =>
      serveWebRequest(whole, {
        requestId: `test-request-${++this.#requests}`,
        router,
        activity: time,
        remoteAddress: CLIENT_ADDRESS,
        proxies: NO_PROXIES,
        onFailure: ({ code, text }) => world.failures.push(`${text} [${code}]`),
        onServed: (_exchange, _destination, served) => {
          this.#served.add(served);
          // Who waits for it is told of its failure.
          served.catch(() => {}).finally(() => this.#served.delete(served));
        },
      })
    );
    const response = await time.during(answer);
    world.attempts.check();
    return response;
  }
}
