/**
 * When time passes in a test. Everything that a guest under test waits for is in memory, so "all wait" can be told for sure:
 * no guest has a turn to come, no script is computing, and the event loop has gone round with nothing to do. Only then
 * time moves, to the next timer, and what that one sets in motion comes to rest before the next.
 */
import type { TurnScheduler } from "../instance/turn_scheduler.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { ScriptError } from "./script_error.ts";
import { TestClock } from "./test_clock.ts";

/** "jumps": while the test waits for a guest, time goes to the next timer as soon as all wait. "stands": only `advance` moves it. */
export type TimeMode = "jumps" | "stands";

/** Turns of the event loop without anything to do, after which all wait: streams of the runtime take up to two for a step. */
const QUIET_TURNS = 4;
/** What a step of the test's own may take (a file it reads) before `advance` goes on without it. */
const SETTLE_MS_MAX = 50;
/** Timers that fire while the test waits for one thing; a guest that sleeps in a loop for ever would keep the test waiting. */
const JUMPS_MAX = 10_000;

/** One for each component or workload under test. */
export class TestTime {
  readonly clock: TestClock;
  readonly #mode: TimeMode;
  #turns: Pick<TurnScheduler, "waitingCount"> = { waitingCount: 0 };
  /** Promises that the test waits for. */
  #waits = 0;
  /** Scripts and streams of the test that are on their way by themselves. */
  #busy = 0;
  #isJumping = false;
  #stuck = Promise.withResolvers<never>();

  constructor(options: { readonly mode: TimeMode; readonly wallMs: number }) {
    this.#mode = options.mode;
    this.clock = new TestClock(options.wallMs);
    this.#stuck.promise.catch(() => {});
  }

  /** Whose guests have to be at rest. */
  watch(turns: Pick<TurnScheduler, "waitingCount">): void {
    this.#turns = turns;
  }

  /** Something of the test's own is on its way: time waits for it. Returns the function that says it is over. */
  enter(): () => void {
    this.#busy++;
    let isOver = false;
    return () => {
      if (!isOver) this.#busy--;
      isOver = true;
    };
  }

  /** What the test waits for; in mode "jumps" time passes meanwhile. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.#waits++;
    void this.#jump();
    try {
      return await Promise.race([promise, this.#stuck.promise]);
    } finally {
      this.#waits--;
    }
  }

  /** Lets `ms` pass, each timer at its own time and in order, and all settle. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new ScriptError(`Cannot advance the clock by ${ms} ms: expected 0 or more`);
    await this.#settle(SETTLE_MS_MAX);
    const untilNs = this.clock.monotonicNs() + BigInt(Math.round(ms * 1_000_000));
    while (this.clock.step(untilNs)) await this.#settle(SETTLE_MS_MAX);
    this.clock.moveTo(untilNs);
    await this.#settle(SETTLE_MS_MAX);
  }

  async #jump(): Promise<void> {
    if (this.#mode === "stands" || this.#isJumping) return;
    this.#isJumping = true;
    try {
      for (let jumps = 0;; jumps++) {
        await this.#settle(Infinity);
        if (this.#waits === 0) return;
        if (jumps === JUMPS_MAX) return this.#giveUp();
        // Nobody waits for time: what comes next is the test's to do, and it calls again.
        if (!this.clock.step()) return;
      }
    } finally {
      this.#isJumping = false;
    }
  }

  #giveUp(): void {
    const message = `Cannot wait any longer: the guest has slept ${JUMPS_MAX} times, expected it to answer or to end`;
    this.#stuck.reject(new ScriptError(message));
    this.#stuck = Promise.withResolvers<never>();
    this.#stuck.promise.catch(() => {});
  }

  /** Resolves when all wait, or the test's own steps have taken too long. */
  async #settle(realMsMax: number): Promise<void> {
    const startedMs = performance.now();
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      const isBusy = this.#busy > 0;
      if (isBusy) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise<void>((resolve) => nextEventLoopTurn(resolve));
      quiet = this.#busy > 0 || this.#turns.waitingCount > 0 ? 0 : quiet + 1;
      if (isBusy && performance.now() - startedMs > realMsMax) return;
    }
  }
}
