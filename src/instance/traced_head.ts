/** What a guest reads of its request where there are traces: the span that it works in, and not what its client said of the trace. */
import { latin1ToBytes } from "../base/latin1.ts";
import type { RequestHead } from "../host/http/exchange.ts";
import type { TraceFields } from "../telemetry/trace.ts";

/** Fields that the gateway writes then. */
const NAMES: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** `head` with the fields of a span in place of the client's. */
export function tracedHead(
  { method, scheme, authority, pathWithQuery, headers }: RequestHead,
  fields: TraceFields,
): RequestHead {
  const others = headers.filter(([name]) => !NAMES.has(name));
  const own = fields.map(([name, value]) => [name, latin1ToBytes(value)] as const);
  return { method, scheme, authority, pathWithQuery, headers: [...others, ...own] };
}
