import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { FakeExchange } from "../../test/support/fake_exchange.ts";
import { ROUTE_LIMITS, type RouteLimits } from "../base/limits.ts";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { RequestFailure } from "../instance/request_failure.ts";
import { Route } from "./route.ts";
import type { ServiceState } from "./service_state.ts";

/** A request whose client may leave. */
class Request extends FakeExchange implements HandlerExchange {
  isClientGone = false;
  readonly requestId = "r1";
  #leave: (() => void) | undefined;

  onClientGone(leave: () => void): () => void {
    this.#leave = leave;
    return () => void (this.#leave = undefined);
  }

  go(): void {
    this.isClientGone = true;
    this.#leave?.();
  }
}

/** A route for one request at a time and one in its queue; guests and the service do what the test says. */
class Bench {
  readonly clock = new FakeClock();
  readonly counted: string[] = [];
  /** Ends the guests that run, in order. */
  readonly running: ((failure?: RequestFailure) => void)[] = [];
  /** How long requests would have waited for the service, and when they came to the guest's turn. */
  readonly waits: number[] = [];
  readonly arrivals: (number | undefined)[] = [];
  readonly service = {
    state: { kind: "ready", sinceNs: 0n } as ServiceState,
    isServing: true as boolean | Promise<boolean>,
    untilServing: (limitMs: number) => {
      this.waits.push(limitMs);
      return this.service.isServing;
    },
    unavailability: () => ({ detail: "the service is not there", retryAfterS: 7 }),
  };
  readonly ends: string[] = [];
  readonly route: Route;

  constructor(limits: Partial<RouteLimits> = {}) {
    this.route = new Route({
      workload: "shop",
      name: "api",
      match: { host: "*", path: "/", methods: undefined },
      handler: {
        run: (_exchange, arrivedMs) => {
          this.arrivals.push(arrivedMs);
          return new Promise((resolve) => this.running.push(resolve));
        },
        killAll: () => {
          for (const end of this.running) end({ kind: "unavailable", detail: "killed", retryAfterS: 1 });
        },
      },
      service: this.service,
      clock: this.clock,
      limits: { ...ROUTE_LIMITS, concurrencyMax: 1, queueMax: 1, queueWaitMs: 100, serviceWaitMs: 1_000, ...limits },
      countLimit: (limit) => this.counted.push(limit),
    });
  }

  async request(name: string, begins?: Promise<void>): Promise<Request> {
    const request = new Request();
    void this.route.serve(request, begins).then((failure) => this.ends.push(`${name}: ${failure?.kind ?? "answered"}`));
    await settle();
    return request;
  }
}

test("Route: one runs, one waits, the next is refused and counted; a wait that is too long as well", async () => {
  const bench = new Bench();
  for (const name of ["a", "b", "c"]) await bench.request(name);
  assert.deepEqual([bench.ends, bench.counted], [["c: overloaded"], ["concurrency"]]);
  await bench.clock.advanceMs(100);
  assert.deepEqual([bench.ends.at(-1), bench.counted.at(-1)], ["b: overloaded", "queueWait"]);
  bench.running[0]?.({ kind: "wall-limit", wallLimitMs: 5 });
  await settle();
  assert.deepEqual([bench.ends.at(-1), bench.counted.at(-1)], ["a: wall-limit", "wall"]);
  assert.equal(bench.route.insideCount, 0);
  assert.equal(bench.clock.timersArmed, 0);
});

test("Route.untilIdle: everybody inside finishes, those in the queue too", async () => {
  const bench = new Bench();
  const idle = { isTrue: false };
  await bench.route.untilIdle();
  await bench.request("a");
  await bench.request("b");
  void bench.route.untilIdle().then(() => void (idle.isTrue = true));
  bench.running[0]?.();
  await settle();
  assert.deepEqual([bench.ends, idle.isTrue], [["a: answered"], false]);
  bench.running[1]?.();
  await settle();
  assert.deepEqual([bench.ends, idle.isTrue], [["a: answered", "b: answered"], true]);
});

test("Route: a request that is about to begin is inside, so that a reload leaves it the guest and the service that it was led to", async () => {
  const bench = new Bench();
  const { promise: begins, resolve: begin } = Promise.withResolvers<void>();
  await bench.request("a", begins);
  const idle = { isTrue: false };
  void bench.route.untilIdle().then(() => void (idle.isTrue = true));
  await settle();
  assert.deepEqual([bench.route.insideCount, bench.running.length, idle.isTrue], [1, 0, false]);
  begin();
  await settle();
  assert.deepEqual([bench.running.length, idle.isTrue], [1, false]);
  bench.running[0]?.();
  await settle();
  assert.deepEqual([bench.ends, idle.isTrue], [["a: answered"], true]);
});

test("Route: a request that was about to begin when the route turns away runs, unless it would have to wait", async () => {
  for (
    const { prepare, ran, ends } of [
      { prepare: () => {}, ran: 1, ends: [] },
      {
        prepare: (bench: Bench) => void (bench.service.isServing = new Promise(() => {})),
        ran: 0,
        ends: ["a: unavailable"],
      },
    ]
  ) {
    const bench = new Bench();
    prepare(bench);
    const { promise: begins, resolve: begin } = Promise.withResolvers<void>();
    await bench.request("a", begins);
    bench.route.sendAwayWaiting();
    begin();
    await settle();
    assert.deepEqual([bench.running.length, bench.ends], [ran, ends]);
  }
});

test("Route: a request that was about to begin does not when the route is full and turns away, when it is closed, or when its client leaves", async () => {
  for (
    const { leave, end } of [
      { leave: (bench: Bench) => bench.route.sendAwayWaiting(), end: "unavailable" },
      { leave: (bench: Bench) => bench.route.close(), end: "unavailable" },
      { leave: (_bench: Bench, request: Request) => request.go(), end: "client-gone" },
    ]
  ) {
    const bench = new Bench();
    await bench.request("running");
    const { promise: begins, resolve: begin } = Promise.withResolvers<void>();
    const request = await bench.request("a", begins);
    leave(bench, request);
    begin();
    await settle();
    assert.ok(bench.ends.includes(`a: ${end}`), bench.ends.join());
    assert.equal(bench.running.length, 1);
  }
});

test("Route.sendAwayWaiting: who waits for a place or for the service goes at once, who runs finishes", async () => {
  const bench = new Bench();
  await bench.request("a");
  await bench.request("queued");
  bench.route.sendAwayWaiting();
  await bench.request("late");
  assert.deepEqual(bench.ends.toSorted(), ["late: unavailable", "queued: unavailable"]);
  bench.running[0]?.();
  await settle();
  assert.equal(bench.ends.at(-1), "a: answered");

  const waiting = new Bench();
  waiting.service.isServing = new Promise(() => {});
  await waiting.request("a");
  assert.equal(waiting.route.insideCount, 1);
  waiting.route.sendAwayWaiting();
  await settle();
  assert.deepEqual([waiting.ends, waiting.route.insideCount], [["a: unavailable"], 0]);
});

test("Route.close: who runs is ended too", async () => {
  const bench = new Bench();
  await bench.request("a");
  await bench.request("b");
  bench.route.close();
  await settle();
  assert.deepEqual(bench.ends.toSorted(), ["a: unavailable", "b: unavailable"]);
  assert.equal(bench.clock.timersArmed, 0);
});

test("Route: a client that leaves gives its place up, in the queue and while it waits for the service", async () => {
  const bench = new Bench();
  bench.service.isServing = new Promise(() => {});
  const first = await bench.request("a");
  const second = await bench.request("b");
  second.go();
  first.go();
  await settle();
  assert.deepEqual(bench.ends.toSorted(), ["a: client-gone", "b: client-gone"]);
  assert.deepEqual([bench.route.insideCount, bench.running.length, bench.counted], [0, 0, []]);
});

test("Route: full because everybody waits for the service is no overload", async () => {
  const bench = new Bench();
  bench.service.state = { kind: "starting", lastReason: undefined };
  bench.service.isServing = new Promise(() => {});
  for (const name of ["a", "b", "c"]) await bench.request(name);
  assert.deepEqual([bench.ends, bench.counted], [["c: unavailable"], []]);
});

const MISSED: readonly (readonly [string, Partial<RouteLimits>, number, ServiceState, string[]])[] = [
  ["is starting", {}, 1_000, { kind: "starting", lastReason: undefined }, ["serviceWait"]],
  ["is starting, with less wall than wait", { wallMs: 600 }, 600, { kind: "starting", lastReason: undefined }, [
    "wall",
  ]],
  ["has failed meanwhile", {}, 10, { kind: "failed", reason: "it trapped" }, []],
];

for (const [name, limits, waitedMs, state, counted] of MISSED) {
  test(`Route: a service that ${name} when the wait ends: 503, and the limit is counted that was met`, async () => {
    const bench = new Bench(limits);
    bench.service.state = state;
    const service = Promise.withResolvers<boolean>();
    bench.service.isServing = service.promise;
    await bench.request("a");
    await bench.clock.advanceMs(waitedMs);
    service.resolve(false);
    await settle();
    assert.deepEqual([bench.ends, bench.counted], [["a: unavailable"], counted]);
    assert.equal(bench.route.insideCount, 0);
  });
}

test("Route: wall runs from a request's arrival: who waits, for a place or for the service, has so much less", async () => {
  const bench = new Bench({ wallMs: 800, queueWaitMs: 500 });
  const beganMs = bench.clock.monotonicMs();
  await bench.request("a");
  await bench.request("b");
  await bench.clock.advanceMs(300);
  bench.running[0]?.();
  await settle();
  assert.deepEqual(bench.arrivals, [undefined, beganMs], "who begins at once needs no other time");
  assert.deepEqual(bench.waits, [800, 500], "and nobody waits for the service past it");

  const waiting = new Bench({ wallMs: 2_000 });
  const service = Promise.withResolvers<boolean>();
  waiting.service.isServing = service.promise;
  await waiting.request("a");
  await waiting.clock.advanceMs(700);
  service.resolve(true);
  await settle();
  assert.deepEqual([waiting.waits, waiting.arrivals], [[1_000], [waiting.clock.monotonicMs() - 700]]);
});

test("Route: a wall shorter than the wait in the queue ends it, and is what is counted", async () => {
  const bench = new Bench({ wallMs: 60, queueWaitMs: 100 });
  await bench.request("a");
  await bench.request("b");
  await bench.clock.advanceMs(59);
  assert.deepEqual(bench.ends, []);
  await bench.clock.advanceMs(1);
  assert.deepEqual([bench.ends, bench.counted], [["b: overloaded"], ["wall"]]);
  assert.deepEqual([bench.route.insideCount, bench.clock.timersArmed], [1, 0]);
});
