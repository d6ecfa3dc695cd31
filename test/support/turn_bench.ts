/** A scheduler of turns in virtual time. */
import assert from "node:assert/strict";
import { type GuestShare, type ScheduledGuest, TurnScheduler } from "../../src/instance/turn_scheduler.ts";
import { FakeClock } from "./fake_clock.ts";

/** Turns happen when a test says so, and guests compute by moving the clock. */
export class TurnBench {
  readonly clock = new FakeClock();
  readonly turns: (() => void)[] = [];
  readonly scheduler = new TurnScheduler({ clock: this.clock, nextTurn: (fire) => void this.turns.push(fire) });
  /** Who went on, in order. */
  readonly slices: string[] = [];

  /** A guest that computes 1 ms for each of its slices, for ever or so often. */
  spin(name: string, workload: string, options: GuestShare & { readonly slices?: number } = {}): ScheduledGuest {
    const guest = this.scheduler.openGuest(workload, options);
    let left = options.slices ?? Infinity;
    const go = (): void => {
      void guest.wait(1).then(() => {
        this.slices.push(name);
        this.clock.computeMs(1);
        left--;
        if (left > 0) go();
      });
    };
    go();
    return guest;
  }

  /** One turn of the event loop. */
  async turn(): Promise<void> {
    const due = this.turns.splice(0);
    assert.ok(due.length <= 1, "at most one turn is asked for");
    for (const fire of due) fire();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** One turn in which more than one thing was asked for. */
  async turnOfAll(): Promise<void> {
    for (const fire of this.turns.splice(0)) fire();
    await settled();
  }

  async turnTimes(times: number): Promise<Record<string, number>> {
    this.slices.length = 0;
    for (let index = 0; index < times; index++) await this.turn();
    const counts: Record<string, number> = {};
    for (const name of this.slices) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }
}

/** All promises that can go on have. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
