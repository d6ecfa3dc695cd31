import assert from "node:assert/strict";
import { test } from "node:test";
import { LateTimers } from "./late_timers.ts";

function open() {
  const started: string[] = [];
  const turnEnds: (() => void)[] = [];
  const fires: (() => void)[] = [];
  const timers = new LateTimers({
    start: (delayMs, fire) => {
      started.push(`${delayMs}`);
      fires.push(fire);
      return () => started.push(`${delayMs} cancelled`);
    },
    atTurnEnd: (act) => void turnEnds.push(act),
  });
  const endTurn = (): void => {
    for (const act of turnEnds.splice(0)) act();
  };
  return { timers, started, turnEnds, fires, endTurn };
}

test("LateTimers starts no timer that was cancelled within its turn", () => {
  const { timers, started, endTurn } = open();
  const cancel = timers.start(5_000, () => {});
  cancel();
  endTurn();
  cancel();
  assert.deepEqual(started, []);
});

test("LateTimers starts what is left at the end of the turn, in order and once", () => {
  const { timers, started, turnEnds, fires, endTurn } = open();
  const fired: string[] = [];
  timers.start(5_000, () => fired.push("first"));
  const cancelSecond = timers.start(3_000, () => fired.push("second"));
  assert.equal(turnEnds.length, 1);
  endTurn();
  endTurn();
  assert.deepEqual(started, ["5000", "3000"]);
  for (const fire of fires) fire();
  assert.deepEqual(fired, ["first", "second"]);
  cancelSecond();
  assert.deepEqual(started.at(-1), "3000 cancelled");
});

test("LateTimers waits for a turn again after the last one", () => {
  const { timers, started, turnEnds, endTurn } = open();
  timers.start(5_000, () => {});
  endTurn();
  timers.start(6_000, () => {});
  assert.equal(turnEnds.length, 1);
  endTurn();
  assert.deepEqual(started, ["5000", "6000"]);
});

test("LateTimers: a timer that is started while others are is of the next turn", () => {
  const { timers, started, turnEnds, fires, endTurn } = open();
  timers.start(20, () => void timers.start(30, () => {}));
  endTurn();
  fires[0]?.();
  assert.deepEqual([started, turnEnds.length], [["20"], 1]);
  endTurn();
  assert.deepEqual(started, ["20", "30"]);
});

test("LateTimers starts what is due soon at once", () => {
  const { timers, started, turnEnds } = open();
  const cancel = timers.start(19, () => {});
  cancel();
  assert.deepEqual([started, turnEnds.length], [["19", "19 cancelled"], 0]);
});
