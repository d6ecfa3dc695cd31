// tidy: long because one life is tried from each of its states, with the same service made up
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { WaitList } from "../base/waitable.ts";
import type { GuestEnd } from "../instance/guest_end.ts";
import { type ServiceRun, ServiceSupervisor, START_LOOK_MS } from "./service_supervisor.ts";
import type { RestartPolicy } from "./spec.ts";

const OK: GuestEnd = { kind: "completed" };
const EXIT_0: GuestEnd = { kind: "exited", exitCode: 0 };
const EXIT_3: GuestEnd = { kind: "exited", exitCode: 3 };
const ERR: GuestEnd = { kind: "failed", error: undefined };
const TRAP: GuestEnd = { kind: "trapped", error: new Error("unreachable") };

interface FakeOptions {
  readonly isReadyAware?: boolean;
  readonly restartsMax?: number;
  readonly isStubborn?: boolean;
}

const START_MS = 5000;

/** A service whose runs end when the test says so. */
class FakeService {
  readonly clock = new FakeClock();
  readonly states: string[] = [];
  readonly waiting = new WaitList();
  readonly supervisor: ServiceSupervisor;
  runs = 0;
  kills = 0;
  /** Runs that were started and have not ended. */
  alive = 0;
  #isListening = false;
  #end: ((end: GuestEnd) => void) | undefined;

  readonly limits: string[] = [];
  readonly hints: string[] = [];
  /** Ports that it listens on by mistake. */
  elsewhere: string | undefined;
  /** Of the run that runs. */
  cpuMs = 0;
  /** Runs that were killed end only when the test says so. */
  readonly isStubborn: boolean;

  constructor(policy: RestartPolicy, options: FakeOptions = {}) {
    this.isStubborn = options.isStubborn ?? false;
    this.supervisor = new ServiceSupervisor({
      startRun: () => this.#startRun(),
      listening: options.isReadyAware !== true ? undefined : {
        isReady: () => this.#isListening,
        onReady: (wake) => this.waiting.add(wake),
        where: "on port 7777",
        elsewhere: () => this.elsewhere,
      },
      startMs: START_MS,
      policy,
      restartsMax: options.restartsMax,
      clock: this.clock,
      onState: (state) => this.states.push(state.kind),
      onStartLimit: (detail) => this.limits.push(detail),
      onListeningElsewhere: (detail) => this.hints.push(detail),
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
    const kill = (cause: Error): void => {
      this.kills++;
      if (!this.isStubborn) this.#finish({ kind: "trapped", error: cause });
    };
    return { ended: promise, kill, cpuMs: () => this.cpuMs };
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
  ["it listens and completes", async (service) => {
    await service.listen();
    await service.end(OK);
  }, true],
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

test("ServiceSupervisor: a start that takes too long is ended, and the restart policy applies", async () => {
  const rows = [["never", "failed"], ["on-failure", "restarting"], ["always", "restarting"]] as const;
  for (const [policy, state] of rows) {
    const service = new FakeService(policy, { isReadyAware: true });
    service.supervisor.start();
    await service.clock.advanceMs(START_MS - 1);
    assert.equal(service.state, "starting");
    assert.equal(service.kills, 0);
    await service.clock.advanceMs(1);
    assert.deepEqual([service.state, service.alive, service.kills], [state, 0, 1]);
    assert.deepEqual(service.limits, ["it did not listen within 5s on port 7777; it listens nowhere"]);
    assert.match(service.supervisor.unavailability().detail, /: it did not listen within 5s on port 7777/);
    await service.supervisor.stop();
    assert.deepEqual([service.clock.timersArmed, service.waiting.size], [0, 0]);
  }
});

test("ServiceSupervisor: what a service has computed counts over all its runs", async () => {
  const service = new FakeService("always");
  assert.equal(service.supervisor.cpuMs, 0);
  service.supervisor.start();
  service.cpuMs = 30;
  assert.equal(service.supervisor.cpuMs, 30);
  await service.end(TRAP);
  assert.equal(service.supervisor.cpuMs, 30);
  service.cpuMs = 0;
  await service.clock.advanceMs(100);
  service.cpuMs = 5;
  assert.deepEqual([service.runs, service.supervisor.cpuMs], [2, 35]);
  await service.supervisor.stop();
  assert.equal(service.supervisor.cpuMs, 35);
});

for (const [policy, state] of [["never", "failed"], ["on-failure", "restarting"], ["always", "restarting"]] as const) {
  for (const [name, end, how] of [["ok", OK, "it returned"], ["exit 0", EXIT_0, "it exited with code 0"]] as const) {
    test(`ServiceSupervisor with "${policy}": ${name} before it listened is no success`, async () => {
      const service = new FakeService(policy, { isReadyAware: true });
      service.supervisor.start();
      await service.end(end);
      assert.deepEqual(service.states, ["starting", state]);
      assert.equal(service.supervisor.lastEnd, `${how} before it listened on port 7777`);
      await service.clock.advanceMs(100);
      if (policy === "never") return;
      await service.listen();
      assert.equal(service.state, "ready");
      await service.end(end);
      assert.equal(service.state, policy === "always" ? "restarting" : "completed");
      await service.supervisor.stop();
      assert.deepEqual([service.clock.timersArmed, service.waiting.size], [0, 0]);
    });
  }
}

test("ServiceSupervisor: who listens elsewhere is told of once for each run, and waited for to the limit", async () => {
  const service = new FakeService("on-failure", { isReadyAware: true });
  service.supervisor.start();
  await service.clock.advanceMs(START_LOOK_MS);
  assert.deepEqual(service.hints, [], "it listens nowhere, and may be slow");
  service.elsewhere = "on 7778";
  await service.clock.advanceMs(START_LOOK_MS - 1);
  assert.deepEqual(service.hints, []);
  await service.clock.advanceMs(1);
  const hint = "it listens on 7778, and not yet on port 7777; it is waited for up to 5s";
  assert.deepEqual(service.hints, [hint]);
  await service.clock.advanceMs(START_MS - 2 * START_LOOK_MS - 1);
  assert.deepEqual([service.state, service.kills], ["starting", 0]);
  await service.clock.advanceMs(1);
  assert.deepEqual([service.state, service.kills], ["restarting", 1]);
  assert.deepEqual(service.limits, ["it did not listen within 5s on port 7777; it listens on 7778"]);
  await service.clock.advanceMs(100 + START_LOOK_MS);
  assert.deepEqual(service.hints, [hint, hint]);
  await service.listen();
  assert.equal(service.state, "ready");
  await service.clock.advanceMs(2 * START_MS);
  assert.deepEqual([service.hints.length, service.limits.length, service.clock.timersArmed], [2, 1, 0]);
  await service.supervisor.stop();
});

test("ServiceSupervisor: what listens or returns after its start limit has failed all the same", async () => {
  const service = new FakeService("on-failure", { isReadyAware: true, isStubborn: true });
  service.supervisor.start();
  await service.clock.advanceMs(START_MS);
  await service.listen();
  assert.equal(service.state, "starting");
  assert.equal(service.clock.timersArmed, 0);
  await service.end(OK);
  assert.equal(service.state, "restarting");
  await service.clock.advanceMs(100);
  await service.listen();
  assert.equal(service.state, "ready");
  await service.clock.advanceMs(START_MS * 2);
  assert.equal(service.state, "ready", "the limit is of the start alone");
  const stopped = service.supervisor.stop();
  await service.end(TRAP);
  await stopped;
  assert.equal(service.alive, 0);
});

test("ServiceSupervisor has failed when its restarts are used up, and a minute of health gives them back", async () => {
  for (const restartsMax of [0, 1, 3]) {
    const service = new FakeService("always", { restartsMax });
    service.supervisor.start();
    const failOften = async (): Promise<void> => {
      for (let count = 0; count < restartsMax; count++) {
        await service.end(count % 2 === 0 ? TRAP : OK);
        assert.equal(service.state, "restarting");
        await service.clock.advanceMs(10_000);
      }
    };
    await failOften();
    await service.clock.advanceMs(60_000);
    if (restartsMax > 0) await failOften();
    await service.end(ERR);
    assert.equal(service.state, "failed");
    assert.match(
      service.supervisor.unavailability().detail,
      /has failed: it returned an error; it was restarted .* limit$/,
    );
    assert.deepEqual([service.runs, service.clock.timersArmed], [1 + (restartsMax > 0 ? 2 * restartsMax : 0), 0]);
    await service.supervisor.stop();
  }
});

test("ServiceSupervisor.unavailability: the reason, and what is left of the delay, rounded up", async () => {
  const service = new FakeService("on-failure", { isReadyAware: true });
  const told = (): readonly [string, number] => {
    const { detail, retryAfterS } = service.supervisor.unavailability();
    return [detail.replace("the service of the workload ", ""), retryAfterS];
  };
  assert.deepEqual(told(), ["is starting", 1]);
  service.supervisor.start();
  assert.deepEqual(told(), ["is starting", 1]);
  await service.end(EXIT_3);
  assert.deepEqual(told(), ["is restarting: it exited with code 3; next start in 100 ms", 1]);
  await service.clock.advanceMs(100);
  assert.deepEqual(told(), ["is starting: before, it exited with code 3", 1]);
  for (const delayMs of [200, 400, 800, 1600]) {
    await service.end(ERR);
    if (delayMs < 1600) await service.clock.advanceMs(delayMs);
  }
  assert.deepEqual(told(), ["is restarting: it returned an error; next start in 1600 ms", 2]);
  await service.clock.advanceMs(600);
  assert.deepEqual(told(), ["is restarting: it returned an error; next start in 1000 ms", 1]);
  await service.supervisor.stop();
  assert.deepEqual(told(), ["the workload is being closed", 1]);
  const other = new FakeService("never");
  other.supervisor.start();
  await other.end(TRAP);
  assert.deepEqual(other.supervisor.unavailability(), {
    detail: "the service of the workload has failed: it trapped: unreachable",
    retryAfterS: 30,
  });
});

test("ServiceSupervisor.untilServing does not wait for a start that is later than its limit", async () => {
  const service = new FakeService("on-failure", { isReadyAware: true });
  service.supervisor.start();
  for (let delayMs = 100; delayMs < 800; delayMs *= 2) {
    await service.end(TRAP);
    await service.clock.advanceMs(delayMs);
  }
  const early = service.supervisor.untilServing(799);
  await service.end(TRAP);
  assert.equal(await early, false, "one who waited already");
  assert.equal(service.supervisor.untilServing(799), false);
  const late = service.supervisor.untilServing(801);
  assert.ok(late instanceof Promise);
  await service.clock.advanceMs(800);
  await service.listen();
  assert.equal(await late, true);
  await service.supervisor.stop();
  assert.equal(service.clock.timersArmed, 0);
});

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
      await service.listen();
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
