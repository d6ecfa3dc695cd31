/** `wasi:http/types.outgoing-response`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import { plainError } from "./error_code.ts";
import type { Fields } from "./fields.ts";
import type { OutgoingBody } from "./outgoing_body.ts";
import { OutgoingMessage } from "./outgoing_message.ts";

/** RFC 9110 section 15: three digits, the first of them 1 to 5. */
const STATUS_MIN = 100;
const STATUS_MAX = 599;

/** The resource `outgoing-response`. */
export class OutgoingResponse extends HostResource implements HostSide<Declared.OutgoingResponse> {
  readonly #message: OutgoingMessage;
  #status = 200;
  #isSending = false;

  // WIT constructor(headers: headers)
  constructor(headers: Fields) {
    super({ counters: headers.context.counters });
    this.#message = new OutgoingMessage(headers, "response");
  }

  // WIT status-code: func() -> status-code
  statusCode(): number {
    return this.#status;
  }

  // WIT set-status-code: func(status-code: status-code) -> result
  setStatusCode(statusCode: number): void {
    if (statusCode < STATUS_MIN || statusCode > STATUS_MAX) throw plainError();
    this.#status = statusCode;
  }

  // WIT headers: func() -> headers
  headers(): Fields {
    return this.#message.headers(this);
  }

  // WIT body: func() -> result<outgoing-body>
  body(): OutgoingBody {
    return this.#message.body();
  }

  /** The guest gave the response away to be sent. Traps while its headers are borrowed. */
  take(): OutgoingMessage {
    this.#isSending = true;
    try {
      this[Symbol.dispose]();
    } catch (trap) {
      this.#message.lose();
      throw trap;
    }
    return this.#message;
  }

  protected override onDrop(): void {
    if (this.#isSending) this.#message.leave();
    else this.#message.lose();
  }
}
