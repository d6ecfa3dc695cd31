/** A collector of traces for tests: OTLP over HTTP, JSON, on the machine's loopback. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { eventually } from "./http_harness.ts";

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined or empty: the first of its trace. */
  readonly parentSpanId?: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly traceState?: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  readonly endpoint: string;
  /** How it was asked: `POST /v1/traces application/json`. */
  readonly asked: string[];
  readonly spans: ReceivedSpan[];
  /** What it answers; 200 unless a test says otherwise. */
  status: number;
  /** Waits for the span of a request with this name, and gives all of its trace. */
  trace(isRoot: (span: ReceivedSpan) => boolean): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

/** Key and certificate, as PEM. */
interface ServerTls {
  readonly key: string;
  readonly cert: string;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, "attributes" | "resource"> & {
        readonly attributes: readonly OtlpAttribute[];
      })[];
    }[];
  }[];
}

/** With `tls` it is asked over https, and has a certificate of the test's own root. */
export async function startOtlpReceiver({ tls }: { readonly tls?: ServerTls } = {}): Promise<OtlpReceiver> {
  const asked: string[] = [];
  const spans: ReceivedSpan[] = [];
  const serve: RequestListener = (request, response) => {
    const parts: Uint8Array[] = [];
    request.on("data", (part: Uint8Array) => parts.push(part));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
      if (receiver.status === 200) spans.push(...spansOf(JSON.parse(Buffer.concat(parts).toString()) as OtlpBody));
      response.writeHead(receiver.status, { "content-type": "application/json" }).end("{}");
    });
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const receiver: OtlpReceiver = {
    endpoint: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    asked,
    spans,
    status: 200,
    async trace(isRoot) {
      await eventually(() => spans.some(isRoot));
      const root = spans.find(isRoot);
      return spans.filter(({ traceId }) => traceId === root?.traceId);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

function spansOf({ resourceSpans }: OtlpBody): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: valuesOf(span.attributes),
        resource: valuesOf(resource.attributes),
      }))
    )
  );
}

function valuesOf(attributes: readonly OtlpAttribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** Waits for a turn are left out: whether there is one depends on the machine. The tree below the spans whose parent is not among them, as lines: `GET /a > guest > connect`, in the order of their starts. */
export function treeOf(spans: readonly ReceivedSpan[]): readonly string[] {
  const ids = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (span: ReceivedSpan): string => {
    const parent = ids.get(span.parentSpanId ?? "");
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  const shown = spans.filter(({ attributes }) => attributes["loopgate.waits_for"] !== "turn");
  return shown.toSorted((one, other) => {
    return BigInt(one.startTimeUnixNano) < BigInt(other.startTimeUnixNano) ? -1 : 1;
  }).map(pathOf);
}
