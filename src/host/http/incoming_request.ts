/** `wasi:http/types.incoming-request`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import type { HttpExchange, RequestHead } from "./exchange.ts";
import type { Fields } from "./fields.ts";
import type { IncomingBody } from "./incoming_body.ts";
import { IncomingMessage } from "./incoming_message.ts";
import { methodOf } from "./method.ts";

/** The resource `incoming-request`. */
export class IncomingRequest extends HostResource implements HostSide<Declared.IncomingRequest> {
  readonly #head: RequestHead;
  readonly #message: IncomingMessage;

  constructor(exchange: HttpExchange, context: HttpContext) {
    super({ counters: context.counters });
    this.#head = exchange.head;
    this.#message = new IncomingMessage(exchange, { context, kind: "request", headers: exchange.head.headers });
  }

  // WIT method: func() -> method
  method(): Declared.Method {
    return methodOf(this.#head.method);
  }

  // WIT path-with-query: func() -> option<string>
  pathWithQuery(): string | undefined {
    return this.#head.pathWithQuery;
  }

  // WIT scheme: func() -> option<scheme>
  scheme(): Declared.Scheme | undefined {
    return this.#head.scheme === "https" ? { tag: "HTTPS" } : { tag: "HTTP" };
  }

  // WIT authority: func() -> option<string>
  authority(): string | undefined {
    return this.#head.authority;
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
