import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "./events.ts";
import { RECENT_EVENTS_MAX, RecentEvents } from "./recent_events.ts";

test("RecentEvents: the newest first, no requests and no output, and no more than the bound", () => {
  let nowMs = 0;
  const passed: GatewayEvent[] = [];
  const recent = new RecentEvents(() => nowMs++);
  const emit = recent.keeping((event) => passed.push(event));
  const sizes = { requestId: "i", requestBytes: 0, responseBytes: 0 };
  emit({ kind: "request", ...sizes, method: "GET", path: "/", status: 200, durationMs: 1 });
  emit({ kind: "guest-output", guest: { workload: "a", role: "service" }, stream: "stdout", line: "x" });
  for (let index = 0; index < RECENT_EVENTS_MAX + 5; index++) {
    emit({ kind: "service-state", workload: "a", state: String(index) });
  }
  assert.equal(passed.length, RECENT_EVENTS_MAX + 7);
  const list = recent.list();
  assert.equal(list.length, RECENT_EVENTS_MAX);
  assert.deepEqual([list[0]?.wallMs, list.at(-1)?.wallMs], [RECENT_EVENTS_MAX + 4, 5]);
});
