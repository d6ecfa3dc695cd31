/** An exchange that tells when it was answered and when the answer is whole. */
import type { ByteSource, StreamEnd } from "../base/byte_stream.ts";
import type {
  FieldEntries,
  HttpErrorCode,
  HttpExchange,
  RequestHead,
  ResponseBody,
  ResponseHead,
} from "../host/http/exchange.ts";

/** What an exchange can tell. */
export interface ExchangeWatcher {
  /** There is a head, or an error in its place. */
  readonly onAnswered: () => void;
  /** The body is whole, or never will be. */
  readonly onBodyOver: () => void;
}

/** Between a guest and the exchange of its request. */
export class WatchedExchange implements HttpExchange {
  readonly #exchange: HttpExchange;
  readonly #watcher: ExchangeWatcher;

  constructor(exchange: HttpExchange, watcher: ExchangeWatcher) {
    this.#exchange = exchange;
    this.#watcher = watcher;
  }

  get head(): RequestHead {
    return this.#exchange.head;
  }

  get body(): ByteSource {
    return this.#exchange.body;
  }

  trailers(): FieldEntries | undefined {
    return this.#exchange.trailers();
  }

  respond(head: ResponseHead): ResponseBody {
    this.#watcher.onAnswered();
    return new WatchedBody(this.#exchange.respond(head), this.#watcher.onBodyOver);
  }

  fail(code: HttpErrorCode): void {
    this.#watcher.onAnswered();
    this.#exchange.fail(code);
    this.#watcher.onBodyOver();
  }
}

class WatchedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #onOver: () => void;

  constructor(body: ResponseBody, onOver: () => void) {
    this.#body = body;
    this.#onOver = onOver;
  }

  isReady(): boolean {
    return this.#body.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#body.onReady(wake);
  }

  permit(): number | StreamEnd {
    return this.#body.permit();
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    return this.#body.write(bytes);
  }

  flush(): StreamEnd | undefined {
    return this.#body.flush();
  }

  dispose(): void {
    this.#body.dispose();
  }

  finish(trailers: FieldEntries | undefined): void {
    this.#body.finish(trailers);
    this.#onOver();
  }

  abort(reason: string): void {
    this.#body.abort(reason);
    this.#onOver();
  }
}
