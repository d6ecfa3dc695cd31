/** An exchange that tells when it was answered, when the answer goes on, and when it is whole. */
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
  /** There is a head, or an error in its place; `isClientBusy`: the client takes nothing of the body now. */
  readonly onAnswered: (isClientBusy: () => boolean) => void;
  /** The client's side took a piece of the body. */
  readonly onProgress: () => void;
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
    const body = this.#exchange.respond(head);
    this.#watcher.onAnswered(() => !body.isReady());
    return new WatchedBody(body, this.#watcher);
  }

  fail(code: HttpErrorCode): void {
    this.#watcher.onAnswered(() => false);
    this.#exchange.fail(code);
    this.#watcher.onBodyOver();
  }
}

class WatchedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #watcher: ExchangeWatcher;

  constructor(body: ResponseBody, watcher: ExchangeWatcher) {
    this.#body = body;
    this.#watcher = watcher;
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
    const end = this.#body.write(bytes);
    // An empty piece moves nothing, and must not keep an answer alive.
    if (end === undefined && bytes.length > 0) this.#watcher.onProgress();
    return end;
  }

  flush(): StreamEnd | undefined {
    return this.#body.flush();
  }

  dispose(): void {
    this.#body.dispose();
  }

  finish(trailers: FieldEntries | undefined): void {
    this.#body.finish(trailers);
    this.#watcher.onBodyOver();
  }

  abort(reason: string): void {
    this.#body.abort(reason);
    this.#watcher.onBodyOver();
  }
}
