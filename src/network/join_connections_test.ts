import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { untilReady } from "../base/waitable.ts";
import { FakeClock } from "../../test/support/fake_clock.ts";
import type { GuestNetwork } from "./guest_network.ts";
import { joinConnections } from "./join_connections.ts";
import { connectToLoopback } from "./loopback_client.ts";
import type { TcpConnection } from "./tcp_connection.ts";
import { WorkloadNetwork } from "./workload_network.ts";

/** Two workloads' loopbacks, a client of the one joined to the service of the other. */
async function joined() {
  const counters = new LiveCounters();
  const [near, far] = await Promise.all(["near", "far"].map((workload) => pair(workload, counters)));
  assert.ok(near !== undefined && far !== undefined);
  const ended = joinConnections(near.accepted, far.client);
  return { near, far, ended, counters };
}

async function pair(workload: string, counters: LiveCounters) {
  const network = new WorkloadNetwork({ workload, clock: new FakeClock(), counters, emit: () => {} });
  const service = network.openGuest("service", { workload, role: "service" });
  const listener = service.createTcpSocket("ipv4");
  assert.ok(typeof listener !== "string");
  assert.equal(listener.startBind({ address: { family: "ipv4", bytes: [127, 0, 0, 1] }, port: 7777 }), undefined);
  assert.equal(listener.finishBind(), undefined);
  assert.equal(listener.startListen(), undefined);
  assert.equal(listener.finishListen(), undefined);
  const guest: GuestNetwork = network.openGuest("component", { workload, role: "component" });
  const client = await connectToLoopback(guest, 7777);
  assert.ok(typeof client !== "string");
  await untilReady(listener);
  const accepted = listener.accept();
  assert.ok(typeof accepted !== "string");
  return { network, guest, service, client, accepted: accepted.connection };
}

async function readAll({ input }: TcpConnection): Promise<number | "failed"> {
  let length = 0;
  for (;;) {
    await untilReady(input);
    const piece = input.read(100_000);
    if (typeof piece === "string") return length;
    if ("failed" in piece) return "failed";
    length += piece.length;
  }
}

async function send({ output }: TcpConnection, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    await untilReady(output);
    const permit = output.permit();
    assert.ok(typeof permit === "number");
    const length = Math.min(permit, left);
    assert.equal(output.write(new Uint8Array(length)), undefined);
    left -= length;
  }
}

test("joinConnections: all bytes both ways, more than any buffer holds, and each end by itself", async () => {
  const { near, far, ended, counters } = await joined();
  const received = readAll(far.accepted);
  await send(near.client, 1_000_000);
  near.client.shutdown("send");
  assert.equal(await received, 1_000_000);
  const answered = readAll(near.client);
  await send(far.accepted, 300_000);
  far.accepted.shutdown("send");
  assert.equal(await answered, 300_000);
  await ended;
  for (const { guest, service } of [near, far]) for (const side of [guest, service]) side.release("close");
  assert.equal(counters.get("loopbackConnections"), 0);
});

test("joinConnections: a reset of one side resets the other", async () => {
  const { near, far, ended } = await joined();
  near.client.end("reset");
  assert.equal(await readAll(far.accepted), "failed");
  await ended;
  for (const { guest, service } of [near, far]) for (const side of [guest, service]) side.release("close");
});

test("connectToLoopback: nobody listens, of neither family", async () => {
  const network = new WorkloadNetwork({
    workload: "a",
    clock: new FakeClock(),
    counters: new LiveCounters(),
    emit: () => {},
  });
  const guest = network.openGuest("component", { workload: "a", role: "component" });
  assert.equal(await connectToLoopback(guest, 7777), "connection-refused");
  assert.equal(guest.openSockets, 0);
});
