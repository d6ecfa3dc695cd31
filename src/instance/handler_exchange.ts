/** What a handler needs of an exchange beyond what its guest sees. The server implements it, tests do it in memory. */
import type { HttpExchange } from "../host/http/exchange.ts";
import type { TraceSpan } from "../telemetry/trace.ts";

/** An exchange whose client can leave. */
export interface HandlerExchange extends HttpExchange {
  /** Its name in the log, which what its guest writes has too. */
  readonly requestId: string;
  /** Of the whole request; undefined: there are no traces. */
  readonly trace?: TraceSpan | undefined;
  /** True once the client is gone; the answer then goes nowhere. */
  readonly isClientGone: boolean;
  /** For the log: its guest, which tells what it has computed so far, and what it computed in all once it has ended. */
  computing?: { readonly cpuMs: number } | undefined;
  /** Calls `leave` once when the client goes before it has the whole answer, never synchronously. Returns the function that withdraws the request. */
  onClientGone(leave: () => void): () => void;
}
