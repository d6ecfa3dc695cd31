/** An exchange whose guest sees the span that it works in, and not what its client said of the trace. */
import type { ByteSource } from "../base/byte_stream.ts";
import { latin1ToBytes } from "../base/latin1.ts";
import type {
  FieldEntries,
  HttpErrorCode,
  HttpExchange,
  RequestHead,
  ResponseBody,
  ResponseHead,
} from "../host/http/exchange.ts";
import type { TraceFields } from "../telemetry/trace.ts";

/** Fields that the gateway writes where there are traces. */
const NAMES: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** One for each request where there are traces. */
export class TracedExchange implements HttpExchange {
  readonly head: RequestHead;
  readonly #exchange: HttpExchange;

  constructor(exchange: HttpExchange, fields: TraceFields) {
    const { method, scheme, authority, pathWithQuery, headers } = exchange.head;
    this.#exchange = exchange;
    const others = headers.filter(([name]) => !NAMES.has(name));
    const own = fields.map(([name, value]) => [name, latin1ToBytes(value)] as const);
    this.head = { method, scheme, authority, pathWithQuery, headers: [...others, ...own] };
  }

  get body(): ByteSource {
    return this.#exchange.body;
  }

  trailers(): FieldEntries | undefined {
    return this.#exchange.trailers();
  }

  respond(head: ResponseHead): ResponseBody {
    return this.#exchange.respond(head);
  }

  fail(code: HttpErrorCode): void {
    this.#exchange.fail(code);
  }
}
