import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { ConcurrencyGate, type WaitOutcome } from "./concurrency_gate.ts";

const LIMITS = { concurrencyMax: 2, queueMax: 3, queueWaitMs: 100 };

/** What a request of the model sees: its place in the order of arrival, and how its wait ended. */
interface Waiting {
  readonly id: number;
  readonly dueMs: number;
  cancel: () => void;
}

test("ConcurrencyGate lets in, queues, refuses, expires and cancels as a plain model does", async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant({ do: "arrive" } as const) },
    { weight: 4, arbitrary: fc.constant({ do: "leave" } as const) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), at: fc.nat(LIMITS.queueMax) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 150 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new FakeClock();
      const gate = new ConcurrencyGate(LIMITS, clock);
      const seen: (readonly [id: number, outcome: WaitOutcome | "refused"])[] = [];
      const expected: (readonly [id: number, outcome: WaitOutcome | "refused"])[] = [];
      let active = 0;
      let nowMs = 0;
      let nextId = 0;
      let queue: Waiting[] = [];
      for (const each of steps) {
        if (each.do === "arrive") {
          const id = nextId++;
          const mayEnter = active < LIMITS.concurrencyMax && queue.length === 0;
          assert.equal(gate.tryEnter(), mayEnter);
          if (mayEnter) active++;
          else {
            const entry = gate.enqueue();
            assert.equal(entry === undefined, queue.length >= LIMITS.queueMax);
            if (entry === undefined) continue;
            void entry.outcome.then((outcome) => seen.push([id, outcome]));
            queue.push({ id, dueMs: nowMs + LIMITS.queueWaitMs, cancel: () => entry.cancel() });
          }
        } else if (each.do === "leave") {
          if (active === 0) assert.throws(() => gate.leave(), RangeError);
          else {
            gate.leave();
            const next = queue.shift();
            if (next === undefined) active--;
            else expected.push([next.id, "entered"]);
          }
        } else if (each.do === "cancel") {
          const [gone] = queue.splice(each.at, 1);
          gone?.cancel();
          gone?.cancel();
          if (gone !== undefined) expected.push([gone.id, "cancelled"]);
        } else {
          nowMs += each.ms;
          await clock.advanceMs(each.ms);
          for (const { id, dueMs } of queue) if (dueMs <= nowMs) expected.push([id, "expired"]);
          queue = queue.filter(({ dueMs }) => dueMs > nowMs);
        }
        await Promise.resolve();
        assert.deepEqual([gate.active, gate.queued, clock.timersArmed], [active, queue.length, queue.length]);
      }
      gate.cancelAll();
      await settle();
      for (const { id } of queue) expected.push([id, "cancelled"]);
      assert.deepEqual(seen, expected);
      assert.equal(clock.timersArmed, 0);
    }),
    { numRuns: 60 },
  );
});

test("ConcurrencyGate hands a place on without letting a newcomer overtake", async () => {
  const gate = new ConcurrencyGate({ ...LIMITS, concurrencyMax: 1 }, new FakeClock());
  assert.ok(gate.tryEnter());
  const first = gate.enqueue();
  gate.leave();
  assert.equal(gate.tryEnter(), false);
  assert.equal(await first?.outcome, "entered");
  assert.equal(gate.active, 1);
  gate.leave();
  assert.ok(gate.tryEnter());
});
