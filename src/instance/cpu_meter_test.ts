import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { UNSUSPENDABLE_MS_MAX } from "../component/guest_meter.ts";
import { CpuLimitError, CpuMeter, HELD_MS_MAX, SLICE_MS, SWITCH_MS_MAX } from "./cpu_meter.ts";

function open(limitMs = 100) {
  const clock = new FakeClock();
  const waits: number[] = [];
  let grant = (): void => {};
  let isWithdrawn = false;
  let heldMs = 0;
  const meter = new CpuMeter({
    clock,
    turns: {
      isWaiting: false,
      wait: (sliceMs) => {
        waits.push(sliceMs);
        return new Promise((resolve) => (grant = resolve));
      },
      withdraw: () => {
        isWithdrawn = true;
      },
      computes: () => {},
      heldMs: () => heldMs,
    },
  });
  meter.begin(limitMs);
  return {
    clock,
    waits,
    meter,
    grant: () => grant(),
    isWithdrawn: () => isWithdrawn,
    hold: (ms: number) => (heldMs = ms),
  };
}

test("CpuMeter: a guest that computed little yields when guests have had the event loop for long", () => {
  const { meter, hold } = open();
  meter.resume();
  hold(HELD_MS_MAX / 2);
  assert.equal(meter.check(true), "continue");
  hold(HELD_MS_MAX);
  assert.equal(meter.check(true), "yield");
  assert.equal(meter.check(false), "continue");
});

test("CpuMeter: a guest goes on within its slice and yields at its end", () => {
  const { clock, meter } = open();
  meter.resume();
  clock.computeMs(SLICE_MS / 2);
  assert.equal(meter.check(true), "continue");
  clock.computeMs(SLICE_MS / 2);
  assert.equal(meter.check(true), "yield");
});

for (const [waitMs, costMs] of [[0, 0], [SWITCH_MS_MAX / 2, SWITCH_MS_MAX / 2], [50, SWITCH_MS_MAX]] as const) {
  test(`CpuMeter: a turn that comes after ${waitMs} ms costs ${costMs}, and later waits nothing`, async () => {
    const { clock, meter, grant } = open();
    meter.resume();
    clock.computeMs(SLICE_MS);
    meter.pause();
    const turn = meter.turn();
    clock.computeMs(waitMs);
    grant();
    await turn;
    meter.resume();
    meter.pause();
    clock.computeMs(waitMs);
    meter.resume();
    assert.ok(Math.abs(meter.usedMs - SLICE_MS - costMs) < 1e-6, `${meter.usedMs} ms`);
  });
}

test("CpuMeter: turns alone use a limit up", async () => {
  const { clock, meter, grant } = open(10);
  for (let round = 0; round < 10 / SWITCH_MS_MAX; round++) {
    meter.resume();
    assert.ok(!(meter.check(true) instanceof Error));
    meter.pause();
    const turn = meter.turn();
    clock.computeMs(1);
    grant();
    await turn;
  }
  meter.resume();
  clock.computeMs(0.01);
  assert.ok(meter.check(true) instanceof CpuLimitError);
});

test("CpuMeter: a turn begins a new slice, and waiting for it costs no more than a switch", async () => {
  const { clock, meter, waits, grant } = open();
  meter.resume();
  clock.computeMs(SLICE_MS + 1);
  assert.equal(meter.check(true), "yield");
  meter.pause();
  const turn = meter.turn();
  assert.deepEqual(waits, [SLICE_MS + 1]);
  clock.computeMs(50);
  grant();
  await turn;
  meter.resume();
  assert.equal(meter.check(true), "continue");
  assert.ok(Math.abs(meter.usedMs - (SLICE_MS + 1 + SWITCH_MS_MAX)) < 1e-6, `${meter.usedMs} ms`);
  assert.equal(meter.yieldCount, 1);
});

test("CpuMeter: waiting for nothing gains nothing, waiting for long begins a new slice", () => {
  const { clock, meter } = open();
  for (let round = 0; round < 4; round++) {
    meter.resume();
    clock.computeMs(SLICE_MS * 0.3);
    meter.pause();
  }
  meter.resume();
  assert.equal(meter.check(true), "yield");
  meter.pause();
  clock.computeMs(SLICE_MS * 2);
  meter.resume();
  assert.equal(meter.check(true), "continue");
});

test("CpuMeter: the limit is of one request, over its waits; then an error that names it", () => {
  const { clock, meter } = open(10);
  for (let round = 0; round < 5; round++) {
    meter.resume();
    clock.computeMs(2);
    assert.ok(!(meter.check(true) instanceof Error));
    meter.pause();
    clock.computeMs(1000);
  }
  assert.equal(meter.usedMs, 10);
  meter.resume();
  clock.computeMs(0.5);
  for (const canSuspend of [true, false]) {
    const verdict = meter.check(canSuspend);
    assert.ok(verdict instanceof CpuLimitError && verdict.cpuMs === 10);
  }
  meter.pause();
  meter.begin(10);
  meter.resume();
  assert.equal(meter.check(true), "continue", "the next request has its own");
  assert.equal(meter.usedMs, 0);
});

test("CpuMeter: a service has no limit", () => {
  const { clock, meter } = open(Infinity);
  meter.resume();
  clock.computeMs(1e9);
  assert.equal(meter.check(true), "yield");
});

test("CpuMeter: where nothing can suspend it goes on for 10 ms, and then ends", () => {
  const { clock, meter } = open(Infinity);
  meter.resume();
  for (let tick = 0; tick <= UNSUSPENDABLE_MS_MAX; tick++) {
    assert.equal(meter.check(false), "continue");
    clock.computeMs(1);
  }
  const verdict = meter.check(false);
  assert.ok(verdict instanceof Error && !(verdict instanceof CpuLimitError));
  assert.match(verdict.message, /cannot wait/);
});

const GAPS: readonly { readonly name: string; readonly gap: (bench: ReturnType<typeof open>) => void }[] = [
  { name: "a tick where it could suspend", gap: ({ meter }) => void meter.check(true) },
  {
    name: "a wait",
    gap: ({ meter }) => {
      meter.pause();
      meter.resume();
    },
  },
];

for (const { name, gap } of GAPS) {
  test(`CpuMeter: ${name} ends a stretch in which nothing could suspend`, () => {
    const bench = open(Infinity);
    bench.meter.resume();
    for (let tick = 0; tick < 50; tick++) {
      assert.equal(bench.meter.check(false), "continue");
      bench.clock.computeMs(4);
      gap(bench);
    }
  });
}

test("CpuMeter: a pause of the process is not taken for computing where nothing can suspend", () => {
  const { clock, meter } = open(Infinity);
  meter.resume();
  assert.equal(meter.check(false), "continue");
  clock.computeMs(500);
  assert.equal(meter.check(false), "continue");
});

test("CpuMeter: a guest that was ended leaves the queue", () => {
  const { meter, isWithdrawn } = open();
  void meter.turn();
  meter.withdraw();
  assert.equal(isWithdrawn(), true);
});
