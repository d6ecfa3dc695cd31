// tidy: long because it is one table, with a row for each limit and how it is hit
/**
 * Every row of the table of limits in README.md, set in a file and hit through a whole gateway: what the client gets,
 * what the log says, what is counted, and that afterwards nothing is left and the neighbour has noticed nothing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import type { LimitName } from "../../src/telemetry/limit_counts.ts";
import { LIMIT_GROUPS } from "../config/limits_table.ts";
import { countingHandler, hoardingHandler } from "../support/counting_handler.ts";
import {
  closeToNothing,
  componentBytes,
  type FolderContent,
  type GatewayHarness,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { bodyOf, RawClient, statusOf } from "../support/raw_client.ts";

/** A gateway at its limit, and what a client sees of the one guest that is. */
interface Hit extends GatewayHarness {
  /** Sends a request to the guest; resolves to all that comes back. */
  readonly ask: (path: string, fields?: string, body?: string) => Promise<string>;
  /** The connection of a request that is not waited for. */
  readonly begin: (path: string, fields?: string) => RawClient;
  /** Takes an instance of another workload, up to its `wall`. */
  readonly hold: () => Promise<RawClient>;
  /** Requests that have an instance now. */
  readonly busy: () => number;
}

/** One row of the table, and how it is hit. */
interface Row {
  readonly where: string;
  readonly key: string;
  /** What the row's file says for it; with others where it needs them. */
  readonly limits: Readonly<Record<string, unknown>>;
  /** Default: `probe`. */
  readonly component?: Uint8Array;
  /** The service, as its file says. */
  readonly service?: Readonly<Record<string, unknown>>;
  /** Hits it, and checks what the client is told. */
  readonly hit: (at: Hit) => Promise<void>;
  /** What it is counted as; without it nothing says so but the log or other totals. */
  readonly counted?: LimitName | readonly LimitName[];
  /** Lines that the log has about it, but for those of guests' own output and of answers without a cause. */
  readonly lines?: readonly RegExp[];
}

const ROUTE = "route: `limits`";
const WORKLOAD = "workload: `limits`";
const SERVICE = "service: `limits`";
const PROCESS = "gateway: `process`";
const LISTENER = "gateway: `listener`";

const GREETER = { component: "greeter.wasm", ready: { tcp: 7777 } };
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;
const JUST_ONE = JSON.stringify([{ do: "tcp", address: [203, 0, 113, 1], port: 80 }]);

function assertRetry(answer: string, status: number): void {
  assert.equal(statusOf(answer), status, answer);
  assert.match(answer, /^retry-after: \d+\r$/im);
}

/** For ceilings of the process: another workload has all that there is. */
async function hitWhileHeld({ ask, hold }: Hit): Promise<void> {
  const holder = await hold();
  assertRetry(await ask("/x"), 503);
  assert.equal(statusOf(await holder.untilClosed()), 504);
}

const ROWS: readonly Row[] = [
  {
    where: ROUTE,
    key: "memory",
    limits: { memory: "4MiB" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/leak")), 500),
    counted: "memory",
    // The guest could have gone on without it; that this one traps is its request's line.
    lines: [/limited memory: it asked for more than its 4MiB of memory; limits\.memory of the route/, /500 .*trapped/],
  },
  {
    where: ROUTE,
    key: "cpu",
    limits: { cpu: "50ms" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/spin")), 504),
    counted: "cpu",
    lines: [/504 .*computed for more than 50ms; limits\.cpu of the route/],
  },
  {
    where: ROUTE,
    key: "wall",
    limits: { wall: "50ms" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/hang")), 504),
    counted: "wall",
    lines: [/504 .*no head within 50ms; limits\.wall of the route/],
  },
  {
    where: ROUTE,
    key: "idle",
    limits: { idle: "50ms" },
    hit: async ({ ask }) => {
      const answer = await ask("/hang-after-head");
      assert.equal(statusOf(answer), 200);
      // It must not be taken for the whole.
      assert.doesNotMatch(answer, /0\r\n\r\n$/);
    },
    counted: "idle",
    lines: [/limited idle: .*did not go on for 50ms; limits\.idle /, /200 .*did not go on for 50ms/],
  },
  {
    where: ROUTE,
    key: "requestBody",
    limits: { requestBody: "1KiB" },
    // Also when the guest would never end by itself.
    hit: async ({ ask }) => {
      assert.equal(statusOf(await ask("/sulk", CHUNKED, `${chunk(1025)}0\r\n\r\n`)), 413);
    },
    counted: "requestBody",
    lines: [/413 .*longer than 1KiB; limits\.requestBody of the route/],
  },
  {
    where: ROUTE,
    key: "responseBody",
    limits: { responseBody: "1KiB" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/announce")), 502),
    counted: "responseBody",
    lines: [/502 .*at most 1KiB; limits\.\w+ of the route/],
  },
  {
    where: ROUTE,
    key: "headerBytes",
    limits: { headerBytes: "1KiB" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/x", `X-Long: ${"x".repeat(1024)}\r\n`)), 431),
    counted: "headerBytes",
    lines: [/431 .*more than 1KiB; limits\.headerBytes of the route/],
  },
  {
    where: ROUTE,
    key: "concurrency",
    limits: { concurrency: 1 },
    hit: async ({ ask, busy }) => {
      let most = 0;
      const answers = Promise.all([ask("/tick"), ask("/tick"), ask("/tick")]);
      const isOver = answers.then(() => true);
      while (!(await Promise.race([isOver, Promise.resolve(false)]))) {
        most = Math.max(most, busy());
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.deepEqual((await answers).map(statusOf), [200, 200, 200]);
      assert.equal(most, 1);
    },
  },
  {
    where: ROUTE,
    key: "queue",
    limits: { concurrency: 1, queue: 1, wall: "900ms" },
    hit: async ({ ask, begin, busy }) => {
      const running = begin("/hang");
      await eventually(() => busy() === 1);
      // Who waits has the same time from here on, and is served in what is left of it.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const both = await Promise.all([ask("/x"), ask("/x")]);
      assert.deepEqual(both.map(statusOf).toSorted((a, b) => a - b), [200, 429]);
      assertRetry(both.find((answer) => statusOf(answer) === 429) ?? "", 429);
      await running.untilClosed();
    },
    counted: ["concurrency", "wall"],
    lines: [/429 .*its queue of 1 is full; limits\.concurrency and limits\.queue of the route/, /504 /],
  },
  {
    where: ROUTE,
    key: "queueWait",
    limits: { concurrency: 1, queueWait: "30ms", wall: "400ms" },
    hit: async ({ ask, begin, busy }) => {
      const running = begin("/hang");
      await eventually(() => busy() === 1);
      assertRetry(await ask("/x"), 429);
      await running.untilClosed();
    },
    counted: ["queueWait", "wall"],
    lines: [/429 .*longer than 30ms; limits\.concurrency and limits\.queueWait of the route/, /504 /],
  },
  {
    where: ROUTE,
    key: "serviceWait",
    limits: { serviceWait: "30ms" },
    service: { ...GREETER, env: { MODE: "never" } },
    hit: async ({ ask }) => assertRetry(await ask("/x"), 503),
    counted: "serviceWait",
    lines: [/503 .*starting.*it was waited for 30ms; limits\.serviceWait of the route/],
  },
  {
    where: ROUTE,
    key: "idleInstances",
    limits: { idleInstances: 0 },
    hit: async ({ ask, gateway }) => {
      assert.equal(statusOf(await ask("/x")), 200);
      const dropped = () => gateway.metrics().instances.find(({ outcome }) => outcome === "dropped: pool-full");
      await eventually(() => dropped()?.total === 1);
    },
  },
  {
    where: ROUTE,
    key: "sockets",
    limits: { sockets: 3 },
    hit: async ({ ask }) => assert.match(await ask("/sockets"), /3 new-socket-limit/),
    counted: "sockets",
    lines: [/limited sockets: .*; limits\.sockets of the route/],
  },
  {
    where: ROUTE,
    key: "handles",
    limits: { handles: 64 },
    component: await hoardingHandler(),
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/")), 500),
    counted: "handles",
    lines: [/limited handles: .*; limits\.handles of the route/, /500 .*64/],
  },
  {
    where: ROUTE,
    key: "logRate",
    limits: { logRate: "1KiB" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/chatter")), 200),
    counted: "logRate",
  },
  {
    where: WORKLOAD,
    key: "instances",
    limits: { instances: 1, wall: "300ms" },
    hit: async ({ ask, begin, busy }) => {
      const running = begin("/hang");
      await eventually(() => busy() === 1);
      assertRetry(await ask("/x"), 503);
      await running.untilClosed();
    },
    counted: ["instances", "wall"],
    lines: [/503 .*all instances that it may have \([0-9]+\).*; limits\.instances of workload\.jsonc/, /504 /],
  },
  {
    where: WORKLOAD,
    key: "connections",
    limits: { connections: 0 },
    component: await componentBytes("traveller"),
    hit: async ({ ask }) => {
      const answer = await ask("/", `Content-Length: ${JUST_ONE.length}\r\n`, JUST_ONE);
      assert.match(answer, /new-socket-limit/);
    },
    counted: "connections",
    lines: [/limited connections: .*; limits\.connections of workload/],
  },
  {
    where: SERVICE,
    key: "memory",
    limits: { memory: "8MiB" },
    service: { ...GREETER, env: { MODE: "memory", HOLD: "1" }, restart: { policy: "never" } },
    hit: async (at) => {
      // Its one client is reset, and here a reset is a trap.
      assert.equal(statusOf(await at.ask("/connect")), 500);
      await eventually(() => at.gateway.serviceState("at") === "failed");
      assertRetry(await at.ask("/connect"), 503);
    },
    counted: "memory",
    lines: [
      /500 .*trapped/,
      /limited memory: it asked for more than its 8MiB of memory; service\.limits\.memory of workload/,
      /service trapped/,
      /service failed: it trapped/,
      /503 .*has failed: it trapped/,
    ],
  },
  {
    where: SERVICE,
    key: "sockets",
    limits: { sockets: 1 },
    service: { ...GREETER, restart: { policy: "never" } },
    // The listener is the one; whoever connects waits, as for any slow server, and its wall is 30 s.
    hit: async ({ begin, gateway }) => {
      const client = begin("/connect");
      await eventually(() => gateway.metrics().limited.length > 0);
      client.destroy();
    },
    counted: "sockets",
    lines: [/limited sockets: 1 sockets are open, expected at most 1; service\.limits\.sockets of workload/, /499 /],
  },
  {
    where: SERVICE,
    key: "handles",
    limits: { handles: 64 },
    service: { ...GREETER, env: { HOLD: "1000" }, restart: { policy: "never" } },
    hit: async (at) => {
      const clients = Array.from({ length: 40 }, () => at.begin("/connect"));
      await eventually(() => at.gateway.serviceState("at") === "failed");
      // Nobody who was connected, or still is to be, waits for ever.
      await Promise.all(clients.map((client) => client.untilClosed()));
    },
    counted: "handles",
  },
  {
    where: SERVICE,
    key: "logRate",
    limits: { logRate: "64B" },
    service: { ...GREETER, env: { NAME: "many\n".repeat(100) } },
    hit: ({ gateway }) => eventually(() => gateway.metrics().limited.length > 0),
    counted: "logRate",
  },
  {
    where: SERVICE,
    key: "cpuShare",
    limits: { cpuShare: 0.01 },
    service: GREETER,
    // What it holds is in `turn_scheduler_test.ts`, with a clock; here, that a service with the least still serves.
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/connect")), 200),
  },
  {
    where: SERVICE,
    key: "start",
    limits: { start: "50ms" },
    service: { ...GREETER, env: { MODE: "never" }, restart: { policy: "never" } },
    hit: async (at) => {
      await eventually(() => at.gateway.serviceState("at") === "failed");
      assertRetry(await at.ask("/connect"), 503);
    },
    counted: "start",
    lines: [
      /limited start: it did not listen within 50ms.*; service\.limits\.start of workload/,
      /service trapped/,
      /service failed: it did not listen/,
      /503 .*did not listen within 50ms/,
    ],
  },
  {
    where: PROCESS,
    key: "instances",
    limits: { instances: 1 },
    hit: hitWhileHeld,
    counted: "processInstances",
    lines: [/503 .*all instances that the process may have \([0-9]+\).*; process\.instances of gateway\.jsonc/, /504 /],
  },
  {
    where: PROCESS,
    key: "stacks",
    limits: { stacks: 1 },
    hit: hitWhileHeld,
    counted: "stacks",
    lines: [
      /503 .*as many guests are running as the process can suspend \([0-9]+\).*; process\.stacks of gateway/,
      /504 /,
    ],
  },
  {
    where: PROCESS,
    key: "memory",
    // One instance of the guest, and not a second one.
    limits: { memory: "2560KiB" },
    hit: hitWhileHeld,
    counted: "processMemory",
    lines: [/503 .*memory of all guests together is used up \([0-9]+[KMG]iB\).*; process\.memory of gateway/, /504 /],
  },
  {
    where: LISTENER,
    key: "connections",
    limits: { connections: 2 },
    hit: async ({ ask, begin, busy, events }) => {
      // The system tells the gateway a moment later that a connection has ended.
      const clients: RawClient[] = [];
      while (busy() < 2) {
        const client = begin("/hang");
        let isOver = false;
        void client.closed.then(() => (isOver = true));
        await eventually(() => isOver || busy() > clients.length);
        if (!isOver) clients.push(client);
      }
      assert.equal(await ask("/x"), "", "closed at accept");
      await eventually(() =>
        events.some((event) =>
          lineOf(event)?.includes("closed at accept, 2 are open; listener.connections of gateway.jsonc")
        )
      );
      for (const client of clients) client.destroy();
      while (statusOf(await ask("/x")) !== 200);
    },
    counted: "connections",
  },
  {
    where: LISTENER,
    key: "headerBytes",
    limits: { headerBytes: "1KiB" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/x", `X-Long: ${"x".repeat(1024)}\r\n`)), 431),
    lines: [/431 .*longer than 1KiB; listener\.headerBytes of gateway/],
  },
  {
    where: LISTENER,
    key: "headersTimeout",
    limits: { headersTimeout: "1s" },
    hit: async ({ port }) => {
      assert.equal(statusOf(await new RawClient(port).send("GET /x HTTP/1.1\r\nHost: at.ex").untilClosed()), 408);
    },
    lines: [/408 .*within 1s; listener\.headersTimeout of gateway/],
  },
  {
    where: LISTENER,
    key: "requestTimeout",
    limits: { requestTimeout: "1s", headersTimeout: "1s" },
    hit: async ({ ask }) => assert.equal(statusOf(await ask("/sink", "Content-Length: 9\r\n", "x")), 408),
    lines: [/408 .*within 1s; listener\.requestTimeout of gateway/],
  },
  {
    where: LISTENER,
    key: "keepAliveTimeout",
    limits: { keepAliveTimeout: "50ms" },
    hit: async ({ port }) => {
      const answer = await new RawClient(port).send("GET /x HTTP/1.1\r\nHost: at.example\r\n\r\n").untilClosed();
      assert.equal(statusOf(answer), 200);
    },
  },
];

/**
 * Held by tests of their own, with what it takes to hit them: `src/volume/limits_test.ts` and `open_files_test.ts`, `src/network/limits_test.ts`;
 * `gateway_hostile`, `gateway_slow_readers`, `gateway_drain`, `http2_hostile`.
 */
const ELSEWHERE: readonly string[] = [
  `${ROUTE} descriptors`,
  `${ROUTE} directoryEntries`,
  `${WORKLOAD} openFiles`,
  `${SERVICE} descriptors`,
  `${SERVICE} directoryEntries`,
  "volume size",
  "volume files",
  `${PROCESS} connections`,
  `${PROCESS} openFiles`,
  `${LISTENER} responseStallTimeout`,
  `${LISTENER} bodyWindow`,
  `${LISTENER} discard`,
  `${LISTENER} requestsAhead`,
  `${LISTENER} requestsAheadTotal`,
  `${LISTENER} streams`,
  `${LISTENER} streamsTotal`,
  `${LISTENER} linger`,
  `${LISTENER} drainTimeout`,
];

test("every row of the table of limits is hit", () => {
  const rows = ROWS.map(({ where, key }) => `${where} ${key}`);
  const table = LIMIT_GROUPS.flatMap(({ where, keys }) => Object.keys(keys).map((key) => `${where} ${key}`));
  assert.deepEqual(table.filter((row) => !rows.includes(row)), ELSEWHERE);
  assert.deepEqual(rows.filter((row) => !table.includes(row)), []);
});

async function contentOf({ where, limits, component, service }: Row): Promise<FolderContent> {
  return {
    "at/guest.wasm": component ?? (await componentBytes("probe")),
    "at/guest.route.jsonc": {
      match: { host: "at.example", path: "/*" },
      component: "guest.wasm",
      ...(where === ROUTE && { limits }),
    },
    "at/workload.jsonc": {
      ...(where === WORKLOAD && { limits }),
      ...(service !== undefined && { service: { ...service, ...(where === SERVICE && { limits }) } }),
    },
    ...(service !== undefined && { "at/greeter.wasm": await componentBytes("greeter") }),
    "neighbour/guest.wasm": await countingHandler("global"),
    "neighbour/guest.route.jsonc": { match: { host: "neighbour.example", path: "/*" }, component: "guest.wasm" },
    ...(where === LISTENER && { "gateway.jsonc": { listener: limits } }),
    ...(where === PROCESS && {
      "gateway.jsonc": { process: limits },
      "other/guest.wasm": await componentBytes("probe"),
      "other/guest.route.jsonc": {
        match: { host: "other.example", path: "/*" },
        component: "guest.wasm",
        limits: { wall: "1s" },
      },
    }),
  };
}

function request(harness: GatewayHarness, host: string, path: string, fields = "", body = ""): RawClient {
  const method = body === "" ? "GET" : "POST";
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n`;
  return new RawClient(harness.port).send(head + body);
}

/** What somebody reads of an event that is about a limit; undefined of those that say that all is well. */
function lineOf(event: GatewayEvent): string | undefined {
  switch (event.kind) {
    case "request":
      return event.cause === undefined ? undefined : `${event.status} ${event.cause}`;
    case "limited":
      return `limited ${event.limit}: ${event.detail}; ${event.setBy}`;
    case "guest-ended":
      return `${event.guest.role} ${event.outcome}: ${event.detail}`;
    case "service-state":
      return event.state === "failed" ? `service failed: ${event.detail ?? ""}` : undefined;
    case "fault":
      return `fault in ${event.where}: ${String(event.error)}`;
    case "denied":
    case "left-out":
    case "published":
    case "refused":
    case "reload":
    case "guest-output":
    case "traces":
    case "certificate":
      return undefined;
  }
}

for (const row of ROWS) {
  test(`${row.where} ${row.key}`, async () => {
    const harness = await startTestGateway(await contentOf(row));
    try {
      await check(row, harness);
    } finally {
      assert.deepEqual(await closeToNothing(harness), {});
    }
  });
}

async function check({ hit, service, counted = [], lines }: Row, harness: GatewayHarness): Promise<void> {
  const { gateway, events } = harness;
  // Where there is one instance in the whole process, the one before has to be idle.
  const untilFree = (): Promise<void> => eventually(() => service !== undefined || gateway.counters().instances === 0);
  const neighbour = async (): Promise<number> => {
    await untilFree();
    return statusOf(await request(harness, "neighbour.example", "/").untilClosed());
  };
  assert.equal(await neighbour(), 201);
  await untilFree();
  await hit({
    ...harness,
    ask: (...message) => request(harness, "at.example", ...message).untilClosed(),
    begin: (...message) => request(harness, "at.example", ...message),
    hold: async () => {
      const client = request(harness, "other.example", "/hang");
      await eventually(() => gateway.counters().instances === 1);
      return client;
    },
    busy: () => gateway.counters().instances - (service === undefined ? 0 : 1),
  });
  assert.equal(await neighbour(), 201);
  // A service that serves on holds what it holds; what is left when it is closed is told by the caller.
  if (service === undefined) await harness.backToIdle();
  // What is met again is told again, in each second once.
  for (const [status] of (lines ?? []).flatMap(({ source }) => [...source.matchAll(/^[45]\d\d/g)])) {
    const isCounted = (): boolean => gateway.metrics().failed.some((count) => count.status === Number(status));
    await eventually(isCounted);
  }
  const told = (): string[] => {
    const lines = events.flatMap((event) => lineOf(event) ?? []);
    return lines.filter((line, at) => !line.startsWith("limited") || lines.indexOf(line) === at);
  };
  const limited = gateway.metrics().limited.filter(({ workload }) => workload === undefined || workload === "at");
  assert.deepEqual(limited.map(({ limit }) => limit), [counted].flat(), told().join("\n"));
  if (lines === undefined) return;
  await eventually(() => told().length >= lines.length);
  const unexpected = told().filter((line) => !lines.some((pattern) => pattern.test(line)));
  assert.deepEqual([unexpected, told().length], [[], lines.length], told().join("\n"));
}

test("what a client of a route at its limit reads says nothing of the inside", async () => {
  const harness = await startTestGateway({
    "at/guest.wasm": await componentBytes("probe"),
    "at/guest.route.jsonc": { match: { path: "/*" }, component: "guest.wasm", limits: { cpu: "20ms" } },
  });
  const answer = await request(harness, "at.example", "/spin").untilClosed();
  assert.equal(statusOf(answer), 504);
  assert.match(answer, /^content-type: application\/problem\+json\r$/im);
  assert.doesNotMatch(bodyOf(answer), /20|cpu|comput/i);
  assert.deepEqual(await closeToNothing(harness), {});
});
