/** The limits of a guest's sockets and of its workload's connections: what is past them, and who else notices. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../test/support/fake_clock.ts";
import { type DrivenOutput, expectValue, TcpBench } from "../../test/support/tcp_bench.ts";
import { CORE_DRIVER } from "../../test/support/tcp_core_driver.ts";
import { UdpBench } from "../../test/support/udp_bench.ts";
import { UDP_CORE_DRIVER as UDP_DRIVER } from "../../test/support/udp_core_driver.ts";
import { ByteTotal, OWN_BYTES } from "./byte_total.ts";
import { ConnectionSlots } from "./connection_slots.ts";
import type { DialEgressOptions } from "./egress.ts";

const REMOTES = ["192.0.2.1:443", "192.0.2.2:443", "192.0.2.3:443"] as const;
const [FIRST, SECOND, THIRD] = REMOTES;

test("socketsMax: TCP and UDP sockets count together, and one that is dropped gives its place back", () => {
  const bench = new TcpBench({ driver: CORE_DRIVER, socketsMax: 2 });
  const first = bench.create("component");
  const udp = bench.guests.component.createUdpSocket("ipv4");
  assert.ok(typeof udp === "object");
  assert.equal(bench.tryCreate("component"), "new-socket-limit");
  assert.equal(bench.guests.component.createUdpSocket("ipv6"), "new-socket-limit");
  assert.deepEqual(bench.limited, ["component sockets", "component sockets"]);
  bench.create("service");
  first.drop();
  bench.create("component");
  bench.assertIdleAfterRelease();
});

test("socketsMax: a connection that may not be accepted stays in the backlog, without an error", async () => {
  const bench = new TcpBench({ driver: CORE_DRIVER, socketsMax: 2 });
  const listener = bench.listen("127.0.0.1:7777");
  const [one, other] = [bench.connect("127.0.0.1:7777"), bench.connect("127.0.0.1:7777")];
  const accepted = expectValue(listener.accept());
  assert.equal(listener.isReady(), false, "a guest that waits for connections does not spin");
  assert.equal(listener.accept(), "would-block");
  assert.deepEqual(bench.limited, ["service sockets"]);
  let woken = false;
  void listener.whenReady().then(() => {
    woken = true;
  });
  accepted.input.drop();
  accepted.output.drop();
  await settle();
  assert.equal(woken, false, "the socket is still there");
  accepted.socket.drop();
  await settle();
  assert.equal(woken, true);
  const second = expectValue(listener.accept());
  assert.equal(other.output.write("hello"), undefined);
  assert.equal(second.input.read(), "hello");
  assert.equal(one.input.read(), "closed");
  bench.assertIdleAfterRelease();
});

test("socketsMax: a listener with an empty backlog does not report a limit", () => {
  const bench = new TcpBench({ driver: CORE_DRIVER, socketsMax: 1 });
  const listener = bench.listen("127.0.0.1:7777");
  assert.equal(listener.accept(), "would-block");
  assert.deepEqual(bench.limited, []);
  bench.assertIdleAfterRelease();
});

test("a role has 1,024 created sockets, or as many as one guest of it may have", () => {
  for (const [socketsMax, expected] of [[undefined, 1024], [1500, 1500], [4096, 4096]] as const) {
    const bench = new TcpBench({ driver: CORE_DRIVER, ...(socketsMax !== undefined && { socketsMax }) });
    let created = 0;
    while (typeof bench.tryCreate("service") !== "string") created++;
    assert.equal(created, expected);
    bench.create("component");
    assert.deepEqual(bench.limited, ["service sockets"]);
    bench.assertIdleAfterRelease();
  }
});

test("loopbacks of many workloads that nobody reads hold no more than the total and each one's own, and a neighbour's goes on", async () => {
  const total = new ByteTotal(8 << 20);
  const totals = { loopbackBytes: total, connections: new ConnectionSlots(0) };
  const chunk = "x".repeat(65_536);
  const fill = (output: DrivenOutput): void => {
    for (let room = output.permit(); typeof room === "number" && room > 0; room = output.permit()) {
      assert.equal(output.write(chunk.slice(0, room)), undefined);
    }
  };
  // Each alone could have 64 MiB in flight: 128 connections with 1 MiB each way.
  const hostile = Array.from({ length: 40 }, () => {
    const bench = new TcpBench({ driver: CORE_DRIVER, totals });
    const listener = bench.listen("127.0.0.1:7777");
    assert.equal(listener.set("receiveBuffer", 1n << 20n), undefined);
    for (let index = 0; index < 16; index++) {
      const { output } = bench.connect("127.0.0.1:7777");
      fill(output);
      fill(expectValue(listener.accept()).output);
    }
    return bench;
  });
  const bytes = hostile.reduce((sum, { network }) => sum + network.usage.bytes, 0);
  assert.ok(bytes <= (8 << 20) + hostile.length * (OWN_BYTES + 65_536), `${bytes} bytes`);
  assert.ok(total.left === 0, "they have all that they can have");
  const neighbour = new TcpBench({ driver: CORE_DRIVER, totals });
  const { client, server } = neighbour.pair();
  let received = 0;
  for (let round = 0; round < 100; round++) {
    fill(client.output);
    for (let text = server.input.read(); text !== ""; text = server.input.read()) received += text.length;
  }
  assert.ok(received >= 100 * 65_536, `${received} bytes`);
  for (const bench of [...hostile, neighbour]) bench.assertIdleAfterRelease();
  await settle();
  assert.deepEqual([total.used, total.promised], [0, 0]);
});

test("connections of all workloads together: past them start-connect is new-socket-limit, and the total is what is told", () => {
  const { egress } = connecting();
  const totals = { loopbackBytes: new ByteTotal(1 << 20), connections: new ConnectionSlots(3) };
  const [one, other] = [
    new TcpBench({ driver: CORE_DRIVER, egress, totals }),
    new TcpBench({ driver: CORE_DRIVER, egress, totals, connectionsMax: 1 }),
  ];
  for (const remote of [FIRST, SECOND]) one.dial(remote);
  const last = other.dial(FIRST);
  assert.equal(one.create("component").startConnect(THIRD), "new-socket-limit");
  assert.equal(other.create("component").startConnect(SECOND), "new-socket-limit");
  assert.deepEqual([one.limited, other.limited], [["component processConnections"], ["component connections"]]);
  last.drop();
  one.dial(THIRD);
  for (const bench of [one, other]) bench.assertIdleAfterRelease();
  assert.equal(totals.connections.taken, 0);
});

/** Connects that never end; each says that it is over when it is given up. */
function connecting() {
  const dialled: DialEgressOptions[] = [];
  const dial = (options: DialEgressOptions) => {
    dialled.push(options);
    return { outcome: () => undefined, abandon: () => options.onReleased(), revoke: () => {} };
  };
  return { dialled, egress: { allowed: REMOTES, dial } };
}

test("connectionsMax: past it start-connect is new-socket-limit, nothing is dialled, and the socket can try again", () => {
  const { dialled, egress } = connecting();
  const bench = new TcpBench({ driver: CORE_DRIVER, egress, connectionsMax: 2 });
  const first = bench.dial(FIRST);
  bench.dial(SECOND, "service");
  const third = bench.create("component");
  assert.equal(third.startConnect(THIRD), "new-socket-limit");
  assert.equal(dialled.length, 2);
  assert.deepEqual(bench.limited, ["component connections"]);
  assert.equal(bench.network.connections, 2);
  const listener = bench.listen("127.0.0.1:7777");
  assert.equal(bench.dial("127.0.0.1:7777").isReady(), true, "the private loopback is not concerned");
  listener.drop();
  first.drop();
  assert.equal(third.startConnect(THIRD), undefined);
  bench.assertIdleAfterRelease();
  assert.equal(bench.network.connections, 0);
});

test("connectionsMax: an idle HTTP connection makes room for a socket, a busy one does not", () => {
  const { egress } = connecting();
  const bench = new TcpBench({ driver: CORE_DRIVER, egress, connectionsMax: 1 });
  const slots = bench.network.slotsFor({ workload: "demo", role: "component" });
  const release = slots.take() ?? assert.fail("a slot");
  assert.equal(bench.create("component").startConnect(FIRST), "new-socket-limit");
  const withdraw = slots.offer(release);
  const socket = bench.create("component");
  assert.equal(socket.startConnect(FIRST), undefined);
  withdraw();
  assert.equal(slots.take(), undefined, "and now there is none for HTTP");
  assert.deepEqual(bench.limited, ["component connections", "component connections"]);
  bench.assertIdleAfterRelease();
});

test("connectionsMax: a UDP socket without idle peers has an error for a new one", () => {
  const bench = new UdpBench({ driver: UDP_DRIVER, allowed: REMOTES, connectionsMax: 1 });
  const one = bench.open("component", "0.0.0.0:0");
  const other = bench.open("service", "0.0.0.0:0");
  assert.equal(one.outgoing.send(["a", FIRST]), 1);
  assert.equal(other.outgoing.send(["b", SECOND]), "new-socket-limit");
  assert.equal(one.outgoing.send(["c", FIRST]), 1, "who has a connection goes on");
  assert.deepEqual(bench.limited, ["service connections"]);
  one.socket.drop();
  assert.equal(other.outgoing.send(["b", SECOND]), 1);
  bench.assertIdleAfterRelease();
});

test("connectionsMax: a UDP socket gives up its own idle peer for a new one", () => {
  const bench = new UdpBench({ driver: UDP_DRIVER, allowed: REMOTES, connectionsMax: 1 });
  const { outgoing } = bench.open("component", "0.0.0.0:0");
  assert.equal(outgoing.send(["a", FIRST]), 1);
  assert.equal(outgoing.send(["b", SECOND]), 0, "its place is not free yet");
  assert.equal(bench.outside.at(FIRST).ended, "close");
  assert.equal(outgoing.send(["b", SECOND]), 1);
  assert.deepEqual(bench.outside.sentTo(SECOND), ["b"]);
  bench.assertIdleAfterRelease();
});

test("a workload at its limits does not concern another one", () => {
  const [full, other] = [1, 2].map(() => {
    const { egress } = connecting();
    return new TcpBench({ driver: CORE_DRIVER, egress, connectionsMax: 1, socketsMax: 4 });
  });
  assert.ok(full !== undefined && other !== undefined);
  full.dial(FIRST);
  assert.equal(full.create("component").startConnect(SECOND), "new-socket-limit");
  assert.equal(other.create("component").startConnect(SECOND), undefined);
  assert.deepEqual(other.limited, []);
  for (const bench of [full, other]) bench.assertIdleAfterRelease();
});

test("after the end of a workload nothing opens, and that is no limit", () => {
  const bench = new TcpBench({ driver: CORE_DRIVER, connectionsMax: 1 });
  bench.network.close();
  assert.equal(bench.tryCreate("component"), "new-socket-limit");
  assert.deepEqual(bench.limited, []);
});
