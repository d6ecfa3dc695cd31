import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../telemetry/events.ts";
import { ToldReasons } from "./told_reasons.ts";

const SERVICE = { workload: "shop", role: "service" } as const;
const REASON = 'it did not listen within 10000 ms on port 7778, as "ready" says; it listens on 7777';
const LIMITED: GatewayEvent = { kind: "limited", guest: SERVICE, limit: "start", detail: REASON };
const ended = (detail: string): GatewayEvent => ({ kind: "guest-ended", guest: SERVICE, outcome: "trapped", detail });
const state = (name: string, detail?: string): GatewayEvent => ({
  kind: "service-state",
  workload: "shop",
  state: name,
  ...(detail !== undefined && { detail }),
});
const kept = (workload: string, detail: string): GatewayEvent => ({
  kind: "reload",
  workload,
  outcome: "kept",
  detail,
});

test("ToldReasons: after the limit of a start nothing says its reason again", () => {
  const reasons = new ToldReasons();
  const told = [
    LIMITED,
    ended(`it trapped: The service was ended: ${REASON}`),
    state("restarting", `${REASON}; the next start is in 100 ms`),
    state("failed", REASON),
    kept("shop", `its service did not start: ${REASON}`),
  ].map((event) => reasons.shortened(event));
  assert.deepEqual(told, [
    LIMITED,
    undefined,
    state("restarting", "the next start is in 100 ms"),
    state("failed", ""),
    kept("shop", "its service did not start"),
  ]);
});

test("ToldReasons: another reason, another workload and another start are told in full", () => {
  const reasons = new ToldReasons();
  const before = ended(`it trapped: The service was ended: ${REASON}`);
  assert.deepEqual(reasons.shortened(before), before, "no limit was told");
  reasons.shortened(LIMITED);
  const others = [
    ended("it trapped: unreachable"),
    kept("shop", "shop/workload.jsonc:1:1: Cannot read"),
    kept("blog", `its service did not start: ${REASON}`),
    { ...(ended(REASON) as object), guest: { workload: "shop", route: "task", role: "component" } } as GatewayEvent,
  ];
  for (const event of others) assert.deepEqual(reasons.shortened(event), event);
  reasons.shortened(state("ready"));
  assert.deepEqual(reasons.shortened(before), before);
});

test("ToldReasons: a service that returned is told once, each time", () => {
  const reasons = new ToldReasons();
  const returned: GatewayEvent = { kind: "guest-ended", guest: SERVICE, outcome: "completed", detail: "it returned" };
  for (let times = 0; times < 2; times++) {
    assert.deepEqual(reasons.shortened(returned), returned);
    assert.equal(reasons.shortened(state("completed")), undefined);
  }
  reasons.shortened(returned);
  assert.deepEqual(reasons.shortened(state("restarting", "it returned")), state("restarting", "it returned"));
  assert.deepEqual(reasons.shortened(state("completed")), state("completed"), "nothing has said it");
});
