/** `ServiceSupervisor` beside a model of it: random lives with faults injected, which both have to see alike. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { WaitList } from "../base/waitable.ts";
import { type GuestEnd, isSuccess } from "../instance/guest_end.ts";
import { type ServiceRun, ServiceSupervisor } from "./service_supervisor.ts";
import type { RestartPolicy } from "./spec.ts";

const TIMES = { delayMinMs: 100, delayMaxMs: 1000, healthyMs: 3000 };
const START_MS = 700;
const ENDS: readonly GuestEnd[] = [
  { kind: "completed" },
  { kind: "exited", exitCode: 0 },
  { kind: "exited", exitCode: 3 },
  { kind: "failed", error: undefined },
  { kind: "trapped", error: new Error("unreachable") },
];

/** What a run does by itself. */
interface Fate {
  /** Ends before `startRun` has returned: a start function that trapped. */
  readonly endsAtOnce: GuestEnd | undefined;
  /** Listens before `startRun` has returned. */
  readonly listensAtOnce: boolean;
  /** Keeps running for a while after it was killed: the host function under way has to return first. */
  readonly isStubborn: boolean;
}

interface Setting {
  readonly policy: RestartPolicy;
  readonly isReadyAware: boolean;
  readonly restartsMax: number | undefined;
  readonly fates: readonly Fate[];
}

type Step =
  | { readonly do: "start" | "listen" | "unlisten" | "wake" | "stop" }
  | { readonly do: "end"; readonly end: GuestEnd }
  | { readonly do: "wait"; readonly ms: number };

const USUAL: Fate = { endsAtOnce: undefined, listensAtOnce: false, isStubborn: false };

/** The real supervisor over runs in memory. */
class Bench {
  readonly clock = new FakeClock();
  readonly waiting = new WaitList();
  readonly supervisor: ServiceSupervisor;
  readonly states: string[] = [];
  alive = 0;
  most = 0;
  runs = 0;
  wasKilled = false;
  isListening = false;
  #fate: Fate = USUAL;
  #finish: ((end: GuestEnd) => void) | undefined;

  constructor(setting: Setting) {
    this.supervisor = new ServiceSupervisor({
      startRun: () => this.#startRun(setting.fates[this.runs] ?? USUAL),
      listening: setting.isReadyAware
        ? {
          isReady: () => this.isListening,
          onReady: (wake) => this.waiting.add(wake),
          where: "on port 7777",
          elsewhere: () => undefined,
        }
        : undefined,
      startMs: START_MS,
      policy: setting.policy,
      restartsMax: setting.restartsMax,
      clock: this.clock,
      times: TIMES,
      onState: (state) => this.states.push(state.kind),
      onStartLimit: () => {},
      onListeningElsewhere: () => {},
    });
  }

  get isRunning(): boolean {
    return this.#finish !== undefined;
  }

  end(end: GuestEnd): void {
    this.#finish?.(end);
  }

  #startRun(fate: Fate): ServiceRun {
    this.runs++;
    this.alive++;
    this.most = Math.max(this.most, this.alive);
    this.wasKilled = false;
    this.#fate = fate;
    const { promise, resolve } = Promise.withResolvers<GuestEnd>();
    this.#finish = (end) => {
      this.#finish = undefined;
      this.alive--;
      this.isListening = false;
      resolve(end);
    };
    if (fate.listensAtOnce) this.isListening = true;
    if (fate.endsAtOnce !== undefined) this.end(fate.endsAtOnce);
    return {
      ended: promise,
      cpuMs: () => 0,
      kill: (cause) => {
        this.wasKilled = true;
        if (!this.#fate.isStubborn) this.end({ kind: "trapped", error: cause });
      },
    };
  }
}

/** The life as design.md section 5 tells it, in milliseconds and without promises. */
class Model {
  state = "idle";
  runs = 0;
  nowMs = 0;
  isRunning = false;
  isListening = false;
  readonly #setting: Setting;
  #delayMs = TIMES.delayMinMs;
  #restarts = 0;
  #readyMs = 0;
  #dueMs = 0;
  #limitMs = Infinity;
  #isLate = false;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  start(): void {
    if (this.state === "idle") this.#startRun();
  }

  /** The run's listener is there or gone; the supervisor looks when it is woken. */
  look(): void {
    if (this.state !== "starting" || this.#isLate || !this.isRunning) return;
    if (this.#setting.isReadyAware && !this.isListening) return;
    this.state = "ready";
    this.#readyMs = this.nowMs;
    this.#limitMs = Infinity;
  }

  end(end: GuestEnd): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.isListening = false;
    this.#limitMs = Infinity;
    if (this.state === "stopped") return;
    const isWell = isSuccess(end) && this.state === "ready";
    const { policy, restartsMax = Infinity } = this.#setting;
    if (policy === "never" || (policy === "on-failure" && isWell)) this.state = isWell ? "completed" : "failed";
    else {
      if (this.state === "ready" && this.nowMs - this.#readyMs >= TIMES.healthyMs) {
        this.#restarts = 0;
        this.#delayMs = TIMES.delayMinMs;
      }
      this.state = this.#restarts < restartsMax ? "restarting" : "failed";
      this.#dueMs = this.nowMs + this.#delayMs;
      if (this.state === "restarting") {
        this.#restarts++;
        this.#delayMs = Math.min(this.#delayMs * 2, TIMES.delayMaxMs);
      }
    }
  }

  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const nextMs = this.state === "restarting" ? this.#dueMs : this.state === "starting" ? this.#limitMs : Infinity;
      if (nextMs > untilMs) break;
      this.nowMs = nextMs;
      if (this.state === "restarting") this.#startRun();
      else {
        this.#isLate = true;
        this.#limitMs = Infinity;
        this.#kill();
      }
    }
    this.nowMs = untilMs;
  }

  stop(): void {
    this.state = "stopped";
    this.#kill();
  }

  #startRun(): void {
    const fate = this.#setting.fates[this.runs] ?? USUAL;
    this.runs++;
    this.state = "starting";
    this.isRunning = true;
    this.#isLate = false;
    this.isListening = fate.listensAtOnce && fate.endsAtOnce === undefined;
    if (this.#setting.isReadyAware) this.#limitMs = this.nowMs + START_MS;
    this.look();
    if (fate.endsAtOnce !== undefined) this.end(fate.endsAtOnce);
  }

  #kill(): void {
    const fate = this.#setting.fates[this.runs - 1] ?? USUAL;
    if (!fate.isStubborn) this.end({ kind: "trapped", error: undefined });
  }
}

async function act(step: Step, bench: Bench, model: Model): Promise<void> {
  switch (step.do) {
    case "start":
      bench.supervisor.start();
      model.start();
      break;
    case "listen":
    case "unlisten":
      if (!bench.isRunning) return;
      bench.isListening = model.isListening = step.do === "listen";
      if (step.do === "unlisten") break;
      bench.waiting.wakeAll();
      await settle();
      model.look();
      break;
    case "wake":
      bench.waiting.wakeAll();
      await settle();
      model.look();
      break;
    case "end":
      bench.end(step.end);
      model.end(step.end);
      break;
    case "wait":
      await bench.clock.advanceMs(step.ms);
      model.wait(step.ms);
      break;
    case "stop":
      // Who is stubborn ends when the life of the test does.
      void bench.supervisor.stop();
      model.stop();
      break;
  }
  await settle();
}

/** Where each state may lead to. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  starting: ["ready", "restarting", "failed", "stopped"],
  ready: ["completed", "restarting", "failed", "stopped"],
  restarting: ["starting", "stopped"],
  completed: ["stopped"],
  failed: ["stopped"],
  stopped: [],
};

const fate: fc.Arbitrary<Fate> = fc.record({
  endsAtOnce: fc.option(fc.constantFrom(...ENDS), { nil: undefined, freq: 3 }),
  listensAtOnce: fc.boolean(),
  isStubborn: fc.boolean(),
});
const setting: fc.Arbitrary<Setting> = fc.record({
  policy: fc.constantFrom<RestartPolicy>("never", "on-failure", "always"),
  isReadyAware: fc.boolean(),
  restartsMax: fc.constantFrom(undefined, 0, 1, 3),
  fates: fc.array(fate, { maxLength: 8 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("start", "listen", "unlisten", "wake") }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end"), end: fc.constantFrom(...ENDS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 1, max: 4000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop") }) },
) as fc.Arbitrary<Step>;

test("ServiceSupervisor lives as its model does, with one run at most, and leaves nothing", async () => {
  await fc.assert(
    fc.asyncProperty(setting, fc.array(step, { maxLength: 25 }), async (chosen, steps) => {
      const bench = new Bench(chosen);
      const model = new Model(chosen);
      for (const each of [{ do: "start" } as const, ...steps]) {
        await act(each, bench, model);
        const told = JSON.stringify(each);
        assert.equal(bench.supervisor.state.kind, model.state, told);
        assert.deepEqual([bench.runs, bench.isRunning], [model.runs, model.isRunning], told);
        assert.ok(bench.most <= 1);
        const serving = bench.supervisor.untilServing(0);
        const { state } = model;
        const known = state === "ready" || state === "completed"
          ? true
          : state === "starting" || state === "idle"
          ? undefined
          : false;
        if (known !== undefined) assert.equal(serving, known, told);
        else {
          await bench.clock.advanceMs(0);
          assert.equal(await serving, false);
        }
      }
      const stopped = bench.supervisor.stop();
      bench.end({ kind: "trapped", error: undefined });
      await stopped;
      for (const [index, state] of bench.states.entries()) {
        const next = bench.states[index + 1];
        if (next !== undefined) assert.ok(FOLLOWERS[state]?.includes(next), `${state} -> ${next}`);
      }
      assert.deepEqual([bench.alive, bench.clock.timersArmed, bench.waiting.size], [0, 0, 0]);
    }),
    { numRuns: 150 },
  );
});
