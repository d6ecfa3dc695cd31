/**
 * Outgoing HTTP of one guest in a test. The request is checked, its target judged and its name resolved as in production
 * (`planRequest`, `dial`); only the wire is missing: a script answers. What goes to the private loopback and has no script
 * is sent over it by the real client.
 */
import { FailedExchange, HttpClient, type HttpClientOptions } from "../network/http_client.ts";
import type { GuestHttpClient } from "../network/egress.ts";
import type { HttpRequest, PendingExchange, RecheckHttp } from "../network/http_message.ts";
import { planRequest, type RequestPlan } from "../network/http_request_plan.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { AttemptLog } from "./attempts.ts";
import type { HttpTable } from "./http_script.ts";
import type { ScriptedResolver } from "./name_script.ts";
import { ScriptedExchange } from "./scripted_exchange.ts";
import type { TestTime } from "./test_time.ts";

/** What the scripts of a test are. */
export interface ScriptedHttp {
  readonly table: HttpTable;
  readonly resolver: ScriptedResolver;
  readonly attempts: AttemptLog;
  readonly time: TestTime;
}

/** One for each guest. */
export class ScriptedHttpClient implements GuestHttpClient {
  readonly #options: HttpClientOptions;
  readonly #label: GuestLabel;
  readonly #scripts: ScriptedHttp;
  readonly #real: HttpClient;
  readonly #exchanges = new Set<ScriptedExchange>();

  constructor(options: HttpClientOptions, label: GuestLabel, scripts: ScriptedHttp) {
    this.#options = options;
    this.#label = label;
    this.#scripts = scripts;
    this.#real = new HttpClient(options);
  }

  send(request: HttpRequest): PendingExchange {
    const plan = planRequest(request, this.#options.cdnId);
    if ("failed" in plan) {
      request.body?.dispose();
      return new FailedExchange(plan.failed);
    }
    const { table, attempts, resolver, time } = this.#scripts;
    const { slots, dial, isPrivate } = this.#options;
    const url = urlOf(plan);
    const entry = table.find(plan.method, url);
    const isOnLoopback = isPrivate?.(plan.target) === true;
    if (isOnLoopback && entry === undefined) return this.#real.send(request);
    const release = isOnLoopback ? () => {} : slots.take();
    if (release === undefined) {
      request.body?.dispose();
      return new FailedExchange({ tag: "connection-limit-reached" });
    }
    const exchange: ScriptedExchange = new ScriptedExchange({
      request,
      plan,
      url,
      entry,
      label: this.#label,
      attempts,
      time,
      // A script stands in for whoever listens there: nothing is dialled on the loopback.
      dial: isOnLoopback
        ? () => Promise.resolve({ addresses: [] })
        : (signal) => resolver.quietly(() => dial(plan.target, signal)),
      onOver: () => {
        this.#exchanges.delete(exchange);
        release();
      },
    });
    this.#exchanges.add(exchange);
    exchange.start();
    return exchange;
  }

  recheck(isAllowed: RecheckHttp): void {
    for (const exchange of this.#exchanges) exchange.recheck(isAllowed);
    this.#real.recheck(isAllowed);
  }

  reset(): void {
    for (const exchange of this.#exchanges) exchange.stop({ tag: "connection-terminated" });
    this.#real.reset();
  }

  destroy(): void {
    for (const exchange of this.#exchanges) exchange.stop({ tag: "connection-terminated" });
    this.#real.destroy();
  }
}

function urlOf({ target, authority, path }: RequestPlan): string {
  return `${target.scheme}://${authority}${path}`;
}
