/**
 * Traces as the rest of the gateway sees them: who does a part of a request opens a span and ends it. Everything here is
 * types: without an endpoint there is no tracer, no span, and nothing of OpenTelemetry is loaded.
 */
import type { TraceContext } from "./trace_context.ts";

/** What is known of a span. Names are those of OpenTelemetry's conventions, and `loopgate.` for our own. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a span begins. */
export interface SpanOptions {
  /** "client": it asks somebody else. Default: a part of the gateway's own work. */
  readonly kind?: "client";
  readonly facts?: SpanFacts;
}

/** What spans hang from. */
export interface SpanParent {
  child(name: string, options?: SpanOptions): TraceSpan;
}

/** Where a request from here goes, as whoever sends it writes it. */
export interface TraceTarget {
  /** A name in lower case, or an address. */
  readonly host: string;
  /** Within the workload: its private loopback. */
  readonly isPrivate: boolean;
}

/** Fields for whoever comes next, names in lower case. */
export type TraceFields = readonly (readonly [name: string, value: string])[];

/** A part of a request. It ends once; what is said of it afterwards counts for nothing. */
export interface TraceSpan extends SpanParent {
  /** Of its trace; undefined: it is not recorded. */
  readonly recordedTraceId: string | undefined;
  /** `traceparent` and `tracestate`, for the guest that does this part. */
  readonly fields: TraceFields;
  /** The same for a request of the guest, when the operator lets its trace go there; undefined: not there. */
  fieldsFor(target: TraceTarget): TraceFields | undefined;
  set(facts: SpanFacts): void;
  /** `error`: what went wrong, for whoever reads the trace. */
  end(error?: string): void;
}

/** A request that came in. */
export interface TracedRequest {
  readonly method: string;
  /** What its client says of its trace. */
  readonly parent: TraceContext | undefined;
  /** The client may decide what is recorded here. */
  readonly isTrusted: boolean;
  readonly facts: SpanFacts;
}

/** One for a gateway. */
export interface Tracer {
  startRequest(request: TracedRequest): TraceSpan;
  /** What a service asks of others belongs to no request: each is a trace of its own. */
  openService(workload: string): SpanParent;
}

/** What became of spans, since the gateway started. */
export interface SpanCount {
  /** Dropped: no collector took them. */
  readonly outcome: "exported" | "dropped";
  /** How many. */
  readonly total: number;
}
