import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "./events.ts";
import { isLogged, levelOf, LOG_LEVELS, type LogLevel } from "./log_level.ts";

const GUEST = { workload: "shop", role: "service" } as const;
const REQUEST = {
  kind: "request",
  requestId: "r",
  method: "GET",
  path: "/",
  requestBytes: 0,
  responseBytes: 0,
  durationMs: 1,
} as const;

const LEVELS: readonly (readonly [name: string, level: LogLevel, event: GatewayEvent])[] = [
  ["a good answer", "info", { ...REQUEST, status: 200 }],
  ["a client's mistake", "info", { ...REQUEST, status: 404, cause: "no route" }],
  ["a client that left", "info", { ...REQUEST, status: 499, cause: "the client went away" }],
  ["an answer that broke off", "warn", { ...REQUEST, status: 200, cause: "the guest trapped" }],
  ["a full route", "warn", { ...REQUEST, status: 429, cause: "its queue is full" }],
  ["a guest's own 500", "error", { ...REQUEST, status: 500 }],
  ["a limit of time", "error", { ...REQUEST, status: 504, cause: "no head within 30 s" }],
  ["a line of a guest", "info", { kind: "guest-output", guest: GUEST, stream: "stderr", line: "error" }],
  ["a command's end", "info", { kind: "guest-ended", guest: GUEST, outcome: "completed", detail: "" }],
  ["a trap", "error", { kind: "guest-ended", guest: GUEST, outcome: "trapped", detail: "" }],
  ["a ready service", "info", { kind: "service-state", workload: "shop", state: "ready" }],
  ["a service that starts", "info", { kind: "service-state", workload: "shop", state: "starting" }],
  ["one that listens elsewhere, which may be all in order", "info", {
    kind: "service-state",
    workload: "shop",
    state: "starting",
    detail: "7778",
  }],
  ["a restart", "warn", { kind: "service-state", workload: "shop", state: "restarting" }],
  ["a failed service", "error", { kind: "service-state", workload: "shop", state: "failed" }],
  ["a reload", "info", { kind: "reload", workload: "shop", outcome: "replaced" }],
  ["what waits for the next start", "warn", { kind: "reload", outcome: "replaced", needsRestart: true }],
  ["a change with faults", "error", { kind: "reload", workload: "shop", outcome: "kept" }],
  ["a denial", "warn", { kind: "denied", guest: GUEST, operation: "o", target: "t", rule: "r" }],
  ["a limit", "warn", { kind: "limited", limit: "connections", detail: "" }],
  ["a published port", "warn", { kind: "published", workload: "shop", port: 1, detail: "" }],
  ["a collector that is away", "warn", { kind: "traces", endpoint: "e", state: "failing" }],
  ["a certificate that has expired", "warn", { kind: "certificate", name: "c", detail: "expired" }],
  ["a collector that is back", "info", { kind: "traces", endpoint: "e", state: "exported", count: 1 }],
  ["a fault", "error", { kind: "fault", where: "app", error: "e" }],
];

for (const [name, level, event] of LEVELS) {
  test(`levelOf: ${name} is ${level}`, () => assert.equal(levelOf(event), level));
}

test("isLogged: a log has its own level and what matters more", () => {
  const logged = LOG_LEVELS.map((limit) => LOG_LEVELS.filter((level) => isLogged(level, limit)));
  assert.deepEqual(logged, [["error"], ["error", "warn"], ["error", "warn", "info"]]);
});
