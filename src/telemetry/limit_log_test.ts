import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import type { GatewayEvent } from "./events.ts";
import { LimitCounts } from "./limit_counts.ts";
import { LimitLog } from "./limit_log.ts";

const COMPONENT = { workload: "a", route: "main", role: "component" } as const;
const SERVICE = { workload: "a", role: "service" } as const;

function open() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const emit = (event: GatewayEvent): void => {
    assert.ok(event.kind === "limited");
    lines.push(`${event.guest?.role ?? "listener"} ${event.limit} ${event.detail} ${event.count ?? 1}`);
  };
  const counts = new LimitCounts();
  return { clock, lines, counts, log: new LimitLog({ clock, emit, counts }) };
}

test("LimitLog: the first at once, the rest of its second in one line with a count, and everything is counted", async () => {
  const { clock, lines, counts, log } = open();
  for (let index = 0; index < 1000; index++) log.report(COMPONENT, "memory", `no ${index}`);
  log.report(COMPONENT, "sockets", "full");
  log.report(SERVICE, "memory", "much");
  assert.deepEqual(lines, ["component memory no 0 1", "component sockets full 1", "service memory much 1"]);
  await clock.advanceMs(1000);
  assert.deepEqual(lines.slice(3), ["component memory no 999 999"]);
  assert.equal(counts.snapshot().find(({ limit, role }) => limit === "memory" && role === "component")?.total, 1000);
  log.close();
  assert.equal(clock.timersArmed, 0);
});

test("LimitLog: without a guest it is the listener's, and counted apart", async () => {
  const { clock, lines, counts, log } = open();
  log.report(COMPONENT, "connections", "its own");
  for (let time = 0; time < 3; time++) log.report(undefined, "connections", "closed at accept");
  await clock.advanceMs(1000);
  assert.deepEqual(lines, [
    "component connections its own 1",
    "listener connections closed at accept 1",
    "listener connections closed at accept 2",
  ]);
  assert.deepEqual(counts.snapshot(), [
    { ...COMPONENT, limit: "connections", total: 1 },
    { limit: "connections", total: 3 },
  ]);
  log.close();
});

test("LimitLog: a guest that never stops is one line a second", async () => {
  const { clock, lines, log } = open();
  for (let second = 0; second < 5; second++) {
    for (let index = 0; index < 10; index++) log.report(COMPONENT, "memory", "more");
    await clock.advanceMs(1000);
  }
  assert.deepEqual(lines, [
    "component memory more 1",
    "component memory more 9",
    ...Array.from({ length: 4 }, () => "component memory more 10"),
  ]);
  log.close();
});

test("LimitLog: no timer once it is quiet, and the next is told at once again", async () => {
  const { clock, lines, log } = open();
  log.report(COMPONENT, "cpu", "long");
  await clock.advanceMs(2000);
  assert.equal(clock.timersArmed, 0);
  log.report(COMPONENT, "cpu", "long");
  assert.equal(lines.length, 2);
  log.report(COMPONENT, "cpu", "longer");
  log.close();
  assert.deepEqual(lines.slice(2), ["component cpu longer 1"]);
  assert.equal(clock.timersArmed, 0);
});
