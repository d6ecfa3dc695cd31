/**
 * Random datagrams in two workloads with the same ports, against a model that is written from network.md: bounded
 * queues, the order of each sender, filtering by the remote address, one refusal for each, and nothing that ever gets
 * from one workload to the other.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type DrivenUdp, type DrivenUdpStreams, UdpBench } from "../../test/support/udp_bench.ts";
import { UDP_CORE_DRIVER } from "../../test/support/udp_core_driver.ts";

const ADDRESSES = ["127.0.0.1:1", "127.0.0.2:1", "0.0.0.0:1", "127.0.0.1:2", "0.0.0.0:2", "0.0.0.0:3"];
/** Whom a datagram can be sent to: some that a wildcard answers for, some that nobody can hold. */
const TARGETS = [
  "127.0.0.1:1",
  "127.0.0.2:1",
  "127.0.0.1:2",
  "127.0.0.2:2",
  "127.0.0.1:3",
  "127.9.9.9:3",
  "127.0.0.1:9",
];

interface ModelSocket {
  readonly real: DrivenUdp & DrivenUdpStreams;
  readonly bound: string;
  remote: string | undefined;
  receiveBuffer: number;
  isRefused: boolean;
  queue: { readonly text: string; readonly from: string }[];
}

class ModelWorkload {
  readonly name: string;
  readonly bench = new UdpBench({ driver: UDP_CORE_DRIVER });
  sockets: ModelSocket[] = [];
  #sent = 0;

  constructor(name: string) {
    this.name = name;
  }

  bind(address: string): void {
    const real = this.bench.create("service");
    const isTaken = this.sockets.some(({ bound }) => conflict(bound, address));
    assert.equal(real.startBind(address), isTaken ? "address-in-use" : undefined);
    if (isTaken) return real.drop();
    real.finishBind();
    const streams = real.stream();
    assert.ok(typeof streams === "object");
    const socket = { ...streams, ...real };
    this.sockets.push({
      real: socket,
      bound: address,
      remote: undefined,
      receiveBuffer: 65_536,
      isRefused: false,
      queue: [],
    });
  }

  drop(socket: ModelSocket): void {
    socket.real.drop();
    this.sockets.splice(this.sockets.indexOf(socket), 1);
  }

  send(socket: ModelSocket, target: string, bytes: number): void {
    const text = `${this.name}${this.#sent++}`.padEnd(bytes, ".");
    const answer = socket.real.outgoing.send([text, target]);
    if (socket.isRefused) {
      assert.equal(answer, "connection-refused");
      socket.isRefused = false;
    } else if (socket.remote !== undefined && socket.remote !== target) {
      assert.equal(answer, "invalid-argument");
    } else {
      assert.equal(answer, 1);
      this.#arrive(socket, target, text);
    }
  }

  #arrive(sender: ModelSocket, target: string, text: string): void {
    const holder = this.sockets.find(({ bound }) => conflict(bound, target));
    if (holder === undefined || (holder.remote !== undefined && localOf(holder) !== target)) {
      sender.isRefused = sender.remote !== undefined;
      return;
    }
    const from = sender.bound.replace("0.0.0.0", "127.0.0.1");
    if (holder.remote !== undefined && holder.remote !== from) return;
    const queued = holder.queue.reduce((sum, datagram) => sum + datagram.text.length, 0);
    const hasRoom = holder.queue.length === 0 ||
      (queued + text.length <= holder.receiveBuffer && holder.queue.length < 1024);
    if (hasRoom) holder.queue.push({ text, from });
  }

  check(): void {
    for (const socket of this.sockets) {
      const { real, isRefused, queue } = socket;
      assert.equal(real.incoming.isReady(), isRefused || queue.length > 0, "the incoming stream's readiness");
      assert.equal(real.outgoing.isReady(), true);
      assert.equal(real.local(), localOf(socket));
      assert.equal(real.remote(), socket.remote ?? "invalid-state");
    }
    assert.equal(this.bench.network.usage.ports, new Set(this.sockets.map(({ bound }) => portOf(bound))).size);
  }

  release(): void {
    this.sockets = [];
    this.bench.assertIdleAfterRelease();
  }
}

function portOf(address: string): string | undefined {
  return address.split(":")[1];
}

function conflict(one: string, other: string): boolean {
  return portOf(one) === portOf(other) && (one === other || one.startsWith("0.") || other.startsWith("0."));
}

function localOf({ bound, remote }: ModelSocket): string {
  return remote === undefined ? bound : bound.replace("0.0.0.0", "127.0.0.1");
}

function stream(socket: ModelSocket, remote: string | undefined): void {
  assert.ok(typeof socket.real.stream(remote) === "object");
  socket.remote = remote;
  socket.isRefused = false;
  if (remote !== undefined) socket.queue = socket.queue.filter(({ from }) => from === remote);
}

function receive(socket: ModelSocket, datagramsMax: number): void {
  const answer = socket.real.incoming.receive(datagramsMax);
  if (datagramsMax > 0 && socket.isRefused) {
    assert.equal(answer, "connection-refused");
    socket.isRefused = false;
    return;
  }
  assert.deepEqual(answer, socket.queue.splice(0, datagramsMax).map(({ text, from }) => `${text} < ${from}`));
}

type Step = (workload: ModelWorkload) => void;

function onSocket(act: (socket: ModelSocket, workload: ModelWorkload) => void): (at: number) => Step {
  return (at) => (workload) => {
    const socket = workload.sockets[at % (workload.sockets.length || 1)];
    if (socket !== undefined) act(socket, workload);
  };
}

const AT = fc.nat(10);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ADDRESSES).map((address): Step => (workload) => workload.bind(address)) },
  {
    weight: 20,
    arbitrary: fc.tuple(AT, fc.constantFrom(...TARGETS), fc.nat(60)).map(([at, target, bytes]) =>
      onSocket((socket, workload) => workload.send(socket, target, bytes))(at)
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(AT, fc.nat(4)).map(([at, most]) => onSocket((socket) => receive(socket, most))(at)),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(AT, fc.option(fc.constantFrom(...TARGETS), { nil: undefined })).map(([at, remote]) =>
      onSocket((socket) => stream(socket, remote))(at)
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(AT, fc.integer({ min: 1, max: 150 })).map(([at, bytes]) =>
      onSocket((socket) => {
        socket.real.set("receiveBuffer", BigInt(bytes));
        socket.receiveBuffer = bytes;
      })(at)
    ),
  },
  { weight: 2, arbitrary: AT.map((at) => onSocket((socket, workload) => workload.drop(socket))(at)) },
  { weight: 1, arbitrary: fc.constant<Step>((workload) => workload.release()) },
);

test("UDP on the private loopback agrees with its model, in two workloads at once", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), STEP), { minLength: 20, maxLength: 150 }), (steps) => {
      const [one, other] = [new ModelWorkload("a"), new ModelWorkload("b")];
      for (const workload of [one, other]) {
        for (const address of ["127.0.0.1:1", "0.0.0.0:2", "0.0.0.0:3"]) workload.bind(address);
      }
      for (const [isOne, step] of steps) {
        step(isOne ? one : other);
        one.check();
        other.check();
      }
      for (const workload of [one, other]) {
        for (const socket of workload.sockets) {
          // A refusal is told before what is queued.
          receive(socket, 2000);
          receive(socket, 2000);
        }
        workload.release();
      }
    }),
    { numRuns: 400 },
  );
});

test("UDP: two workloads have the same port and each hears only its own", () => {
  const [one, other] = [new UdpBench({ driver: UDP_CORE_DRIVER }), new UdpBench({ driver: UDP_CORE_DRIVER })];
  const server = one.open("service", "0.0.0.0:53");
  const client = other.open("component", "0.0.0.0:0", "127.0.0.1:53");
  assert.equal(client.outgoing.send(["for nobody"]), 1);
  assert.equal(client.incoming.receive(), "connection-refused");
  assert.deepEqual(server.incoming.receive(), []);
  const own = other.open("service", "127.0.0.1:53");
  assert.equal(client.outgoing.send(["own"]), 1);
  assert.equal(own.incoming.receive().length, 1);
  assert.deepEqual(server.incoming.receive(), []);
  one.assertIdleAfterRelease();
  other.assertIdleAfterRelease();
});
