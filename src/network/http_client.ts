/**
 * Outgoing HTTP/1.1 for one component (or one service), without a word of WIT: `send` takes a request whose target was
 * parsed and judged, and gives an exchange that ends in an answer or in exactly one code of `http_failure_table.ts`.
 *
 * What the caller may rely on:
 * - Only addresses that `dial` returned are connected to, and only for the target it was asked about. The name lives on as
 *   Host, SNI and in the certificate check; nothing here resolves one. Redirects, proxies, cookies, Alt-Svc and content
 *   codings are not looked at.
 * - Connections are kept alive per client and per target, never shared with another client. Before one serves again,
 *   `stillAllowed` is asked about the address behind it; that the name may still be used is judged before `send`.
 * - `slots` is the workload's: when all are taken, the longest idle connection of any of its clients goes; when none is
 *   idle, the request fails with `connection-limit-reached`. A connection to the private loopback takes none.
 * - Bodies flow with back-pressure, one window (`WINDOW_BYTES`) ahead each way. A body that ends before its declared
 *   length, or is longer, or fails, is never sent as a whole one.
 * - A request that gives `trailers` gets a connection of its own and goes over `node:http`, all others over undici.
 *   `mayHaveTrailers` says which requests of a guest should.
 * - CDN-Loop: see `http_cdn_loop.ts`; the caller passes what the request that is being answered carried.
 * - `expect` is not passed on: the body is sent at once. 1xx answers are skipped.
 * - Each code but those of `dial` is found here, before any packet where it can be: `result()` is then there at once.
 */
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import { ALWAYS_READY } from "../base/waitable.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { checkCdnId } from "./http_cdn_loop.ts";
import { HttpConnectionPool } from "./http_connection_pool.ts";
import type { Slots } from "./connection_slots.ts";
import { HttpExchange } from "./http_exchange.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import { HTTP_LIMITS, type HttpLimits } from "./http_limits.ts";
import type { DialHttp, HttpRequest, HttpTarget, PendingExchange, RecheckHttp, StillAllowed } from "./http_message.ts";
import { planRequest } from "./http_request_plan.ts";
import type { TlsTrust } from "./tls_trust.ts";

/** What the client needs of the world. */
export interface HttpClientOptions {
  readonly dial: DialHttp;
  readonly stillAllowed: StillAllowed;
  /** Of the gateway: it holds certificates only. */
  readonly trust: TlsTrust;
  /** Of the workload. */
  readonly slots: Slots;
  /** Whether a target is on the private loopback, which has limits of its own; by default none is. */
  readonly isPrivate?: (target: HttpTarget) => boolean;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** This gateway's name in CDN-Loop: the same for all its clients, and nobody else's. */
  readonly cdnId: string;
  readonly limits?: Partial<HttpLimits>;
  /** See `Egress`. */
  readonly locate?: (judged: SocketAddress) => SocketAddress;
}

/** `open` until `close` or `destroy`; then nothing more is sent. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #limits: HttpLimits;
  readonly #pool: HttpConnectionPool;
  readonly #exchanges = new Set<HttpExchange>();
  readonly #onIdle: (() => void)[] = [];
  #isOpen = true;

  constructor(options: HttpClientOptions) {
    checkCdnId(options.cdnId);
    this.#options = options;
    this.#limits = { ...HTTP_LIMITS, ...options.limits };
    this.#pool = new HttpConnectionPool(options);
  }

  /** Exchanges under way; zero after every test. */
  get exchanges(): number {
    return this.#exchanges.size;
  }

  /** Connections that wait for another request. */
  get idleConnections(): number {
    return this.#pool.size;
  }

  /** Sends `request`. Its body is the client's from now on, whatever comes of it. */
  send(request: HttpRequest): PendingExchange {
    const plan = this.#isOpen ? planRequest(request, this.#options.cdnId) : { failed: CLOSED };
    if ("failed" in plan) {
      request.body?.dispose();
      return new FailedExchange(plan.failed);
    }
    const { clock, counters } = this.#options;
    // It may be over before its constructor returns.
    let exchange: HttpExchange | undefined;
    let isOver = false;
    exchange = new HttpExchange({
      request,
      plan,
      connections: this.#pool,
      limits: this.#limits,
      clock,
      counters,
      onOver: () => {
        isOver = true;
        if (exchange !== undefined) this.#exchanges.delete(exchange);
        if (this.#exchanges.size === 0) this.#idle();
      },
    });
    if (!isOver) this.#exchanges.add(exchange);
    return exchange;
  }

  /**
   * What may be reached has changed: `isAllowed` is asked about each exchange, with the address behind it as far as it is
   * known, and one that is not allowed any more ends with `HTTP-request-denied`; so do idle connections that
   * `stillAllowed` says no to.
   */
  recheck(isAllowed: RecheckHttp): void {
    for (const exchange of this.#exchanges) exchange.recheck(isAllowed);
    this.#pool.recheck();
  }

  /** Ends what is under way and what is idle; more can be sent afterwards. */
  reset(): void {
    for (const exchange of this.#exchanges) exchange.stop({ tag: "connection-terminated" });
    this.#pool.clear();
  }

  /** Sends nothing more; resolves when what is under way has come to its end. Idempotent. */
  close(): Promise<void> {
    this.#isOpen = false;
    this.#pool.close();
    if (this.#exchanges.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
    });
  }

  /** Ends everything now. Idempotent, also after `close`. */
  destroy(): void {
    this.#isOpen = false;
    for (const exchange of this.#exchanges) exchange.stop({ tag: "connection-terminated" });
    this.#pool.close();
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

/** The methods whose requests usually have no content; a guest that sends some has to announce its trailers. */
const BODYLESS_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/**
 * Whether `trailers` should be given for a request that has a body: a guest says what follows its body only at the end, so
 * every chunked one may have some. That costs it a connection of its own, which is spared where trailers are unheard of.
 */
export function mayHaveTrailers({ method, headers, body }: Pick<HttpRequest, "method" | "headers" | "body">): boolean {
  if (body === undefined) return false;
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  if (names.has("content-length")) return false;
  return names.has("trailer") || !BODYLESS_METHODS.has(method);
}

const CLOSED: HttpFailure = { tag: "internal-error", val: "the client is closed" };

/** A request that was never sent. */
export class FailedExchange implements PendingExchange {
  readonly #result: { readonly failed: HttpFailure };
  constructor(failed: HttpFailure) {
    this.#result = { failed };
  }
  result(): { readonly failed: HttpFailure } {
    return this.#result;
  }
  isReady(): boolean {
    return true;
  }
  onReady(wake: () => void): () => void {
    return ALWAYS_READY.onReady(wake);
  }
  dispose(): void {}
}
