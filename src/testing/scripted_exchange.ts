/** One outgoing request that a script answers. */
import type { ByteSource } from "../base/byte_stream.ts";
import { ALWAYS_READY, untilReady, WaitList } from "../base/waitable.ts";
import { bodySizeFailure, type HttpFailure, httpFailure } from "../network/http_failure_table.ts";
import { HTTP_LIMITS } from "../network/http_limits.ts";
import type {
  DialOutcome,
  HttpAnswer,
  HttpFields,
  HttpRequest,
  PendingExchange,
  RecheckHttp,
} from "../network/http_message.ts";
import type { RequestPlan } from "../network/http_request_plan.ts";
import { latin1ToBytes } from "../base/latin1.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { AttemptLog, LiveAttempt } from "./attempts.ts";
import type { HttpEntry, SentRequest } from "./http_script.ts";
import { feed, QueueSource } from "../server/queue_source.ts";
import type { TestTime } from "./test_time.ts";

/** What an exchange is made of. */
export interface ScriptedExchangeOptions {
  readonly request: HttpRequest;
  readonly plan: RequestPlan;
  readonly url: string;
  readonly entry: HttpEntry | undefined;
  readonly label: GuestLabel;
  readonly attempts: AttemptLog;
  readonly time: TestTime;
  /** Judges the target, and resolves its name. */
  readonly dial: (signal: AbortSignal) => Promise<DialOutcome>;
  /** Called once, when nothing of it is held any more. */
  readonly onOver: () => void;
}

const READ_BYTES = 65_536;

/** Ready when the script has answered, or failed. */
export class ScriptedExchange implements PendingExchange {
  readonly #options: ScriptedExchangeOptions;
  readonly #waiters = new WaitList();
  readonly #abort = new AbortController();
  readonly #body = new QueueSource();
  #result: HttpAnswer | { readonly failed: HttpFailure } | undefined;
  #isOver = false;

  constructor(options: ScriptedExchangeOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  result(): HttpAnswer | { readonly failed: HttpFailure } | undefined {
    return this.#result;
  }

  isReady(): boolean {
    return this.#result !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  dispose(): void {
    this.stop({ tag: "connection-terminated" });
  }

  /** Ends it, with `failed` where the guest still waits. Idempotent. */
  stop(failed: HttpFailure): void {
    this.#abort.abort();
    this.#body.finish({ message: "The request was ended", httpCode: failed });
    this.#options.request.body?.dispose();
    this.#settle({ failed });
    this.#over();
  }

  recheck(isAllowed: RecheckHttp): void {
    if (!isAllowed(this.#options.plan.target, undefined)) this.stop({ tag: "HTTP-request-denied" });
  }

  async #run(): Promise<void> {
    const { request, dial } = this.#options;
    const dialled = await dial(this.#abort.signal);
    if ("connection" in dialled) dialled.connection.end("close");
    if (this.#isOver) return request.body?.dispose();
    if ("failed" in dialled) {
      request.body?.dispose();
      // What the policy denied is told by the policy.
      if (dialled.failed.tag !== "HTTP-request-denied") this.#begin("failed", dialled.failed.tag);
      return this.stop(dialled.failed);
    }
    const body = await this.#readBody();
    if (this.#isOver) return;
    if (!(body instanceof Uint8Array)) return this.stop(body.failed);
    await this.#answer(body);
  }

  async #answer(body: Uint8Array): Promise<void> {
    const { entry, request } = this.#options;
    if (entry === undefined) {
      this.#begin("unscripted", undefined).sent.add(body);
      return this.stop({ tag: "connection-refused" });
    }
    const { answer, delayMs } = entry.script;
    const attempt = this.#begin("answered", undefined);
    attempt.sent.add(body);
    const timeoutMs = Math.min(request.firstByteTimeoutMs ?? Infinity, HTTP_LIMITS.firstByteTimeoutMs);
    const isLate = answer === "never" || delayMs > timeoutMs;
    await this.#pass(isLate ? timeoutMs : delayMs);
    if (this.#isOver) return;
    if (isLate) return this.#fail(attempt, httpFailure("connection-read-timeout"));
    if (typeof answer === "string") return this.#fail(attempt, httpFailure(answer));
    const leave = this.#options.time.enter();
    let response: Response;
    try {
      response = await answer(this.#sentRequest(body));
    } catch (error) {
      this.#options.attempts.fault(`http["${entry.key}"]`, error);
      return this.stop({ tag: "connection-terminated" });
    } finally {
      leave();
    }
    this.#respond(response, attempt);
  }

  #fail(attempt: LiveAttempt, failed: HttpFailure): void {
    attempt.verdict = "failed";
    attempt.detail = failed.tag;
    this.stop(failed);
  }

  #respond(response: Response, attempt: LiveAttempt): void {
    if (this.#isOver) return;
    attempt.detail = String(response.status);
    const headers: HttpFields = [...response.headers].map(([name, value]) => [name, latin1ToBytes(value)]);
    const body = this.#body;
    const done = (): void => this.#over();
    if (response.body === null) {
      body.finish("closed");
      done();
    } else {
      const failure = { message: "", httpCode: { tag: "HTTP-response-incomplete" } };
      const { time } = this.#options;
      void feed(body, response.body, {
        enter: () => time.enter(),
        onBytes: (bytes) => attempt.received.add(bytes),
        failure,
      })
        .then(done);
    }
    this.#settle({
      status: response.status,
      headers,
      body: {
        isReady: () => body.isReady(),
        onReady: (wake) => body.onReady(wake),
        read: (max) => body.read(max),
        dispose: () => {
          body.dispose();
          done();
        },
      },
      trailers: () => undefined,
    });
  }

  /** All of it; what is no more or less than the guest declared. */
  async #readBody(): Promise<Uint8Array | { readonly failed: HttpFailure }> {
    const { request: { body }, plan: { contentLength } } = this.#options;
    const whole = body === undefined ? new Uint8Array(0) : await readWhole(body, () => this.#isOver);
    body?.dispose();
    if (!(whole instanceof Uint8Array)) return { failed: bodySizeFailure(whole.broke) };
    const isDeclared = contentLength === undefined || contentLength === whole.length;
    return isDeclared ? whole : { failed: bodySizeFailure(whole.length) };
  }

  #sentRequest(body: Uint8Array): SentRequest {
    const { plan, url } = this.#options;
    const headers = new Headers();
    for (let at = 0; at + 1 < plan.headers.length; at += 2) {
      headers.append(plan.headers[at] ?? "", plan.headers[at + 1] ?? "");
    }
    const text = (): string => new TextDecoder().decode(body);
    return { method: plan.method, url, headers, body, text, json: () => JSON.parse(text()) as unknown };
  }

  #begin(verdict: LiveAttempt["verdict"], detail: string | undefined): LiveAttempt {
    const { attempts, label, plan, url } = this.#options;
    const start = { label, operation: "http-request", target: `${plan.method} ${url}` };
    const attempt = verdict === "unscripted"
      ? attempts.unscripted(start, `http: { "${start.target}": http.answers("...") }`)
      : attempts.begin(start);
    attempt.verdict = verdict;
    attempt.detail = detail;
    return attempt;
  }

  async #pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => void this.#options.time.clock.startTimer(ms, resolve));
  }

  #settle(result: HttpAnswer | { readonly failed: HttpFailure }): void {
    if (this.#result !== undefined) return;
    this.#result = result;
    this.#waiters.wakeAll();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onOver();
  }
}

/** Everything up to the end, or how many bytes came before it broke off. */
async function readWhole(
  body: ByteSource,
  isOver: () => boolean,
): Promise<Uint8Array | { readonly broke: number }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    await untilReady(body);
    if (isOver()) return { broke: length };
    const part = body.read(READ_BYTES);
    if (part === "closed") break;
    if (!(part instanceof Uint8Array)) return { broke: length };
    parts.push(part);
    length += part.length;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
