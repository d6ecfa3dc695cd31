/** The span of a request that a guest sends, from its start to the head of the answer, and what the other side hears of it. */
import { latin1ToBytes } from "../../base/latin1.ts";
import type { PendingExchange } from "../../network/http_message.ts";
import { isLoopback } from "../../base/ip_address.ts";
import { isLocalhost } from "../../policy/host_name.ts";
import { parseAuthority } from "../../policy/judge_authority.ts";
import type { SpanParent, TraceSpan } from "../../telemetry/trace.ts";
import type { FieldEntries } from "./exchange.ts";

/** A request on its way out. */
export interface TracedDraft {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string;
  readonly path: string;
  readonly headers: FieldEntries;
}

/** A span, and the fields as they leave. */
export interface TracedSend {
  readonly span: TraceSpan;
  readonly headers: FieldEntries;
}

/**
 * Begins it. What the guest says of its trace by itself leaves as it is; otherwise the operator decides to whom the trace is
 * told, because its number ties together what one workload asks of several others.
 */
export function startSendSpan(trace: SpanParent, draft: TracedDraft): TracedSend {
  const { method, scheme, authority, path, headers } = draft;
  const { host, port, hostField = authority } = parseAuthority(authority, scheme) ?? {};
  const query = path.indexOf("?");
  // As the operator writes it: no port, an IPv6 address in brackets.
  const bareHost = hostField.replace(/:\d+$/, "");
  const facts = {
    "http.request.method": method,
    // Without its query, as in the log.
    "url.full": `${scheme}://${hostField}${query < 0 ? path : path.slice(0, query)}`,
    "server.address": bareHost,
    "server.port": port,
  };
  const span = trace.child(method, { kind: "client", facts });
  const isOwn = headers.some(([name]) => name === "traceparent");
  if (host === undefined || isOwn) return { span, headers };
  const target = host.kind === "name"
    ? { host: host.name, isPrivate: isLocalhost(host.name) }
    : { host: bareHost, isPrivate: isLoopback(host.address) };
  const fields = span.fieldsFor(target);
  if (fields === undefined) return { span, headers };
  const others = headers.filter(([name]) => name !== "tracestate");
  return { span, headers: [...others, ...fields.map(([name, value]) => [name, latin1ToBytes(value)] as const)] };
}

/** Ends it when there is an answer, or none will come. */
export function endAtAnswer(span: TraceSpan, sent: PendingExchange): void {
  const result = sent.result();
  if (result === undefined) return void sent.onReady(() => endAtAnswer(span, sent));
  if ("failed" in result) return endFailed(span, result.failed.tag);
  span.set({ "http.response.status_code": result.status });
  if (result.status < 400) return span.end();
  span.set({ "error.type": String(result.status) });
  span.end(`the answer is ${result.status}`);
}

/** Ends it because nothing was sent, or no answer came. */
export function endFailed(span: TraceSpan, reason: string): void {
  span.set({ "error.type": reason });
  span.end(reason);
}
