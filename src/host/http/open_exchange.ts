/** The door between whoever calls a guest's `wasi:http/incoming-handler` and the host's `wasi:http` resources. */
import type { FaultCode } from "../../base/fault_codes.ts";
import type { HttpContext } from "./http_context.ts";
import { Answer, type Outcome } from "./answer.ts";
import type { HttpExchange } from "./exchange.ts";
import { IncomingRequest } from "./incoming_request.ts";
import { ResponseOutparam } from "./response_outparam.ts";

export type { Outcome };

/** One call of `handle`. */
export interface OpenExchange {
  /** The two arguments of `handle`. Passed on, they belong to the guest; whoever does not pass them on disposes of them. */
  readonly request: IncomingRequest;
  readonly responseOut: ResponseOutparam;
  /** What came of the outparam so far. "unset" after the call: nothing was answered, and the caller has to. */
  outcome(): Outcome;
  /**
   * The guest is gone: it returned, trapped or was ended. Cuts a response body that is not finished, with `reason`
   * (and the code of a fault) for the log, and lets the exchange go of the request's body. A body that was finished flows on to the client by
   * itself. From here on nothing that is done to the guest's resources changes the answer. Idempotent.
   */
  settle(reason: string, code?: FaultCode): Outcome;
}

/**
 * Makes the arguments of one call of `handle`.
 *
 * - Returned with the outparam set and the body finished: "responded"; the rest of the body flows on.
 * - Set, and the body dropped or left unfinished: "responded", and the client sees a cut.
 * - Set to an error, or to a response that cannot be sent: "failed"; `exchange.fail` has the code.
 * - Trapped before it was set, or returned without: "unset"; neither `respond` nor `fail` was or will be called.
 * - Trapped after: "responded", and the client sees a cut unless the body was finished.
 *
 * @example
 * const opened = openExchange(exchange, context);
 * try {
 *   await handler.handle(opened.request, opened.responseOut);
 *   return opened.settle("the guest returned before its body was finished");
 * } catch (trap) {
 *   return opened.settle("the guest trapped");
 * }
 */
export function openExchange(exchange: HttpExchange, context: HttpContext): OpenExchange {
  const answer = new Answer(exchange);
  return {
    request: new IncomingRequest(exchange, context),
    responseOut: new ResponseOutparam(answer, context),
    outcome: () => answer.outcome,
    settle(reason, code) {
      answer.settle(reason, code);
      return answer.outcome;
    },
  };
}
