/** Streams over fakes, and what tests ask of their calls: the error, or that they wait. */
import assert from "node:assert/strict";
import type { StreamEnd } from "../../src/base/byte_stream.ts";
import { WitError } from "../../src/base/errors.ts";
import type { StreamError } from "../../src/host/io/error.ts";
import { InputStream, OutputStream } from "../../src/host/io/streams.ts";
import type { MaybeLate } from "../../src/host/types.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { settle } from "./fake_clock.ts";
import { FakeSink, FakeSource } from "./fake_streams.ts";

export const U64_MAX = 0xffff_ffff_ffff_ffffn;
export const FAILURE: StreamEnd = { failed: { message: "the cable is cut", networkCode: "connection-reset" } };

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function openInput(): { source: FakeSource; input: InputStream; counters: LiveCounters } {
  const counters = new LiveCounters();
  const source = new FakeSource();
  return { source, input: new InputStream(source, { counters }), counters };
}

export function openOutput(room?: number): { sink: FakeSink; output: OutputStream; counters: LiveCounters } {
  const counters = new LiveCounters();
  const sink = new FakeSink(room);
  return { sink, output: new OutputStream(sink, { counters }), counters };
}

/** The tag of the stream-error that `action` throws or rejects with. */
export async function errorOf(action: () => unknown): Promise<StreamError> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof WitError, String(error));
    return error.payload as StreamError;
  }
  return assert.fail("Expected a stream error");
}

/** The answer of a call that has to wait. */
export function suspended<T>(answer: MaybeLate<T>): Promise<T> {
  assert.ok(typeof answer === "object" && answer !== null && "then" in answer, "it had to wait");
  return new Promise((resolve, reject) => answer.then(resolve, reject));
}

export async function assertWaiting(answer: Promise<unknown>): Promise<void> {
  let isSettled = false;
  const done = (): void => {
    isSettled = true;
  };
  answer.then(done, done);
  await settle();
  assert.equal(isSettled, false, "it went on too early");
}
