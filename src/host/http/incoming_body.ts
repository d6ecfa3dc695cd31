/** `wasi:http/types.incoming-body`: the guest's end of the body of a received message. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { InputStream } from "../io/streams.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import type { BodyKind } from "./body_pipe.ts";
import { BodyReader, type ReceivedBody } from "./body_reader.ts";
import { plainError } from "./error_code.ts";
import { FutureTrailers } from "./future_trailers.ts";
import { TrailersWait } from "./trailers_wait.ts";

/** How an incoming-body comes to be. */
export interface IncomingBodyOptions {
  readonly context: HttpContext;
  readonly kind: BodyKind;
}

/** The resource `incoming-body`. It outlives its message. */
export class IncomingBody extends HostResource implements HostSide<Declared.IncomingBody> {
  readonly #reader: BodyReader;
  readonly #options: IncomingBodyOptions;
  #isStreamTaken = false;
  #isFinishing = false;

  constructor(received: ReceivedBody, options: IncomingBodyOptions) {
    super({ counters: options.context.counters });
    this.#reader = new BodyReader(received);
    this.#options = options;
  }

  // WIT %stream: func() -> result<input-stream>
  stream(): InputStream {
    if (this.#isStreamTaken) throw plainError();
    this.#isStreamTaken = true;
    return new InputStream(this.#reader, { counters: this.counters, parent: this });
  }

  // WIT finish: static func(this: incoming-body) -> future-trailers
  static finish(this_: IncomingBody): FutureTrailers {
    this_.#consume();
    const { kind, context } = this_.#options;
    const tag = kind === "request" ? "HTTP-request-body-size" : "HTTP-response-body-size";
    return new FutureTrailers(new TrailersWait(this_.#reader, { tag, val: undefined }), context);
  }

  protected override onDrop(): void {
    if (!this.#isFinishing) this.#reader.abandon();
  }

  /** Traps while the input-stream is alive. */
  #consume(): void {
    this.#isFinishing = true;
    try {
      this[Symbol.dispose]();
    } catch (trap) {
      this.#reader.abandon();
      throw trap;
    }
  }
}
