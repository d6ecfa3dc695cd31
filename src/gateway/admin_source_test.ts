import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceState } from "../workload/service_state.ts";
import { readinessOf } from "./admin_source.ts";

const ROWS: readonly {
  readonly name: string;
  readonly states: readonly (ServiceState | undefined)[];
  readonly waits: number;
}[] = [
  { name: "no workload", states: [], waits: 0 },
  { name: "no service", states: [undefined], waits: 0 },
  { name: "not started", states: [{ kind: "idle" }], waits: 1 },
  { name: "first starts", states: [{ kind: "starting", lastReason: undefined }, { kind: "idle" }], waits: 2 },
  { name: "a later start", states: [{ kind: "starting", lastReason: "it trapped" }], waits: 0 },
  { name: "failed for good", states: [{ kind: "failed", reason: "it trapped" }], waits: 0 },
  { name: "restarting", states: [{ kind: "restarting", delayMs: 1, dueNs: 1n, reason: "it trapped" }], waits: 0 },
  { name: "ready and completed", states: [{ kind: "ready", sinceNs: 1n }, { kind: "completed" }], waits: 0 },
];

test("readinessOf: first starts are waited for, later faults of one workload are not", () => {
  for (const { name, states, waits } of ROWS) {
    const workloads = states.map((state, index) => ({ name: `w${index}`, service: state && { state } }));
    const readiness = readinessOf(workloads, { isDraining: false, faults: [] });
    assert.equal(readiness.isReady ? 0 : readiness.waitsFor.length, waits, name);
    assert.deepEqual(readinessOf(workloads, { isDraining: true, faults: [] }), {
      isReady: false,
      waitsFor: ["The gateway is draining"],
    }, name);
  }
});
