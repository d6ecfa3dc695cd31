import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../telemetry/events.ts";
import { EventLog } from "./event_log.ts";

function open() {
  let out = "";
  const stdout = {
    isColoured: false,
    waitingBytes: 0,
    write: (text: string | Uint8Array) => void (out += String(text)),
  };
  const log = new EventLog({
    format: "json",
    terminal: { stdout, onExit: () => {} },
    clock: { wallMs: () => 0 },
    replica: undefined,
  });
  log.open();
  const lines = (): readonly string[] => {
    log.flush();
    const written = out.trimEnd().split("\n").filter((line) => line !== "");
    out = "";
    return written;
  };
  return { log, stdout, lines };
}

const SAID: GatewayEvent = {
  kind: "guest-output",
  guest: { workload: "w", route: "r", role: "component" },
  stream: "stdout",
  line: "hello",
};

test("EventLog: past 16 MiB that nobody reads lines are lost, and when there is room again that is told first", () => {
  const { log, stdout, lines } = open();
  log.emit(SAID);
  assert.equal(lines().length, 1);
  stdout.waitingBytes = 16 * 1024 * 1024 + 1;
  for (let line = 0; line < 5; line++) log.emit(SAID);
  stdout.waitingBytes = 8 * 1024 * 1024 + 1;
  log.emit(SAID);
  assert.deepEqual(lines(), [], "half of it has to be read");
  stdout.waitingBytes = 8 * 1024 * 1024;
  log.emit(SAID);
  log.emit(SAID);
  const [lost, first, second, ...more] = lines();
  assert.match(lost ?? "", /6 lines are lost: whoever reads stdout was 16777216 bytes behind/);
  assert.deepEqual([first?.includes("hello"), second?.includes("hello"), more], [true, true, []]);
});

test("EventLog: a stream that waits has nothing that waits", () => {
  const { log, lines } = open();
  for (let line = 0; line < 100; line++) log.emit(SAID);
  assert.equal(lines().length, 100);
});
