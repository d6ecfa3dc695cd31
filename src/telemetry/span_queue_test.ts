import assert from "node:assert/strict";
import { test } from "node:test";
import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { FakeClock } from "../../test/support/fake_clock.ts";
import type { GatewayEvent } from "./events.ts";
import { SpanQueue } from "./span_queue.ts";

type Done = Parameters<SpanExporter["export"]>[1];

/** An exporter whose answers the test gives. */
class Bench {
  readonly clock = new FakeClock();
  readonly events: GatewayEvent[] = [];
  /** Sizes of the batches that came. */
  readonly batches: number[] = [];
  readonly #done: Done[] = [];
  readonly queue = new SpanQueue({
    exporter: {
      export: (spans, done) => {
        this.batches.push(spans.length);
        this.#done.push(done);
      },
      shutdown: () => Promise.resolve(),
    },
    clock: this.clock,
    emit: (event) => this.events.push(event),
    endpoint: "http://c/v1/traces",
  });

  end(count: number): void {
    for (let index = 0; index < count; index++) this.queue.onEnd({} as ReadableSpan);
  }

  /** The oldest batch arrived, or did not. */
  async answer(error?: string): Promise<void> {
    const done = this.#done.shift() ?? assert.fail("nothing is being sent");
    done(
      error === undefined
        ? { code: ExportResultCode.SUCCESS }
        : { code: ExportResultCode.FAILED, error: new Error(error) },
    );
    for (let step = 0; step < 10; step++) await Promise.resolve();
  }

  get counts(): readonly number[] {
    return this.queue.counts.map(({ total }) => total);
  }
}

test("SpanQueue: spans wait a second for others, and a full batch goes at once", async () => {
  const bench = new Bench();
  bench.end(3);
  assert.deepEqual(bench.batches, []);
  await bench.clock.advanceMs(1_000);
  assert.deepEqual(bench.batches, [3]);
  bench.end(600);
  assert.deepEqual(bench.batches, [3], "one batch at a time");
  await bench.answer();
  assert.deepEqual(bench.batches, [3, 512]);
  await bench.answer();
  await bench.clock.advanceMs(1_000);
  assert.deepEqual(bench.batches, [3, 512, 88]);
  await bench.answer();
  assert.deepEqual(bench.counts, [603, 0]);
  assert.deepEqual(bench.events, []);
  assert.equal(bench.clock.timersArmed, 0);
});

test("SpanQueue: what does not fit is dropped and counted", async () => {
  const bench = new Bench();
  bench.end(5_000);
  assert.deepEqual(bench.batches, [512]);
  assert.deepEqual(bench.counts, [0, 5_000 - 512 - 2_048]);
});

test("SpanQueue: after failures it waits, longer each time, and tells once; the first success is told too", async () => {
  const bench = new Bench();
  bench.end(1);
  await bench.clock.advanceMs(1_000);
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    bench.end(1);
    await bench.answer("refused");
    const { length } = bench.batches;
    bench.end(1);
    await bench.clock.advanceMs(waitMs - 1);
    assert.equal(bench.batches.length, length, `it waits for ${waitMs} ms`);
    await bench.clock.advanceMs(1);
    assert.equal(bench.batches.length, length + 1);
  }
  assert.deepEqual(bench.events, [
    { kind: "traces", endpoint: "http://c/v1/traces", state: "failing", detail: "refused" },
  ]);
  await bench.answer();
  const [, dropped] = bench.counts;
  assert.deepEqual(bench.events.at(-1), {
    kind: "traces",
    endpoint: "http://c/v1/traces",
    state: "exported",
    count: dropped,
  });
});

test("SpanQueue.close: sends what is left, up to its limit, and drops the rest", async () => {
  const bench = new Bench();
  bench.end(600);
  const closed = bench.queue.close(3_000);
  await bench.answer();
  assert.deepEqual(bench.batches, [512, 88]);
  await bench.clock.advanceMs(3_000);
  await closed;
  bench.end(1);
  assert.equal(bench.clock.timersArmed, 0);
  assert.deepEqual(bench.counts, [512, 1]);
  await bench.answer("too late");
  assert.deepEqual(bench.counts, [512, 89]);
});
