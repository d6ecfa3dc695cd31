import assert from "node:assert/strict";
import { test } from "node:test";
import { errOf, trapOf } from "../../../test/support/wit_errors.ts";
import { UdpBench } from "../../../test/support/udp_bench.ts";
import { hostContext } from "../../../test/support/tcp_host_driver.ts";
import { outgoing, UDP_HOST_DRIVER, witAddress } from "../../../test/support/udp_host_driver.ts";
import { poll } from "../io/poll.ts";
import { ReadyWait } from "../io/wait.ts";
import { instanceNetworkInterface } from "./instance_network.ts";
import type { IncomingDatagramStream, OutgoingDatagramStream, UdpSocket } from "./udp.ts";
import { udpCreateSocketInterface } from "./udp_create_socket.ts";

const OTHER = "127.0.0.1:9";

interface Opened {
  readonly bench: UdpBench;
  readonly socket: UdpSocket;
  readonly incoming: IncomingDatagramStream;
  readonly outgoingStream: OutgoingDatagramStream;
  /** Drops all three, and nothing is left. */
  readonly drop: () => void;
}

/** A service's socket on 127.0.0.1:53 with its streams, and a bound one that only takes. */
function open(): Opened {
  const bench = new UdpBench({ driver: UDP_HOST_DRIVER });
  const context = hostContext(bench.guests.service, bench);
  const network = instanceNetworkInterface(context).instanceNetwork();
  const socket = udpCreateSocketInterface(context).createUdpSocket("ipv4");
  socket.startBind(network, witAddress("127.0.0.1:53"));
  socket.finishBind();
  bench.bind("service", OTHER);
  const [incoming, outgoingStream] = socket.stream(undefined);
  const drop = (): void => {
    for (const resource of [outgoingStream, incoming, socket]) resource[Symbol.dispose]();
    bench.assertIdleAfterRelease();
    assert.equal(bench.counters.get("streams") + bench.counters.get("pollables"), 0);
  };
  return { bench, socket, incoming, outgoingStream, drop };
}

test("stream traps while one of the last streams lives, and the association is as it was", () => {
  const { socket, incoming, outgoingStream, drop } = open();
  const again = /^Cannot open the streams of a UdpSocket: \d of the last ones are alive/;
  assert.match(trapOf(() => socket.stream(witAddress(OTHER))), again);
  incoming[Symbol.dispose]();
  assert.match(trapOf(() => socket.stream(witAddress(OTHER))), again);
  assert.equal(errOf(() => socket.remoteAddress()), "invalid-state");
  outgoingStream[Symbol.dispose]();
  const streams = socket.stream(witAddress(OTHER));
  for (const stream of streams) stream[Symbol.dispose]();
  drop();
});

test("a udp-socket may not be dropped before its streams and pollables, nor a stream before its own", () => {
  const { socket, incoming, outgoingStream, drop } = open();
  for (const resource of [socket, incoming, outgoingStream]) {
    const pollable = resource.subscribe();
    assert.match(trapOf(() => resource[Symbol.dispose]()), /children are alive/);
    pollable[Symbol.dispose]();
  }
  assert.match(trapOf(() => socket[Symbol.dispose]()), /2 of its children are alive/);
  drop();
});

test("send traps without check-send, an empty one too, and each check-send permits one send", () => {
  const { socket, incoming, outgoingStream, drop } = open();
  assert.match(trapOf(() => outgoingStream.send([])), /there is no permit/);
  assert.equal(outgoingStream.checkSend(), 16n);
  assert.equal(outgoingStream.send([]), 0n);
  assert.match(trapOf(() => outgoingStream.send([])), /there is no permit/);
  outgoingStream.checkSend();
  assert.equal(outgoingStream.send(outgoing(["x", OTHER])), 1n);
  assert.match(trapOf(() => outgoingStream.send(outgoing(["x", OTHER]))), /there is no permit/);
  outgoingStream.checkSend();
  assert.equal(errOf(() => outgoingStream.send(outgoing(["x"]))), "invalid-argument");
  assert.match(trapOf(() => outgoingStream.send([])), /there is no permit/, "an error uses the permit as well");
  outgoingStream.checkSend();
  incoming[Symbol.dispose]();
  outgoingStream[Symbol.dispose]();
  const [again, fresh] = socket.stream(undefined);
  assert.match(trapOf(() => fresh.send([])), /there is no permit/, "a permit is of one stream");
  again[Symbol.dispose]();
  fresh[Symbol.dispose]();
  drop();
});

test("check-send permits 16; sending more traps, and nothing of it is sent", () => {
  const { bench, outgoingStream, drop } = open();
  const full = Array.from({ length: 16 }, () => ["x", OTHER] as const);
  for (let round = 0; round < 2; round++) {
    assert.equal(outgoingStream.checkSend(), 16n);
    assert.equal(outgoingStream.checkSend(), 16n);
    assert.equal(outgoingStream.send(outgoing(...full)), 16n);
  }
  const { bytes } = bench.network.usage;
  outgoingStream.checkSend();
  assert.match(trapOf(() => outgoingStream.send(outgoing(...full, ["x", OTHER]))), /17 datagrams/);
  assert.equal(bench.network.usage.bytes, bytes);
  drop();
});

test("receive takes the largest u64 and nothing that the guest's memory holds is kept by send", () => {
  const { incoming, outgoingStream, drop } = open();
  const datagrams = outgoing(["before", "127.0.0.1:53"]);
  outgoingStream.checkSend();
  outgoingStream.send(datagrams);
  datagrams[0]?.data.fill(0);
  assert.deepEqual(incoming.receive(2n ** 64n - 1n), [
    { data: new TextEncoder().encode("before"), remoteAddress: witAddress("127.0.0.1:53") },
  ]);
  drop();
});

test("poll over a socket and both of its streams says which are ready, and a wait ends with the datagram", async () => {
  const { socket, incoming, outgoingStream, drop } = open();
  const pollables = [incoming, socket, outgoingStream].map((resource) => resource.subscribe());
  assert.deepEqual(await poll(pollables), Uint32Array.of(1, 2));
  const [first] = pollables;
  assert.ok(first !== undefined);
  const blocked = first.block();
  assert.ok(blocked instanceof ReadyWait);
  outgoingStream.checkSend();
  outgoingStream.send(outgoing(["x", "127.0.0.1:53"]));
  await blocked;
  assert.deepEqual(await poll(pollables), Uint32Array.of(0, 1, 2));
  incoming.receive(1n);
  assert.equal(first.ready(), false);
  for (const pollable of pollables) pollable[Symbol.dispose]();
  drop();
});

test("resources left over are dropped harmlessly after their guest's network was released", () => {
  const { bench, socket, incoming, outgoingStream, drop } = open();
  const pollable = incoming.subscribe();
  outgoingStream.checkSend();
  bench.guests.service.release("reset");
  assert.equal(pollable.ready(), true);
  assert.equal(errOf(() => incoming.receive(1n)), "invalid-state");
  assert.equal(errOf(() => outgoingStream.send(outgoing(["x", OTHER]))), "invalid-state");
  assert.equal(errOf(() => socket.localAddress()), "invalid-state");
  pollable[Symbol.dispose]();
  drop();
});
