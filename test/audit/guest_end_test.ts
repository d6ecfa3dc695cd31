/**
 * How a guest ends is what its peers see (network.md): one that ends by itself closes its connections as a drop does, one
 * that trapped or was killed resets them, so that half an answer is not taken for a whole. With a real service.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { untilReady } from "../../src/base/waitable.ts";
import { compileComponent } from "../../src/component/engine.ts";
import { randomBytes } from "../../src/gateway/random_bytes.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { openGuestTools } from "../../src/instance/guest_tools.ts";
import type { TcpConnection } from "../../src/network/tcp_connection.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { startRun } from "../../src/workload/service_run.ts";
import type { ServiceRun } from "../../src/workload/service_supervisor.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { parseAddress } from "../support/tcp_bench.ts";

const PORT = 7777;

interface Bench {
  readonly network: WorkloadNetwork;
  readonly counters: LiveCounters;
  readonly run: ServiceRun;
}

async function start(mode: string, env: readonly (readonly [string, string])[] = []): Promise<Bench> {
  const counters = new LiveCounters();
  const emit = () => {};
  const label = { workload: "test", role: "service" } as const;
  const network = new WorkloadNetwork({ workload: "test", clock: systemClock, counters, emit });
  const component = await compileComponent(await componentBytes("greeter"), { suspending: SUSPENDING });
  const run = startRun(
    { component, label, env: [["MODE", mode], ["NAME", "half an answer"], ...env], args: ["service"] },
    openGuestTools({ clock: systemClock, randomBytes, counters, emit, onLimit: () => {} }),
    { network: network.openGuest("service", label) },
  );
  while (!network.isListening(PORT)) await new Promise((resolve) => setTimeout(resolve, 1));
  return { network, counters, run };
}

async function connect(network: WorkloadNetwork): Promise<{ connection: TcpConnection; close: () => void }> {
  const guest = network.openGuest("component", { workload: "test", role: "component", route: "r" });
  const socket = guest.createTcpSocket("ipv4");
  assert.ok(typeof socket !== "string");
  assert.equal(socket.startConnect(parseAddress(`127.0.0.1:${PORT}`)), undefined);
  await untilReady(socket);
  const connection = socket.finishConnect();
  assert.ok(typeof connection !== "string");
  return { connection, close: () => guest.release("close") };
}

/** Everything that can be read, and how it ended. */
async function readToEnd({ input }: TcpConnection): Promise<string> {
  for (let text = "";;) {
    await untilReady(input);
    const part = input.read(65_536);
    if (part === "closed") return `${text}|closed`;
    if (!(part instanceof Uint8Array)) {
      return `${text}|${part.failed.networkCode ?? part.failed.message}|${after(input)}`;
    }
    text += new TextDecoder().decode(part);
  }
}

function after(input: TcpConnection["input"]): string {
  const next = input.read(1);
  return typeof next === "string" ? next : "more";
}

const ENDS: readonly (readonly [mode: string, kind: string, seen: string])[] = [
  ["leave-return", "completed", "half an answer|closed"],
  ["leave-exit", "exited", "half an answer|closed"],
  ["leave-exit-err", "exited", "half an answer|closed"],
  ["leave-fail", "failed", "half an answer|closed"],
  ["leave-trap", "trapped", "half an answer|connection-reset|closed"],
];

for (const [mode, kind, seen] of ENDS) {
  test(`the peer of a service that is ${kind} (${mode}) reads ${seen}`, async () => {
    const { network, counters, run } = await start(mode);
    const client = await connect(network);
    assert.equal((await run.ended).kind, kind);
    assert.equal(await readToEnd(client.connection), seen);
    assert.equal(network.isListening(PORT), false);
    client.close();
    network.close();
    assert.deepEqual(Object.entries(counters.snapshot()).filter(([, count]) => count !== 0), []);
  });
}

test("the peers of a service that is killed, accepted or still queued, see a reset", async () => {
  // It keeps what it accepts open, and waits for another one.
  const { network, counters, run } = await start("serve", [["HOLD", "2"]]);
  const accepted = await connect(network);
  await untilReady(accepted.connection.input);
  run.kill(new Error("deadline"));
  const queued = await connect(network);
  assert.equal((await run.ended).kind, "trapped");
  assert.equal(await readToEnd(accepted.connection), "half an answer|connection-reset|closed");
  assert.equal(await readToEnd(queued.connection), "|connection-reset|closed");
  accepted.close();
  queued.close();
  network.close();
  assert.deepEqual(Object.entries(counters.snapshot()).filter(([, count]) => count !== 0), []);
});

test("what a service had closed by itself before it was killed is whole", async () => {
  const { network, counters, run } = await start("serve");
  const client = await connect(network);
  await untilReady(client.connection.input);
  // Its listener and the client's socket.
  await eventually(() => counters.get("tcpSockets") === 2);
  run.kill(new Error("deadline"));
  assert.equal((await run.ended).kind, "trapped");
  assert.equal(await readToEnd(client.connection), "half an answer|closed");
  client.close();
  network.close();
  assert.deepEqual(Object.entries(counters.snapshot()).filter(([, count]) => count !== 0), []);
});
