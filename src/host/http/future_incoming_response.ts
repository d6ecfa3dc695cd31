/** `wasi:http/types.future-incoming-response`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { Pollable } from "../io/poll.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import { knownCode } from "./error_code.ts";
import type { PendingResponse } from "./exchange.ts";
import { IncomingResponse } from "./incoming_response.ts";

/** What `get` says once it says anything: an error when it was asked before, else what came of the request. */
export type ResponseAnswer = Declared.Result<Declared.Result<IncomingResponse, Declared.ErrorCode>, undefined>;

/** The resource `future-incoming-response`. Dropping it before the response was taken cancels the request. */
export class FutureIncomingResponse extends HostResource implements HostSide<Declared.FutureIncomingResponse> {
  readonly #context: HttpContext;
  readonly #pending: PendingResponse;
  #isTaken = false;

  constructor(pending: PendingResponse, context: HttpContext) {
    super({ counters: context.counters });
    this.#context = context;
    this.#pending = pending;
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#pending, { counters: this.counters, parent: this });
  }

  // WIT get: func() -> option<result<result<incoming-response, error-code>>>
  get(): ResponseAnswer | undefined {
    const result = this.#pending.result();
    if (result === undefined) return undefined;
    if (this.#isTaken) return { tag: "err", val: undefined };
    this.#isTaken = true;
    if ("failed" in result) return { tag: "ok", val: { tag: "err", val: knownCode(result.failed) } };
    return { tag: "ok", val: { tag: "ok", val: new IncomingResponse(result, this.#context) } };
  }

  protected override onDrop(): void {
    if (!this.#isTaken) this.#pending.dispose();
  }
}
