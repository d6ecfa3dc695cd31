/**
 * The body of a received message, shared by the input-stream that reads it and by the future of its trailers:
 * remembers how it ended, and outlives the stream.
 */
import type { ByteSource, StreamEnd } from "../../base/byte_stream.ts";
import type { FieldEntries } from "./exchange.ts";

/** What a received message offers of its body: an exchange, or a response to an outgoing request. */
export interface ReceivedBody {
  readonly body: ByteSource;
  trailers(): FieldEntries | undefined;
}

/** The source behind the input-stream of an incoming-body. */
export class BodyReader implements ByteSource {
  readonly #received: ReceivedBody;
  #end: StreamEnd | undefined;

  constructor(received: ReceivedBody) {
    this.#received = received;
  }

  /** How the body ended; undefined while more may come. */
  get end(): StreamEnd | undefined {
    return this.#end;
  }

  /** What followed the body; only after `end` is "closed". */
  trailers(): FieldEntries | undefined {
    return this.#received.trailers();
  }

  isReady(): boolean {
    return this.#received.body.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#received.body.onReady(wake);
  }

  read(bytesMax: number): Uint8Array | StreamEnd {
    if (this.#end !== undefined) return "closed";
    const result = this.#received.body.read(bytesMax);
    if (!(result instanceof Uint8Array)) this.#end = result;
    return result;
  }

  /** The input-stream is gone. The rest of the body is still the incoming-body's, which may want the trailers. */
  dispose(): void {}

  /** Nobody wants the rest. */
  abandon(): void {
    this.#received.body.dispose();
  }
}
