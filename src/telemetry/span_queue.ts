/**
 * Spans on their way to the collector: a bounded queue that is sent in batches, one at a time. A collector that cannot be
 * reached costs spans and never requests: the queue is full, what comes is dropped and counted, and the log has one line
 * when it begins and one when it is over.
 */
import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Clock } from "../base/clock.ts";
import type { EmitEvent } from "./events.ts";
import type { SpanCount } from "./trace.ts";

/** Some seconds of a busy gateway; a span takes about a kilobyte. */
const QUEUE_MAX = 2_048;
/** About 250 kB of JSON: what collectors take in one request. */
const BATCH_MAX = 512;
/** How long a span waits for others. */
const WAIT_MS = 1_000;
/** After the first failure; each one more doubles it. */
const BACK_OFF_MS = 1_000;
const BACK_OFF_MS_MAX = 60_000;

/** Where spans go. */
export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  readonly clock: Pick<Clock, "startTimer">;
  readonly emit: EmitEvent;
  /** For the log. */
  readonly endpoint: string;
}

/** One for a gateway; close it. */
export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  #queue: ReadableSpan[] = [];
  #exported = 0;
  #dropped = 0;
  /** In a row. */
  #failures = 0;
  /** When the log was told that the collector fails. */
  #droppedBefore: number | undefined;
  #sending: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  /** What became of them. */
  get counts(): readonly SpanCount[] {
    return [{ outcome: "exported", total: this.#exported }, { outcome: "dropped", total: this.#dropped }];
  }

  onStart(_span: Span): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#isClosed || this.#queue.length >= QUEUE_MAX) {
      this.#dropped++;
      return;
    }
    this.#queue.push(span);
    if (this.#failures === 0 && this.#queue.length >= BATCH_MAX) void this.#send();
    else this.#startTimer(WAIT_MS);
  }

  async forceFlush(): Promise<void> {
    while (this.#queue.length > 0 && this.#failures === 0) await this.#send();
    await this.#sending;
  }

  async shutdown(): Promise<void> {
    await this.close(0);
  }

  /** Sends what is there for at most `limitMs`; the rest is dropped. Idempotent. */
  async close(limitMs: number): Promise<void> {
    if (this.#isClosed) return;
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const cancelLimit = this.#options.clock.startTimer(limitMs, resolve);
    // A collector that failed last time has one more chance.
    this.#failures = 0;
    await Promise.race([this.forceFlush(), isOver]);
    cancelLimit();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dropped += this.#queue.length;
    this.#queue = [];
    await Promise.race([this.#options.exporter.shutdown(), isOver]);
  }

  #startTimer(delayMs: number): void {
    if (this.#sending !== undefined) return;
    this.#cancelTimer ??= this.#options.clock.startTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#send();
    });
  }

  #send(): Promise<void> {
    return this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = undefined;
      if (this.#isClosed || this.#queue.length === 0) return;
      if (this.#failures > 0) this.#startTimer(Math.min(BACK_OFF_MS * 2 ** (this.#failures - 1), BACK_OFF_MS_MAX));
      else if (this.#queue.length >= BATCH_MAX) void this.#send();
      else this.#startTimer(WAIT_MS);
    });
  }

  async #sendBatch(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const batch = this.#queue.splice(0, BATCH_MAX);
    if (batch.length === 0) return;
    const error = await new Promise<Error | undefined>((resolve) => {
      this.#options.exporter.export(batch, ({ code, error: cause }) => {
        resolve(code === ExportResultCode.SUCCESS ? undefined : cause ?? new Error("the exporter gave no reason"));
      });
    });
    if (error === undefined) this.#succeeded(batch.length);
    else this.#failed(batch.length, error);
  }

  #succeeded(count: number): void {
    this.#exported += count;
    this.#failures = 0;
    if (this.#droppedBefore === undefined) return;
    const { emit, endpoint } = this.#options;
    emit({ kind: "traces", endpoint, state: "exported", count: this.#dropped - this.#droppedBefore });
    this.#droppedBefore = undefined;
  }

  #failed(count: number, error: Error): void {
    if (this.#droppedBefore === undefined && !this.#isClosed) {
      this.#droppedBefore = this.#dropped;
      const { emit, endpoint } = this.#options;
      emit({ kind: "traces", endpoint, state: "failing", detail: error.message });
    }
    this.#dropped += count;
    this.#failures++;
  }
}
