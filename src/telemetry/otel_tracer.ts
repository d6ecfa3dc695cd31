/** The gateway's spans by the API of OpenTelemetry: whatever tracer stands behind it makes and samples them. */
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelApiTracer,
} from "@opentelemetry/api";
import type { Clock } from "../base/clock.ts";
import type {
  SpanFacts,
  SpanOptions,
  SpanParent,
  TracedRequest,
  TraceFields,
  Tracer,
  TraceSpan,
  TraceTarget,
} from "./trace.ts";
import { type TraceContext, traceparentOf } from "./trace_context.ts";

/** How spans are made. */
export interface OtelTracerOptions {
  /** Follows the decision of a parent, and decides by the ratio where there is none. */
  readonly tracer: OtelApiTracer;
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  /** Of the requests that a client wants recorded, this part is: 0 to 1. */
  readonly ratio: number;
  /** Whether the trace of a request may be told to a host outside of its workload. */
  readonly mayTell: (host: string) => boolean;
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Of one request: a guest that connects without end must not push the spans of its neighbours out of the queue. */
const CHILDREN_MAX = 64;

/** The same of one service: the queue takes some hundreds in a second from all. */
const SERVICE_SPANS_PER_S = 32;

/** What is sent as a method that nobody knows has one name, so that names of spans are few. */
const METHODS: ReadonlySet<string> = new Set("GET HEAD POST PUT DELETE PATCH OPTIONS TRACE QUERY".split(" "));

/** One for a gateway. */
export class OtelTracer implements Tracer {
  readonly #options: OtelTracerOptions;

  constructor(options: OtelTracerOptions) {
    this.#options = options;
  }

  /**
   * The client's trace goes on here, but it cannot have recorded what the operator's ratio would not: a client asks for
   * less at most, unless it is trusted.
   */
  startRequest({ method, parent, isTrusted, facts }: TracedRequest): TraceSpan {
    const { ratio, random = Math.random } = this.#options;
    const isKnown = METHODS.has(method);
    const named = { "http.request.method": isKnown ? method : "_OTHER", ...facts };
    const isSampled = parent?.isSampled === true && (isTrusted || random() < ratio);
    const context = parent === undefined ? ROOT_CONTEXT : contextOf({ ...parent, isSampled });
    return this.#start(isKnown ? method : "HTTP", { context, facts: named });
  }

  openService(workload: string): SpanParent {
    const facts = { "loopgate.workload": workload, "loopgate.role": "service" };
    let second = { atMs: -Infinity, left: 0 };
    return {
      child: (name, options = {}) => {
        const nowMs = this.#options.clock.monotonicMs();
        if (nowMs - second.atMs >= 1_000) second = { atMs: nowMs, left: SERVICE_SPANS_PER_S };
        if (second.left === 0) return NO_SPAN;
        second.left--;
        return this.#start(name, {
          context: ROOT_CONTEXT,
          facts: { ...facts, ...options.facts },
          kind: kindOf(options.kind),
        });
      },
    };
  }

  #start(name: string, { context, facts, kind = SpanKind.SERVER }: {
    readonly context: Context;
    readonly facts: SpanFacts;
    readonly kind?: SpanKind;
  }): TraceSpan {
    const { tracer, clock, mayTell } = this.#options;
    // Spans of one trace go by one offset, so that a correction of the machine's clock turns none of them around.
    const offsetMs = clock.wallMs() - clock.monotonicMs();
    const nowMs = (): number => offsetMs + clock.monotonicMs();
    const options = { kind, attributes: attributesOf(facts), startTime: nowMs() };
    const span = tracer.startSpan(name, options, context);
    if (!span.isRecording()) return new UnrecordedSpan(span, mayTell);
    const childrenLeft = { count: CHILDREN_MAX };
    return new RecordedSpan(span, { tracer, context: trace.setSpan(context, span), nowMs, mayTell, childrenLeft });
  }
}

interface SpanTools {
  readonly tracer: OtelApiTracer;
  readonly context: Context;
  /** Since 1970. */
  readonly nowMs: () => number;
  readonly mayTell: (host: string) => boolean;
  /** Of the whole request. */
  readonly childrenLeft: { count: number };
}

class RecordedSpan implements TraceSpan {
  readonly #span: Span;
  readonly #tools: SpanTools;

  constructor(span: Span, tools: SpanTools) {
    this.#span = span;
    this.#tools = tools;
  }

  get recordedTraceId(): string {
    return this.#span.spanContext().traceId;
  }

  get fields(): TraceFields {
    return fieldsOf(this.#span);
  }

  fieldsFor(target: TraceTarget): TraceFields | undefined {
    return mayGoTo(target, this.#tools.mayTell) ? this.fields : undefined;
  }

  child(name: string, { kind, facts }: SpanOptions = {}): TraceSpan {
    const { tracer, context, nowMs, mayTell, childrenLeft } = this.#tools;
    if (childrenLeft.count === 0) return new UnrecordedSpan(this.#span, mayTell);
    childrenLeft.count--;
    const options = { kind: kindOf(kind), attributes: attributesOf(facts), startTime: nowMs() };
    const span = tracer.startSpan(name, options, context);
    return new RecordedSpan(span, { ...this.#tools, context: trace.setSpan(context, span) });
  }

  set(facts: SpanFacts): void {
    this.#span.setAttributes(attributesOf(facts));
    const route = facts["http.route"];
    const method = facts["http.request.method"];
    if (route !== undefined && method !== undefined) this.#span.updateName(`${method} ${route}`);
  }

  end(error?: string): void {
    if (!this.#span.isRecording()) return;
    if (error !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    this.#span.end(this.#tools.nowMs());
  }
}

/** Is not recorded, and none of its parts are; whoever comes next hears what `span` says. */
class UnrecordedSpan implements TraceSpan {
  readonly recordedTraceId = undefined;
  readonly #span: Span;
  readonly #mayTell: (host: string) => boolean;

  constructor(span: Span, mayTell: (host: string) => boolean) {
    this.#span = span;
    this.#mayTell = mayTell;
  }

  get fields(): TraceFields {
    return fieldsOf(this.#span);
  }

  fieldsFor(target: TraceTarget): TraceFields | undefined {
    return mayGoTo(target, this.#mayTell) ? this.fields : undefined;
  }

  child(): TraceSpan {
    return this;
  }

  set(): void {}

  end(): void {}
}

/** Past a limit where no trace is known that could go on. */
const NO_SPAN: TraceSpan = {
  recordedTraceId: undefined,
  fields: [],
  fieldsFor: () => undefined,
  child: () => NO_SPAN,
  set() {},
  end() {},
};

function mayGoTo({ host, isPrivate }: TraceTarget, mayTell: (host: string) => boolean): boolean {
  return isPrivate || mayTell(host);
}

function kindOf(kind: SpanOptions["kind"]): SpanKind {
  return kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL;
}

function contextOf({ traceId, spanId, isSampled, state }: TraceContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  });
}

function fieldsOf(span: Span): TraceFields {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  const parent = ["traceparent", traceparentOf({ traceId, spanId, isSampled })] as const;
  const state = traceState?.serialize() ?? "";
  return state === "" ? [parent] : [parent, ["tracestate", state]];
}

function attributesOf(facts: SpanFacts | undefined): Attributes {
  return Object.fromEntries(Object.entries(facts ?? {}).filter(([, value]) => value !== undefined));
}
