/** `wasi:http/types.outgoing-body`: the guest's end of the body of a message that it sends. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { OutputStream } from "../io/streams.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import type { BodyPipe } from "./body_pipe.ts";
import { errorCode, plainError } from "./error_code.ts";
import type { FieldEntries } from "./exchange.ts";
import { isForbiddenTrailer } from "./field_grammar.ts";
import type { Fields } from "./fields.ts";

/** The resource `outgoing-body`. It outlives its message, which may be sent before the body is written. */
export class OutgoingBody extends HostResource implements HostSide<Declared.OutgoingBody> {
  readonly #pipe: BodyPipe;
  #isStreamTaken = false;
  #isFinishing = false;

  constructor(pipe: BodyPipe, context: HttpContext) {
    super({ counters: context.counters });
    this.#pipe = pipe;
  }

  // WIT write: func() -> result<output-stream>
  write(): OutputStream {
    if (this.#isStreamTaken) throw plainError();
    this.#isStreamTaken = true;
    return new OutputStream(this.#pipe, { counters: this.counters, parent: this });
  }

  // WIT finish: static func(this: outgoing-body, trailers: option<trailers>) -> result<_, error-code>
  static finish(this_: OutgoingBody, trailers: Fields | undefined): void {
    const taken = trailers?.take();
    taken?.release();
    this_.#consume();
    const lines = taken?.entries;
    if (lines?.some(([name]) => isForbiddenTrailer(name.toLowerCase())) === true) {
      this_.#pipe.abort("its trailers have a field that must not be there");
      throw errorCode({ tag: "HTTP-protocol-error" });
    }
    const fault = this_.#pipe.finish(lines === undefined || lines.length === 0 ? undefined : onTheWire(lines));
    if (fault !== undefined) throw errorCode(fault);
  }

  protected override onDrop(): void {
    if (!this.#isFinishing) this.#pipe.abort("it was dropped unfinished");
  }

  /** Traps while the output-stream is alive: the guest gave the body away, so nobody else would cut it. */
  #consume(): void {
    this.#isFinishing = true;
    try {
      this[Symbol.dispose]();
    } catch (trap) {
      this.#pipe.abort("it was finished while its stream was open");
      throw trap;
    }
  }
}

/** Field lines as the exchange wants them. */
export function onTheWire(lines: FieldEntries): FieldEntries {
  return lines.map(([name, value]) => [name.toLowerCase(), value]);
}
