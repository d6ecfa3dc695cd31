/** The permits of an output stream against a model, in any order of guest calls and events of the sink. */
import * as fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSink } from "../../../test/support/fake_streams.ts";
import type { StreamEnd } from "../../base/byte_stream.ts";
import { HostTrap, WitError } from "../../base/errors.ts";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import type { StreamError } from "./error.ts";
import { OutputStream } from "./streams.ts";

type Step =
  | { readonly do: "check-write" | "flush" | "end-flush" }
  | { readonly do: "write" | "write-zeroes" | "add-room"; readonly bytes: number }
  | { readonly do: "end"; readonly end: StreamEnd };

/** What the guest sees of a step: a permit, "ok", "trap", "closed", "last-operation-failed". */
type Outcome = string;

/** The contract as a few lines of state, without readiness, waiting or resources. */
class Model {
  room: number;
  permit = 0;
  isFlushing = false;
  isEnded = false;
  sinkEnd: StreamEnd | undefined;
  bytesWritten = 0;

  constructor(room: number) {
    this.room = room;
  }

  run(step: Step): Outcome {
    switch (step.do) {
      case "add-room":
        this.room += step.bytes;
        return "ok";
      case "end-flush":
        this.isFlushing = false;
        return "ok";
      case "end":
        this.sinkEnd = step.end;
        return "ok";
      case "check-write":
        if (this.isEnded || this.sinkEnd !== undefined) return this.#end();
        this.permit = this.isFlushing ? 0 : this.room;
        return String(this.permit);
      case "flush":
        if (this.isEnded || this.sinkEnd !== undefined) return this.#end();
        this.permit = 0;
        this.isFlushing = true;
        return "ok";
      case "write":
      case "write-zeroes":
        if (this.isEnded) return "closed";
        if (step.bytes > this.permit) return "trap";
        // Of nothing the sink hears nothing, so its end is not seen.
        if (this.sinkEnd !== undefined && step.bytes > 0) return this.#end();
        this.permit -= step.bytes;
        this.room -= step.bytes;
        this.bytesWritten += step.bytes;
        return "ok";
    }
  }

  #end(): Outcome {
    const isFirst = !this.isEnded;
    this.isEnded = true;
    return isFirst && this.sinkEnd !== "closed" ? "last-operation-failed" : "closed";
  }
}

function runOnStream(step: Step, output: OutputStream, sink: FakeSink): Outcome {
  try {
    switch (step.do) {
      case "add-room":
        sink.addRoom(step.bytes);
        return "ok";
      case "end-flush":
        sink.endFlush();
        return "ok";
      case "end":
        sink.end(step.end);
        return "ok";
      case "check-write":
        return String(output.checkWrite());
      case "flush":
        output.flush();
        return "ok";
      case "write":
        output.write(new Uint8Array(step.bytes));
        return "ok";
      case "write-zeroes":
        output.writeZeroes(BigInt(step.bytes));
        return "ok";
    }
  } catch (error) {
    if (error instanceof HostTrap) return "trap";
    if (error instanceof WitError) return (error.payload as StreamError).tag;
    // The strict sink noticed that the stream broke its promise.
    throw error;
  }
}

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Step>({ do: "check-write" }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("write", "write-zeroes"), bytes: fc.nat({ max: 12 }) }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: "flush" }, { do: "end-flush" }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("add-room"), bytes: fc.nat({ max: 12 }) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ do: "end", end: "closed" }, { do: "end", end: { failed: { message: "gone" } } }),
  },
);

test("output-stream: every sequence of calls sees exactly the permits, traps and ends of the model", () => {
  fc.assert(
    fc.property(fc.nat({ max: 20 }), fc.array(STEP, { maxLength: 40 }), (room, steps) => {
      const counters = new LiveCounters();
      const sink = new FakeSink(room);
      sink.holdsFlush = true;
      const output = new OutputStream(sink, { counters });
      const model = new Model(room);
      for (const step of steps) {
        assert.equal(runOnStream(step, output, sink), model.run(step), JSON.stringify(step));
        assert.equal(sink.written.length, model.bytesWritten);
      }
      output[Symbol.dispose]();
      assert.equal(counters.get("streams"), 0);
    }),
    { numRuns: 500 },
  );
});
