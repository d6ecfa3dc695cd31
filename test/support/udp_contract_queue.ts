/** The contract of UDP: what a bound socket queues, what it drops, and when it is ready. */
import assert from "node:assert/strict";
import { expectValue } from "./tcp_bench.ts";
import type { DrivenOutgoing, UdpBench } from "./udp_bench.ts";
import { inBothRoles, on, type UdpCase } from "./udp_case.ts";

const SERVER = "127.0.0.1:53";
const MIB = 1_048_576n;

function sendMany(outgoing: DrivenOutgoing, bytes: number, count: number): void {
  for (let sent = 0; sent < count; sent++) assert.equal(outgoing.send([bytes]), 1);
}

/** How many of `count` datagrams of `bytes` a socket with this receive buffer keeps. */
function kept(
  bench: UdpBench,
  { receiveBuffer, bytes, count }: Record<"receiveBuffer" | "bytes" | "count", number>,
): number {
  const { socket, incoming, drop } = bench.open("service", SERVER);
  socket.set("receiveBuffer", BigInt(receiveBuffer));
  const client = bench.open("component", "0.0.0.0:0", SERVER);
  sendMany(client.outgoing, bytes, count);
  const received = incoming.receive();
  assert.equal(client.incoming.isReady(), false, "who sent is told nothing");
  for (const opened of [client, { socket, drop }]) {
    opened.drop();
    opened.socket.drop();
  }
  return received.length;
}

export const UDP_QUEUE_CASES: readonly UdpCase[] = [
  ...inBothRoles("a bound socket queues datagrams, before its first stream too", (bench, role) => {
    const socket = bench.bind(role, "127.0.0.1:0");
    const sender = bench.open("service", "127.0.0.1:9", socket.local());
    assert.equal(sender.outgoing.send(["early"]), 1);
    const { incoming, drop } = expectValue(socket.stream());
    assert.equal(incoming.isReady(), true);
    assert.deepEqual(incoming.receive(1), ["early < 127.0.0.1:9"]);
    drop();
    assert.equal(sender.outgoing.send(["between"]), 1);
    assert.deepEqual(expectValue(socket.stream()).incoming.receive(), ["between < 127.0.0.1:9"]);
  }),
  on("a stream with a remote address yields only that peer's, earlier ones included, and drops the others", (bench) => {
    const socket = bench.bind("service", SERVER);
    const [peer, other] = [bench.open("service", "127.0.0.1:9"), bench.open("service", "127.0.0.2:9")];
    const third = bench.open("service", "127.0.0.1:10");
    for (const { outgoing } of [other, peer, third]) assert.equal(outgoing.send(["early", SERVER]), 1);
    const { incoming, drop } = expectValue(socket.stream("127.0.0.1:9"));
    for (const { outgoing } of [third, peer, other]) assert.equal(outgoing.send(["late", SERVER]), 1);
    assert.deepEqual(incoming.receive(), ["early < 127.0.0.1:9", "late < 127.0.0.1:9"]);
    drop();
    for (const { outgoing } of [other, peer]) assert.equal(outgoing.send(["between", SERVER]), 1);
    const all = expectValue(socket.stream());
    assert.deepEqual(all.incoming.receive(), ["between < 127.0.0.1:9"], "the others are gone for good");
    assert.equal(other.outgoing.send(["now", SERVER]), 1);
    assert.deepEqual(all.incoming.receive(), ["now < 127.0.0.2:9"]);
  }),
  ...([
    ["receive-buffer-size bytes", { receiveBuffer: 100, bytes: 50, count: 3 }, 2],
    ["receive-buffer-size bytes, to the byte", { receiveBuffer: 99, bytes: 50, count: 3 }, 1],
    ["at least one datagram", { receiveBuffer: 1, bytes: 65_507, count: 3 }, 1],
    ["at least one datagram, then not even a byte", { receiveBuffer: 1, bytes: 2, count: 2 }, 1],
    ["1,024 datagrams", { receiveBuffer: 1_048_576, bytes: 1, count: 1030 }, 1024],
    ["1,024 datagrams, empty ones too", { receiveBuffer: 1, bytes: 0, count: 1030 }, 1024],
  ] as const).map(([name, load, expected]) =>
    on(`the queue holds ${name}; what comes after is dropped`, (bench) => {
      assert.equal(kept(bench, load), expected);
    })
  ),
  on("what comes after is dropped: a smaller one that fits is still taken, and a read makes room", (bench) => {
    const { socket, incoming } = bench.open("service", SERVER);
    socket.set("receiveBuffer", 10n);
    const client = bench.open("service", "127.0.0.1:9", SERVER);
    assert.equal(client.outgoing.send(["12345678"], ["dropped"], ["90"], ["x"]), 4);
    assert.deepEqual(incoming.receive(1), ["12345678 < 127.0.0.1:9"]);
    assert.equal(client.outgoing.send(["12345678"], ["x"]), 2);
    assert.deepEqual(incoming.receive(), ["90 < 127.0.0.1:9", "12345678 < 127.0.0.1:9"]);
  }),
  on("a smaller receive buffer drops nothing that is queued", (bench) => {
    const { socket, incoming } = bench.open("service", SERVER);
    const client = bench.open("service", "127.0.0.1:9", SERVER);
    assert.equal(client.outgoing.send(["one"], ["two"]), 2);
    socket.set("receiveBuffer", 1n);
    assert.equal(client.outgoing.send(["three"]), 1);
    assert.deepEqual(incoming.receive(), ["one < 127.0.0.1:9", "two < 127.0.0.1:9"]);
  }),
  on("limits: 64 MiB in flight on the loopback, queued datagrams included: what comes after is dropped", (bench) => {
    const opened = Array.from({ length: 70 }, (_, at) => {
      const server = bench.open("service", `127.0.0.1:${1000 + at}`);
      server.socket.set("receiveBuffer", MIB);
      const client = bench.open("component", "0.0.0.0:0", `127.0.0.1:${1000 + at}`);
      sendMany(client.outgoing, 32_768, 32);
      return server;
    });
    assert.ok(bench.network.usage.bytes <= 64 * 1024 * 1024);
    const received = opened.map(({ incoming }) => incoming.receive().length);
    assert.equal(received[0], 32);
    assert.equal(received.at(-1), 0);
    assert.equal(bench.network.usage.bytes, 0, "what is read makes room");
  }),
  ...inBothRoles("readiness is exact: the incoming stream's, with a wait", async (bench, role) => {
    const { socket, incoming } = bench.open(role, "127.0.0.1:0");
    const sender = bench.open("service", "127.0.0.1:9", socket.local());
    for (let round = 0; round < 3; round++) {
      assert.equal(incoming.isReady(), false);
      const waiting = incoming.whenReady();
      assert.equal(sender.outgoing.send(["a"], ["b"]), 2);
      await waiting;
      assert.equal(incoming.isReady(), true);
      assert.equal(incoming.receive(1).length, 1);
      assert.equal(incoming.isReady(), true);
      assert.equal(incoming.receive(1).length, 1);
    }
    assert.equal(incoming.isReady(), false);
  }),
  on("readiness is exact: what the stream's remote address filters out wakes nobody", (bench) => {
    const { incoming } = bench.open("service", SERVER, "127.0.0.1:9");
    const other = bench.open("service", "127.0.0.1:10");
    assert.equal(other.outgoing.send(["x", SERVER]), 1);
    assert.equal(incoming.isReady(), false);
  }),
  on("the queue of one socket says nothing about another's, and is gone with it", (bench) => {
    const client = bench.open("component", "0.0.0.0:0");
    const first = bench.open("service", SERVER);
    assert.equal(client.outgoing.send(["old", SERVER]), 1);
    first.drop();
    first.socket.drop();
    assert.equal(bench.network.usage.bytes, 0);
    const second = bench.open("service", SERVER);
    assert.deepEqual(second.incoming.receive(), []);
  }),
];
