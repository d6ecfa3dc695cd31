/** `wasi:http/types.response-outparam`: where the guest puts its answer. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import type { Answer } from "./answer.ts";
import { errorCode } from "./error_code.ts";
import type { Fields } from "./fields.ts";
import type { OutgoingResponse } from "./outgoing_response.ts";

/** The resource `response-outparam`. Dropping it unset answers nothing; whoever called the guest then does. */
export class ResponseOutparam extends HostResource implements HostSide<Declared.ResponseOutparam> {
  readonly #answer: Answer;

  constructor(answer: Answer, context: HttpContext) {
    super({ counters: context.counters });
    this.#answer = answer;
  }

  // WIT set: static func(param: response-outparam, response: result<outgoing-response, error-code>)
  static set(param: ResponseOutparam, response: Declared.Result<OutgoingResponse, Declared.ErrorCode>): void {
    if (response.tag === "err") {
      param[Symbol.dispose]();
      param.#answer.fail(response.val);
      return;
    }
    const status = response.val.statusCode();
    const message = response.val.take();
    param[Symbol.dispose]();
    param.#answer.respond(status, message);
  }

  /**
   * Unstable in WIT: informational responses are not sent yet, which WIT wants said with `internal-error`.
   * `headers` is the guest's no more.
   */
  // WIT send-informational: func(status: u16, headers: headers) -> result<_, error-code>
  sendInformational(status: number, headers: Fields): void {
    headers.take().release();
    if (status < 100 || status > 199) throw errorCode({ tag: "HTTP-protocol-error" });
    throw errorCode({ tag: "internal-error", val: "informational responses are not supported" });
  }

  protected override onDrop(): void {}
}
