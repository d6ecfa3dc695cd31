/** The body of an answer as a stream of the web. */
import type { StreamEnd } from "../base/byte_stream.ts";
import type { FaultCode } from "../base/fault_codes.ts";
import { ALWAYS_READY, WaitList } from "../base/waitable.ts";
import type { ResponseBody } from "../host/http/exchange.ts";
import { ByteQueue } from "../network/byte_queue.ts";
import type { RequestCause } from "./failure_status.ts";

/** Is told what is under way: the testing kit moves its clock only when nothing is. */
export interface Activity {
  /** A step of whoever sends or reads begins; the function that is given back ends it. */
  enter(): () => void;
  /** Somebody waits for a guest. */
  during<T>(promise: Promise<T>): Promise<T>;
}

/** For a gateway in real time. */
export const NO_ACTIVITY: Activity = { enter: () => () => {}, during: (promise) => promise };

/** What may wait for a client that does not read yet. */
const WINDOW_BYTES = 64 * 1024;

/** What whoever reads is told of. */
export interface WebBodyOptions {
  readonly activity: Activity;
  /** The guest, or a limit, broke the answer off. */
  readonly onAbort: (cause: RequestCause) => void;
  /** The last byte was read, or nobody reads any more. */
  readonly onOver: () => void;
  /** Whoever reads does not want the rest. */
  readonly onCancel: () => void;
  /** What the guest declared: a server around would send it, and what is past it as the next answer. */
  readonly contentLength: number | undefined;
  /** Nobody gets what the guest writes: it goes nowhere, and holds nobody up. */
  readonly isDiscarded: boolean;
}

/** Between a guest that writes and whoever reads the `Response`. */
export class WebBody implements ResponseBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #waiters = new WaitList();
  #queue = new ByteQueue();
  readonly #options: WebBodyOptions;
  #end: "open" | "finished" | "cut" = "open";
  #cutFor: unknown;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #pulled: (() => void) | undefined;
  #writtenBytes = 0;
  #readBytes = 0;

  constructor(options: WebBodyOptions) {
    this.#options = options;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.clientGone(new Error("the body was cancelled"));
        this.#options.onCancel();
      },
    }, { highWaterMark: 0 });
  }

  /** Bytes that whoever reads has got. */
  get readBytes(): number {
    return this.#readBytes;
  }

  isReady(): boolean {
    return this.permit() !== 0;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  permit(): number | StreamEnd {
    return this.#end === "open" ? Math.max(0, WINDOW_BYTES - this.#queue.length) : "closed";
  }

  write(bytes: Uint8Array): StreamEnd | undefined {
    if (this.#end !== "open") return "closed";
    const { contentLength, isDiscarded } = this.#options;
    this.#writtenBytes += bytes.length;
    if (isDiscarded) return undefined;
    if (contentLength !== undefined && this.#writtenBytes > contentLength) {
      this.abort(`the guest wrote more than its content-length of ${contentLength} bytes`);
      return "closed";
    }
    this.#queue.push(bytes);
    this.#pulled?.();
  }

  flush(): StreamEnd | undefined {
    return this.#end === "open" ? undefined : "closed";
  }

  dispose(): void {}

  finish(): void {
    const { contentLength, isDiscarded } = this.#options;
    const isShort = contentLength !== undefined && this.#writtenBytes < contentLength;
    if (this.#end === "open" && isShort && !isDiscarded) {
      this.abort(`the guest wrote ${this.#writtenBytes} of the ${contentLength} bytes of its content-length`);
    }
    this.#close("finished");
  }

  abort(text: string, code: FaultCode = "LG7018"): void {
    this.#cutFor = new TypeError(`The answer broke off: ${text}`);
    this.#options.onAbort({ code, text });
    this.#close("cut");
  }

  /** As `abort`, and whoever reads gets nothing more of what waits: it may be that nobody ever reads. */
  cut({ text, code }: RequestCause): void {
    if (this.#end === "cut") return;
    this.#options.onAbort({ code, text });
    this.#cutFor = new TypeError(`The answer broke off: ${text}`);
    this.#end = "cut";
    this.#queue = new ByteQueue();
    this.#controller?.error(this.#cutFor);
    this.#pulled?.();
    this.#waiters.wakeAll();
    this.#options.onOver();
  }

  /** Nobody reads any more. */
  clientGone(reason: unknown): void {
    this.#cutFor = reason;
    this.#close("cut");
    this.#options.onOver();
  }

  #close(end: "finished" | "cut"): void {
    if (this.#end !== "open") return;
    this.#end = end;
    this.#pulled?.();
    this.#waiters.wakeAll();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#queue.length === 0 && this.#end === "open") {
      const pulled = new Promise<void>((resolve) => {
        this.#pulled = resolve;
      });
      await this.#options.activity.during(pulled);
    }
    if (this.#queue.length > 0) {
      const bytes = new Uint8Array(this.#queue.take(WINDOW_BYTES));
      this.#readBytes += bytes.length;
      controller.enqueue(bytes);
      this.#waiters.wakeAll();
    } else if (this.#end === "finished") {
      controller.close();
      this.#options.onOver();
    } else {
      controller.error(this.#cutFor);
      this.#options.onOver();
    }
  }
}
