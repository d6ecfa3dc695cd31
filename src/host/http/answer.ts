/** The one answer to an exchange: what the guest's outparam may still do, and what becomes of the body afterwards. */
import type { ErrorCode } from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { FaultCode } from "../../base/fault_codes.ts";
import type { BodyPipe } from "./body_pipe.ts";
import { boundedCode } from "./error_code.ts";
import type { FieldEntries, HttpExchange } from "./exchange.ts";
import { onTheWire } from "./outgoing_body.ts";
import type { OutgoingMessage } from "./outgoing_message.ts";

/** What came of the outparam: never set, set to an error (or to what cannot be sent), set to a response. */
export type Outcome = "unset" | "failed" | "responded";

/**
 * `open`: nothing was answered; left by `respond`, `fail` or `settle`. `failed`, `responded`: final for the outcome.
 * `settled`: the guest is gone and never answered; what a kept instance does with the outparam later has no effect.
 */
type State =
  | { readonly kind: "open" }
  | { readonly kind: "failed" }
  | { readonly kind: "responded"; readonly pipe: BodyPipe | undefined }
  | { readonly kind: "settled" };

/** Answers that end with their head (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
const BODYLESS_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/** Shared by the outparam and by whoever called the guest. */
export class Answer {
  readonly #exchange: HttpExchange;
  #state: State = { kind: "open" };

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  get outcome(): Outcome {
    const { kind } = this.#state;
    return kind === "failed" || kind === "responded" ? kind : "unset";
  }

  /** The outparam was set to a response. */
  respond(status: number, message: OutgoingMessage): void {
    const { pipe, lengthBytes } = message;
    if (this.#state.kind !== "open") {
      pipe?.close();
      return;
    }
    const isHeadOnly = this.#exchange.head.method === "HEAD" || BODYLESS_STATUSES.has(status);
    const fault = responseFault(status, message, isHeadOnly);
    if (fault !== undefined) {
      pipe?.close();
      this.fail(fault);
      return;
    }
    const sink = this.#exchange.respond({ status, headers: responseFields(status, message.entries, lengthBytes) });
    this.#state = { kind: "responded", pipe };
    if (pipe === undefined) {
      sink.finish(undefined);
    } else if (isHeadOnly) {
      pipe.discard();
      sink.finish(undefined);
    } else {
      pipe.join(sink);
    }
  }

  /** The outparam was set to an error. */
  fail(code: ErrorCode): void {
    if (this.#state.kind !== "open") return;
    this.#state = { kind: "failed" };
    this.#exchange.fail(boundedCode(code));
  }

  /** The guest is gone: nobody reads the request's body any more, and what it left unfinished stays a part. */
  settle(reason: string, code?: FaultCode): void {
    if (this.#state.kind === "open") this.#state = { kind: "settled" };
    else if (this.#state.kind === "responded") this.#state.pipe?.abort(reason, code);
    this.#exchange.body.dispose();
  }
}

/** Why the response cannot be sent. The guest cannot be told any more; the client gets the gateway's own answer. */
function responseFault(status: number, message: OutgoingMessage, isHeadOnly: boolean): ErrorCode | undefined {
  const { pipe, lengthBytes } = message;
  // A final answer cannot have an interim status: the client would go on waiting for the real one.
  if (status < 200 || lengthBytes === "invalid") return { tag: "HTTP-protocol-error" };
  const isShort = pipe === undefined && lengthBytes !== undefined && lengthBytes > 0;
  return isShort && !isHeadOnly ? { tag: "HTTP-response-body-size", val: 0n } : undefined;
}

/** One content-length, however often the guest repeated it; with 204 and 205 none that could say more than nothing. */
function responseFields(
  status: number,
  entries: FieldEntries,
  lengthBytes: number | undefined | "invalid",
): FieldEntries {
  const lines = onTheWire(entries);
  if (lengthBytes === undefined) return lines;
  let isLengthSeen = status === 204 || status === 205;
  return lines.filter(([name]) => {
    if (name !== "content-length") return true;
    const isFirst = !isLengthSeen;
    isLengthSeen = true;
    return isFirst;
  });
}
