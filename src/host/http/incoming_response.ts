/** `wasi:http/types.incoming-response`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import type { ReceivedResponse } from "./exchange.ts";
import type { Fields } from "./fields.ts";
import type { IncomingBody } from "./incoming_body.ts";
import { IncomingMessage } from "./incoming_message.ts";

/** The resource `incoming-response`. */
export class IncomingResponse extends HostResource implements HostSide<Declared.IncomingResponse> {
  readonly #status: number;
  readonly #message: IncomingMessage;

  constructor(received: ReceivedResponse, context: HttpContext) {
    super({ counters: context.counters });
    this.#status = received.status;
    this.#message = new IncomingMessage(received, { context, kind: "response", headers: received.headers });
  }

  // WIT status: func() -> status-code
  status(): number {
    return this.#status;
  }

  // WIT headers: func() -> headers
  headers(): Fields {
    return this.#message.headers(this);
  }

  // WIT consume: func() -> result<incoming-body>
  consume(): IncomingBody {
    return this.#message.consume();
  }

  protected override onDrop(): void {
    this.#message.release();
  }
}
