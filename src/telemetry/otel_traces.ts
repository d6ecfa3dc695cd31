/** OpenTelemetry's own tracer and exporter (OTLP, JSON over HTTP). Loaded only when there is an endpoint. */
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Clock } from "../base/clock.ts";
import { VERSION } from "../base/version.ts";
import type { EmitEvent } from "./events.ts";
import { OtelTracer } from "./otel_tracer.ts";
import { SpanQueue } from "./span_queue.ts";
import type { SpanCount, Tracer } from "./trace.ts";

/** Where traces go, and which. */
export interface TracesOptions {
  /** Of the collector: `/v1/traces` comes behind its path. */
  readonly endpoint: string;
  /** What part of the requests is recorded: 0 to 1. */
  readonly ratio: number;
  readonly mayTell: (host: string) => boolean;
  /** `service.name`. */
  readonly serviceName: string;
  /** Whom to trust, as PEM. Default: whom the runtime trusts, or what OpenTelemetry's variables say. */
  readonly roots?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly emit: EmitEvent;
}

/** Traces while they are on. */
export interface Traces {
  readonly tracer: Tracer;
  counts(): readonly SpanCount[];
  /** Sends what is left for at most `limitMs`. */
  close(limitMs: number): Promise<void>;
}

/** A collector that has not answered by then will not; the exporter tries again within it. */
const EXPORT_MS_MAX = 5_000;
/** What clients wrote is bounded by the limits of headers already; a trace needs no more than this of it. */
const VALUE_LENGTH_MAX = 1_024;

/** Sends nothing before the first span. */
export function startTraces({ endpoint, ratio, mayTell, serviceName, roots, clock, emit }: TracesOptions): Traces {
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = new OTLPTraceExporter({
    url,
    timeoutMillis: EXPORT_MS_MAX,
    ...(roots !== undefined && { httpAgentOptions: { ca: [...roots] } }),
  });
  const queue = new SpanQueue({ exporter, clock, emit, endpoint: url });
  const provider = new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES stand above it, as everywhere.
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": VERSION }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanLimits: { attributeValueLengthLimit: VALUE_LENGTH_MAX },
    spanProcessors: [queue],
  });
  return {
    tracer: new OtelTracer({ tracer: provider.getTracer("loopgate", VERSION), clock, ratio, mayTell }),
    counts: () => queue.counts,
    close: (limitMs) => queue.close(limitMs),
  };
}
