import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { WaitList } from "../base/waitable.ts";
import type { GuestEnd } from "../instance/guest_end.ts";
import { type ServiceRun, ServiceSupervisor } from "./service_supervisor.ts";
import type { RestartPolicy } from "./spec.ts";

const OK: GuestEnd = { kind: "completed" };
const EXIT_0: GuestEnd = { kind: "exited", exitCode: 0 };
const EXIT_3: GuestEnd = { kind: "exited", exitCode: 3 };
const ERR: GuestEnd = { kind: "failed", error: undefined };
const TRAP: GuestEnd = { kind: "trapped", error: new Error("unreachable") };

/** A service whose runs end when the test says so. */
class FakeService {
  readonly clock = new FakeClock();
  readonly states: string[] = [];
  readonly waiting = new WaitList();
  readonly supervisor: ServiceSupervisor;
  runs = 0;
  /** Runs that were started and have not ended. */
  alive = 0;
  #isListening = false;
  #end: ((end: GuestEnd) => void) | undefined;

  constructor(policy: RestartPolicy, options: { readonly isReadyAware?: boolean } = {}) {
    this.supervisor = new ServiceSupervisor({
      startRun: () => this.#startRun(),
      listening: options.isReadyAware !== true ? undefined : {
        isReady: () => this.#isListening,
        onReady: (wake) => this.waiting.add(wake),
      },
      policy,
      clock: this.clock,
      onState: (state) => this.states.push(state.kind),
    });
  }

  get state(): string {
    return this.supervisor.state.kind;
  }

  get isRunning(): boolean {
    return this.#end !== undefined;
  }

  async listen(): Promise<void> {
    this.#isListening = true;
    this.waiting.wakeAll();
    await settle();
  }

  async end(end: GuestEnd): Promise<void> {
    this.#finish(end);
    await settle();
  }

  #startRun(): ServiceRun {
    this.runs++;
    this.alive++;
    const { promise, resolve } = Promise.withResolvers<GuestEnd>();
    this.#end = resolve;
    return { ended: promise, kill: (cause) => this.#finish({ kind: "trapped", error: cause }) };
  }

  #finish(end: GuestEnd): void {
    if (this.#end === undefined) return;
    this.alive--;
    this.#isListening = false;
    this.#end(end);
    this.#end = undefined;
  }
}

const ENDS: readonly (readonly [policy: RestartPolicy, name: string, end: GuestEnd, state: string])[] = [
  ["never", "ok", OK, "completed"],
  ["never", "exit 0", EXIT_0, "completed"],
  ["never", "exit 3", EXIT_3, "failed"],
  ["never", "err", ERR, "failed"],
  ["never", "a trap", TRAP, "failed"],
  ["on-failure", "ok", OK, "completed"],
  ["on-failure", "exit 0", EXIT_0, "completed"],
  ["on-failure", "exit 3", EXIT_3, "restarting"],
  ["on-failure", "err", ERR, "restarting"],
  ["on-failure", "a trap", TRAP, "restarting"],
  ["always", "ok", OK, "restarting"],
  ["always", "a trap", TRAP, "restarting"],
];

for (const [policy, name, end, state] of ENDS) {
  test(`ServiceSupervisor with "${policy}" after ${name} is ${state}`, async () => {
    const service = new FakeService(policy);
    service.supervisor.start();
    await service.end(end);
    assert.deepEqual(service.states, ["starting", "ready", state]);
    await service.supervisor.stop();
    assert.equal(service.clock.timersArmed, 0);
  });
}

test("ServiceSupervisor waits longer from restart to restart, up to 30 s, and starts anew after a minute of health", async () => {
  const service = new FakeService("on-failure");
  service.supervisor.start();
  const delays: number[] = [];
  const fail = async (): Promise<void> => {
    await service.end(TRAP);
    const { state } = service.supervisor;
    assert.equal(state.kind, "restarting");
    const delayMs = state.kind === "restarting" ? state.delayMs : 0;
    delays.push(delayMs);
    await service.clock.advanceMs(delayMs - 1);
    assert.equal(service.isRunning, false);
    await service.clock.advanceMs(1);
    assert.equal(service.isRunning, true);
  };
  for (let count = 0; count < 11; count++) await fail();
  await service.clock.advanceMs(59_999);
  await fail();
  await service.clock.advanceMs(60_000);
  await fail();
  await fail();
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000, 100, 200]);
  await service.supervisor.stop();
});

test("ServiceSupervisor is ready when the service listens, and forgets that with the run", async () => {
  const service = new FakeService("on-failure", { isReadyAware: true });
  service.supervisor.start();
  assert.equal(service.state, "starting");
  service.waiting.wakeAll();
  await settle();
  assert.equal(service.state, "starting");
  await service.listen();
  assert.equal(service.state, "ready");
  await service.end(TRAP);
  await service.clock.advanceMs(100);
  assert.equal(service.state, "starting");
  await service.supervisor.stop();
  assert.equal(service.waiting.size, 0);
});

const WAITS: readonly (readonly [name: string, act: (service: FakeService) => Promise<void>, isServing: boolean])[] = [
  ["it listens", (service) => service.listen(), true],
  ["it completes", (service) => service.end(OK), true],
  ["it is stopped", (service) => service.supervisor.stop(), false],
  ["the limit is over", (service) => service.clock.advanceMs(1000), false],
  ["it comes back after a trap", async (service) => {
    await service.end(TRAP);
    await service.clock.advanceMs(100);
    await service.listen();
  }, true],
];

for (const [name, act, isServing] of WAITS) {
  test(`ServiceSupervisor.untilServing is ${isServing} when ${name}`, async () => {
    const service = new FakeService("on-failure", { isReadyAware: true });
    service.supervisor.start();
    const waits = [1, 2].map(async () => await service.supervisor.untilServing(1000));
    await act(service);
    assert.deepEqual(await Promise.all(waits), [isServing, isServing]);
    await service.supervisor.stop();
    assert.equal(service.clock.timersArmed, 0);
    assert.equal(service.supervisor.untilServing(1000), false);
  });
}

test("ServiceSupervisor.untilServing answers at once for a service that failed", async () => {
  const service = new FakeService("never");
  service.supervisor.start();
  assert.equal(service.supervisor.untilServing(1000), true);
  await service.end(TRAP);
  assert.equal(service.supervisor.untilServing(1000), false);
});

test("ServiceSupervisor.stop ends what runs and starts nothing afterwards, in every state", async (t) => {
  const rows: readonly (readonly [name: string, act: (service: FakeService) => Promise<void> | void])[] = [
    ["idle", () => {}],
    ["starting", (service) => service.supervisor.start()],
    ["ready", async (service) => {
      service.supervisor.start();
      await service.listen();
    }],
    ["restarting", async (service) => {
      service.supervisor.start();
      await service.end(TRAP);
    }],
    ["completed", async (service) => {
      service.supervisor.start();
      await service.end(OK);
    }],
  ];
  for (const [name, act] of rows) {
    await t.test(name, async () => {
      const service = new FakeService("on-failure", { isReadyAware: true });
      await act(service);
      const { runs } = service;
      await Promise.all([service.supervisor.stop(), service.supervisor.stop()]);
      service.supervisor.start();
      await service.clock.advanceMs(100_000);
      assert.deepEqual([service.runs, service.alive, service.clock.timersArmed], [runs, 0, 0]);
      assert.equal(service.states.filter((state) => state === "stopped").length, 1);
      assert.equal(service.states.at(-1), "stopped");
    });
  }
});

/** Where each state may lead to. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  starting: ["ready", "completed", "restarting", "failed", "stopped"],
  ready: ["completed", "restarting", "failed", "stopped"],
  restarting: ["starting", "stopped"],
  completed: ["stopped"],
  failed: ["stopped"],
  stopped: [],
};

test("ServiceSupervisor goes from state to state only as they say, with one run at most and no timer left", async () => {
  const step = fc.oneof(
    fc.constant({ do: "start" } as const),
    fc.constant({ do: "listen" } as const),
    fc.record({ do: fc.constant("end" as const), end: fc.constantFrom(OK, EXIT_0, EXIT_3, ERR, TRAP) }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 70_000 }) }),
  );
  const policy = fc.constantFrom<RestartPolicy>("never", "on-failure", "always");
  await fc.assert(
    fc.asyncProperty(policy, fc.boolean(), fc.array(step, { maxLength: 25 }), async (chosen, isReadyAware, steps) => {
      const service = new FakeService(chosen, { isReadyAware });
      for (const each of steps) {
        if (each.do === "start") service.supervisor.start();
        else if (each.do === "wait") await service.clock.advanceMs(each.ms);
        else if (service.isRunning) await (each.do === "listen" ? service.listen() : service.end(each.end));
        assert.ok(service.alive <= 1);
        const { kind } = service.supervisor.state;
        assert.equal(service.alive, kind === "starting" || kind === "ready" ? 1 : 0, kind);
        assert.equal(service.clock.timersArmed, kind === "restarting" ? 1 : 0, kind);
      }
      await service.supervisor.stop();
      for (const [index, state] of service.states.entries()) {
        const next = service.states[index + 1];
        if (next !== undefined) assert.ok(FOLLOWERS[state]?.includes(next), `${state} -> ${next}`);
      }
      assert.deepEqual([service.alive, service.clock.timersArmed, service.waiting.size], [0, 0, 0]);
    }),
    { numRuns: 60 },
  );
});
