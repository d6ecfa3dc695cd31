/** An HTTP exchange in memory: the request is what a test scripts, the answer is recorded. */
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import type {
  FieldEntries,
  HttpErrorCode,
  HttpExchange,
  RequestHead,
  ResponseBody,
  ResponseHead,
} from "../../src/host/http/exchange.ts";
import type { HttpContext } from "../../src/host/http/http_context.ts";
import { FakeSink, FakeSource } from "./fake_streams.ts";

/** What the client sends; what is left out is a GET of http://example.test/ without fields and body. */
export interface FakeRequest extends Partial<Omit<RequestHead, "headers">> {
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** More of the body comes: the test pushes into `exchange.body` and ends it. */
  readonly isBodyOpen?: boolean;
  readonly trailers?: readonly (readonly [name: string, value: string])[];
  /** How many bytes of the answer the client takes; more with `exchange.answer.addRoom`. All of them by default. */
  readonly windowBytes?: number;
}

/** The answer's body as the client got it. Strict: a host that breaks the contract of `ResponseBody` fails the test. */
export class FakeAnswer extends FakeSink implements ResponseBody {
  /** How the body ended for the client; undefined while it is open. */
  ending: "finished" | "aborted" | undefined;
  trailers: FieldEntries | undefined;
  abortReason: string | undefined;

  finish(trailers: FieldEntries | undefined): void {
    this.#end("finished");
    this.trailers = trailers;
  }

  abort(reason: string): void {
    this.#end("aborted");
    this.abortReason = reason;
  }

  override write(bytes: Uint8Array): ReturnType<FakeSink["write"]> {
    if (this.ending !== undefined) throw new Error(`Cannot write: the body is ${this.ending}`);
    return super.write(bytes);
  }

  override dispose(): void {
    throw new Error("Cannot dispose of a response body, expected finish or abort");
  }

  #end(ending: "finished" | "aborted"): void {
    if (this.ending !== undefined) throw new Error(`Cannot end a body twice: it is ${this.ending}`);
    this.ending = ending;
  }
}

/**
 * @example
 * const exchange = new FakeExchange({ method: "POST", body: "hello" });
 * const opened = openExchange(exchange, fakeHttpContext());
 * // ... the guest runs ...
 * exchange.status; // 200
 * exchange.answer.text; // what the client got
 */
export class FakeExchange implements HttpExchange {
  readonly head: RequestHead;
  readonly body = new FakeSource();
  readonly answer: FakeAnswer;
  /** What `respond` was called with. */
  responded: ResponseHead | undefined;
  /** What `fail` was called with. */
  failed: HttpErrorCode | undefined;
  #trailers: FieldEntries | undefined;

  constructor(request: FakeRequest = {}) {
    const { headers, body = "", isBodyOpen = false, trailers, windowBytes, ...head } = request;
    this.head = {
      method: "GET",
      scheme: "http",
      authority: "example.test",
      pathWithQuery: "/",
      ...head,
      headers: fieldEntries(headers ?? []),
    };
    this.answer = new FakeAnswer(windowBytes);
    this.#trailers = trailers === undefined ? undefined : fieldEntries(trailers);
    if (body !== "") this.body.push(body);
    if (!isBodyOpen) this.body.end();
  }

  get status(): number | undefined {
    return this.responded?.status;
  }

  /** The response's field lines as text, in order. */
  get responseFields(): readonly (readonly [string, string])[] {
    return fieldTexts(this.responded?.headers ?? []);
  }

  trailers(): FieldEntries | undefined {
    return this.#trailers;
  }

  respond(head: ResponseHead): ResponseBody {
    this.#assertUnanswered();
    this.responded = head;
    return this.answer;
  }

  fail(code: HttpErrorCode): void {
    this.#assertUnanswered();
    this.failed = code;
  }

  #assertUnanswered(): void {
    if (this.responded !== undefined || this.failed !== undefined) throw new Error("Cannot answer an exchange twice");
  }
}

/** A guest's context for `wasi:http`, with what it counted and emitted. */
export interface FakeHttpContext extends HttpContext {
  readonly events: readonly GatewayEvent[];
}

export function fakeHttpContext(): FakeHttpContext {
  const events: GatewayEvent[] = [];
  return {
    label: { workload: "demo", route: "api", role: "component" },
    counters: new LiveCounters(),
    emit: (event) => events.push(event),
    events,
  };
}

/** Field lines from text, each character one byte. */
export function fieldEntries(lines: readonly (readonly [name: string, value: string])[]): FieldEntries {
  return lines.map(([name, value]) => [name, Uint8Array.from(value, (character) => character.charCodeAt(0))]);
}

/** Field lines as text, each byte one character. */
export function fieldTexts(entries: FieldEntries): readonly (readonly [string, string])[] {
  return entries.map(([name, value]) => [name, String.fromCharCode(...value)]);
}
