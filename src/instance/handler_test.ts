import assert from "node:assert/strict";
import { test } from "node:test";
import { countingHandler, handlerOf } from "../../test/support/counting_handler.ts";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { FakeExchange, type FakeRequest } from "../../test/support/fake_exchange.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { PROCESS_LIMITS, type ProcessLimits, ROUTE_LIMITS, type RouteLimits } from "../base/limits.ts";
import { compileComponent, type CompiledComponent } from "../component/engine.ts";
import type { ResponseBody, ResponseHead } from "../host/http/exchange.ts";
import { SUSPENDING } from "../host/suspending.ts";
import { WorkloadNetwork } from "../network/workload_network.ts";
import type { GatewayEvent } from "../telemetry/events.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { SLICE_MS } from "./cpu_meter.ts";
import { openGuestTools } from "./guest_tools.ts";
import { Handler } from "./handler.ts";
import type { HandlerExchange } from "./handler_exchange.ts";
import type { PoolMode } from "./instance_pool.ts";
import { IDLE_MS_MAX } from "./process_budget.ts";

/** An exchange whose client stays, unless the test says otherwise. */
class StayingExchange extends FakeExchange implements HandlerExchange {
  isClientGone = false;
  readonly requestId = "r1";
  leave: (() => void) | undefined;
  /** Called when its answer begins. */
  onRespond: (() => void) | undefined;

  override respond(head: ResponseHead): ResponseBody {
    this.onRespond?.();
    return super.respond(head);
  }

  onClientGone(leave: () => void): () => void {
    this.leave = leave;
    return () => {
      this.leave = undefined;
    };
  }
}

interface BenchOptions {
  readonly limits?: Partial<RouteLimits>;
  readonly process?: Partial<ProcessLimits>;
  readonly mode?: PoolMode;
  /** How long it takes to begin a request. */
  readonly beginMs?: number;
  /** Default: one that answers and returns. */
  readonly component?: CompiledComponent;
}

const HANDLES = 3;
const COMPONENT = await compileComponent(await countingHandler("memory"), { suspending: SUSPENDING });

/** It computes before it answers, and after. */
const BUSY = `(global.set $left (i32.const 8000000))
  (loop $more (global.set $left (i32.sub (global.get $left) (i32.const 1))) (br_if $more (global.get $left)))`;
const BUSY_COMPONENT = await compileComponent(
  await handlerOf(`${BUSY} (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)`, {
    module: "(global $left (mut i32) (i32.const 0))",
    afterAnswer: BUSY,
  }),
  { suspending: SUSPENDING },
);

function open({ limits, process, mode, beginMs = 0, component = COMPONENT }: BenchOptions = {}) {
  const clock = new FakeClock();
  /** What passes from one look at the clock to the next while guests compute. */
  const pace = { stepMs: 0 };
  const counters = new LiveCounters();
  const events: GatewayEvent[] = [];
  const emit = (event: GatewayEvent): void => void events.push(event);
  const limited: string[] = [];
  const tools = openGuestTools({
    clock,
    computeClock: {
      monotonicMs: () => {
        clock.computeMs(pace.stepMs);
        return clock.monotonicMs();
      },
    },
    counters,
    emit,
    randomBytes: (length) => new Uint8Array(length),
    onLimit: (_guest, limit) => limited.push(limit),
    limits: { ...PROCESS_LIMITS, ...process },
  });
  const label = { workload: "demo", route: "count", role: "component" } as const;
  const network = new WorkloadNetwork({ workload: "demo", clock, counters, emit });
  let networks = 0;
  const handler = new Handler({
    program: { component, label, env: [], args: ["count"] },
    tools,
    openNetwork: () => {
      networks++;
      clock.computeMs(beginMs);
      return network.openGuest("component", label);
    },
    limits: { ...ROUTE_LIMITS, ...limits },
    ...(mode !== undefined && { mode }),
  });
  const serve = async (request?: FakeRequest) => {
    const exchange = new StayingExchange(request);
    const failure = await handler.run(exchange);
    assert.equal(exchange.leave, undefined, "nobody waits for the client any more");
    return { status: exchange.status, failure };
  };
  const outcomes = (): Record<string, number> =>
    Object.fromEntries(tools.instanceCounts.snapshot().map(({ outcome, total }) => [outcome, total]));
  return { clock, pace, counters, events, limited, tools, handler, serve, outcomes, networks: () => networks };
}

type Bench = ReturnType<typeof open>;

/** Nothing is held once the route is closed. */
function assertNothingLeft({ clock, counters, handler, tools }: Bench): void {
  handler.killAll();
  assert.deepEqual({ ...tools.budget.usage }, { instances: 0, stacks: 0, pages: 0, hostBytes: 0, idle: 0 });
  assert.deepEqual(Object.entries(counters.snapshot()).filter(([, count]) => count !== 0), []);
  assert.deepEqual([clock.timersArmed, tools.turns.waitingCount], [0, 0]);
}

test("Handler: each request has its own side of the network, and the instance of the last one in its first state", async () => {
  const bench = open();
  for (let request = 0; request < 5; request++) {
    assert.deepEqual(await bench.serve(), { status: 201, failure: undefined });
  }
  assert.equal(bench.networks(), 5);
  assert.deepEqual(bench.outcomes(), { created: 1, recycled: 4 });
  assert.deepEqual({ ...bench.tools.budget.usage }, { instances: 1, stacks: 0, pages: 1, hostBytes: 0, idle: 1 });
  assert.deepEqual([bench.counters.get("instances"), bench.counters.get("idleInstances")], [0, 1]);
  assertNothingLeft(bench);
});

test("Handler: with reuse a request meets what the last one left", async () => {
  const bench = open({ mode: { kind: "reuse", requestsMax: 2 } });
  const statuses: unknown[] = [];
  for (let request = 0; request < 5; request++) statuses.push((await bench.serve()).status);
  assert.deepEqual(statuses, [201, 202, 201, 202, 201]);
  assert.deepEqual(bench.outcomes(), { created: 3, reused: 2, "dropped: requests-served": 2 });
  assertNothingLeft(bench);
});

test("Handler: requests at once have an instance each, the most recently used one comes first", async () => {
  const bench = open({ limits: { idleInstancesMax: 3 } });
  const answers = await Promise.all(Array.from({ length: 5 }, () => bench.serve()));
  assert.deepEqual(answers.map(({ status }) => status), [201, 201, 201, 201, 201]);
  assert.equal(bench.handler.idleCount, 3);
  await bench.clock.advanceMs(IDLE_MS_MAX - 1);
  await bench.serve();
  await bench.clock.advanceMs(1);
  assert.equal(bench.handler.idleCount, 1, "those that nobody needed went");
  assert.equal(bench.outcomes()["dropped: expired"], 2);
  assertNothingLeft(bench);
});

const REFUSALS = [
  { name: "instances", process: { instancesMax: 0 }, limit: "processInstances" },
  { name: "stacks", process: { stacksMax: 0 }, limit: "stacks" },
  { name: "memory", process: { memoryBytesMax: 0 }, limit: "processMemory" },
] as const;

for (const { name, process, limit } of REFUSALS) {
  test(`Handler: where the process has no ${name} left a request is told to come again, and nothing is held`, async () => {
    const bench = open({ process });
    const { status, failure } = await bench.serve();
    assert.equal(status, undefined);
    assert.ok(failure?.kind === "unavailable");
    assert.deepEqual([failure.limit, failure.retryAfterS], [limit, 1]);
    assert.deepEqual(bench.events, []);
    assertNothingLeft(bench);
  });
}

test("Handler: an idle instance that cannot begin a request is given up and not lost", async () => {
  const bench = open({ process: { stacksMax: 1 } });
  assert.equal((await bench.serve()).status, 201);
  const [first, second] = await Promise.all([bench.serve(), bench.serve()]);
  assert.equal(first?.status, 201);
  assert.equal(second?.failure?.kind, "unavailable");
  assertNothingLeft(bench);
});

test("Handler: a component whose memories are more than its route may have is a trap, not a crash", async () => {
  const bench = open({ limits: { memoryBytesMax: 1 } });
  assert.equal((await bench.serve()).failure?.kind, "trapped");
  assert.deepEqual(bench.limited, ["memory"]);
  assertNothingLeft(bench);
});

test("Handler: a guest that wants more handles than its route may have traps, and the limit is counted", async () => {
  const bench = open({ limits: { handlesMax: HANDLES } });
  assert.equal((await bench.serve()).failure?.kind, "trapped");
  assert.deepEqual(bench.limited, ["handles"]);
  assertNothingLeft(bench);
});

test("Handler: an instance that comes back to a closed route is not kept", async () => {
  const bench = open();
  const served = bench.serve();
  bench.handler.killAll();
  await served;
  assert.equal(bench.handler.idleCount, 0);
  assertNothingLeft(bench);
});

test("Handler: of requests that come at once, a few have instances made, the others wait for turns of the event loop", async () => {
  const bench = open({ beginMs: 3 });
  const exchanges = Array.from({ length: 6 }, () => new StayingExchange());
  const runs = exchanges.map((exchange) => bench.handler.run(exchange));
  for (let job = 0; job < 100; job++) await Promise.resolve();
  assert.equal(bench.networks(), 2, "guests have had the event loop for 6 ms");
  const leaving = exchanges.slice(2, 5);
  for (const exchange of leaving) exchange.isClientGone = true;
  const ends = await Promise.all(runs);
  assert.deepEqual(ends.map((end) => end?.kind), [
    undefined,
    undefined,
    "client-gone",
    "client-gone",
    "client-gone",
    undefined,
  ]);
  assert.equal(bench.networks(), 3, "nothing was begun for those who had gone");
  assertNothingLeft(bench);
});

test("Handler: who waits to begin behind clients that have gone needs no turn for each of them", async () => {
  const bench = open();
  const guest = bench.tools.turns.openGuest("demo");
  guest.computes(true);
  const exchanges = Array.from({ length: 5 }, () => new StayingExchange());
  const runs = exchanges.map((exchange) => bench.handler.run(exchange));
  for (const exchange of exchanges.slice(0, 4)) exchange.isClientGone = true;
  guest.computes(false);
  for (let job = 0; job < 100; job++) await Promise.resolve();
  assert.equal(bench.networks(), 1, "no turn of the event loop has passed");
  await Promise.all(runs);
  assertNothingLeft(bench);
});

test("Handler: requests that wait for a turn end with their route", async () => {
  const bench = open({ beginMs: 5 });
  const runs = [1, 2, 3].map(() => bench.handler.run(new StayingExchange()));
  await Promise.resolve();
  bench.handler.killAll();
  const ends = await Promise.all(runs);
  assert.deepEqual(ends.slice(1).map((end) => end?.kind), ["unavailable", "unavailable"]);
  assertNothingLeft(bench);
});

test("Handler: a request that has waited for longer than it may take is over at once", async () => {
  const bench = open({ limits: { wallMs: 1_000 } });
  const arrivedMs = bench.clock.monotonicMs();
  await bench.clock.advanceMs(1_000);
  const run = bench.handler.run(new StayingExchange(), arrivedMs);
  await bench.clock.advanceMs(1);
  assert.deepEqual(await run, { kind: "wall-limit", wallLimitMs: 1_000 });
  assertNothingLeft(bench);
});

test("Handler: a client that leaves while its instance is made ends it", async () => {
  const bench = open();
  const exchange = new StayingExchange();
  const run = bench.handler.run(exchange);
  exchange.leave?.();
  assert.equal((await run)?.kind, "client-gone");
  assert.equal(exchange.status, undefined);
  assertNothingLeft(bench);
});

interface ReturnCase extends Omit<BenchOptions, "component"> {
  /** What the guest is that waits for its turn. */
  readonly name: string;
  readonly yields: "before its answer" | "after its answer";
  /** It goes on for so many slices that it is not worth waiting for. */
  readonly computesOn?: boolean;
  /** Requests that come meanwhile, and how many of them begin at once. */
  readonly others?: number;
  readonly begun: number;
  readonly statuses: readonly number[];
  readonly created: number;
}

const REUSE = { kind: "reuse", requestsMax: 10 } as const;
const ONCE = { kind: "reuse", requestsMax: 1 } as const;
const NONE_IDLE = { idleInstancesMax: 0 };
const [BEFORE, AFTER] = ["before its answer", "after its answer"] as const;

const RETURN_CASES: readonly ReturnCase[] = [
  { name: "has not answered", mode: REUSE, yields: BEFORE, begun: 1, statuses: [201, 201], created: 2 },
  { name: "has served its last request", mode: ONCE, yields: AFTER, begun: 1, statuses: [201, 201], created: 2 },
  { name: "will not be kept", limits: NONE_IDLE, yields: AFTER, begun: 1, statuses: [201, 201], created: 2 },
  { name: "computes on", mode: REUSE, yields: AFTER, computesOn: true, begun: 0, statuses: [201, 201], created: 2 },
  { name: "returns", mode: REUSE, yields: AFTER, begun: 0, statuses: [201, 202], created: 1 },
  {
    name: "returns, one for two",
    mode: REUSE,
    yields: AFTER,
    others: 2,
    begun: 1,
    statuses: [201, 202, 201],
    created: 2,
  },
  { name: "returns, and is put back", yields: AFTER, begun: 0, statuses: [201, 201], created: 1 },
];

for (const { name, yields, computesOn = false, others = 1, begun, statuses, created, ...options } of RETURN_CASES) {
  test(`Handler: a request that comes while a guest waits for its turn: one that ${name}`, async () => {
    const bench = open({ ...options, component: BUSY_COMPONENT });
    const { pace, tools: { turns }, handler } = bench;
    const exchanges = Array.from({ length: 1 + others }, () => new StayingExchange());
    const [first, ...later] = exchanges;
    assert.ok(first !== undefined);
    if (yields === BEFORE) pace.stepMs = SLICE_MS;
    else first.onRespond = () => (pace.stepMs = SLICE_MS);
    const runs = [handler.run(first)];
    await jobs();
    // Guests have not had the next turn for long: nothing but this guest is to be waited for.
    await new Promise<void>((resolve) => nextEventLoopTurn(resolve));
    await jobs();
    assert.deepEqual([turns.waitingCount, first.status], [1, yields === AFTER ? 201 : undefined]);
    if (!computesOn) pace.stepMs = 0;
    runs.push(...later.map((exchange) => handler.run(exchange)));
    await jobs();
    assert.equal(bench.networks(), 1 + begun);
    assert.deepEqual(await Promise.all(runs), exchanges.map(() => undefined));
    assert.deepEqual(exchanges.map(({ status }) => status), statuses);
    assert.equal(bench.outcomes()["created"], created);
    assertNothingLeft(bench);
  });
}

/** All that goes on without a turn of the event loop. */
async function jobs(): Promise<void> {
  for (let job = 0; job < 100; job++) await Promise.resolve();
}
