import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../test/support/fake_clock.ts";
import { expectValue, parseAddress, TcpBench } from "../../test/support/tcp_bench.ts";
import { CORE_DRIVER } from "../../test/support/tcp_core_driver.ts";
import type { Denial } from "./denial_log.ts";
import type { DialEgressOptions } from "./egress.ts";
import type { EndKind } from "./tcp_connection.ts";

function open(): TcpBench {
  return new TcpBench({ driver: CORE_DRIVER });
}

test("WorkloadNetwork: two workloads have the same port and each reaches only its own", () => {
  const [one, other] = [open(), open()];
  const listener = one.listen("0.0.0.0:7777");
  assert.equal(other.dial("127.0.0.1:7777").finishConnect(), "connection-refused");
  const otherListener = other.listen("0.0.0.0:7777");
  other.connect("127.0.0.1:7777");
  assert.equal(listener.accept(), "would-block");
  expectValue(otherListener.accept());
  one.assertIdleAfterRelease();
  other.assertIdleAfterRelease();
});

test("WorkloadNetwork.isListening: from finish-listen until the drop, on any loopback address", () => {
  for (const address of ["127.0.0.1:7777", "127.5.5.5:7777", "0.0.0.0:7777", "[::1]:7777", "[::]:7777"]) {
    const bench = open();
    const socket = bench.bind("service", address);
    assert.equal(bench.network.isListening(7777), false);
    socket.startListen();
    assert.equal(bench.network.isListening(7777), false);
    socket.finishListen();
    assert.equal(bench.network.isListening(7777), true);
    assert.equal(bench.network.isListening(7778), false);
    socket.drop();
    assert.equal(bench.network.isListening(7777), false);
    bench.assertIdle();
  }
});

test("WorkloadNetwork.onListening wakes once, later, each who asked for that port and did not withdraw", async () => {
  const bench = open();
  const woken: string[] = [];
  bench.network.onListening(7777, () => woken.push("first"));
  bench.network.onListening(7777, () => woken.push("second"));
  bench.network.onListening(7777, () => woken.push("withdrawn"))();
  const withdrawOther = bench.network.onListening(7778, () => woken.push("other port"));
  bench.listen("127.0.0.2:7777").drop();
  assert.equal(woken.length, 0);
  await settle();
  assert.equal(woken.join(), "first,second");
  const listener = bench.listen("0.0.0.0:7777");
  bench.network.onListening(7777, () => woken.push("already"));
  await settle();
  assert.equal(woken.join(), "first,second,already");
  withdrawOther();
  withdrawOther();
  listener.drop();
  bench.assertIdle();
});

test("WorkloadNetwork.close resets what is open and opens nothing more", () => {
  const bench = open();
  const { client, server } = bench.pair();
  client.output.write("half");
  const waiting = bench.create("service");
  bench.network.close();
  bench.assertIdle();
  assert.equal(server.input.read(), "closed");
  assert.equal(waiting.startConnect("127.0.0.1:7777"), "invalid-state");
  assert.equal(bench.tryCreate("service"), "new-socket-limit");
  bench.network.close();
  for (const part of [client.socket, client.input, client.output, server.socket, server.input, server.output]) {
    part.drop();
  }
  bench.assertIdle();
});

test("WorkloadNetwork: a guest can be used again after its release, and releasing twice is harmless", () => {
  const bench = open();
  for (let round = 0; round < 3; round++) {
    const { client, server } = bench.pair();
    client.output.write("hello");
    assert.equal(server.input.read(), "hello");
    bench.guests.component.release(round % 2 === 0 ? "close" : "reset");
    bench.guests.component.release("reset");
    bench.guests.service.release("close");
    bench.assertIdle();
    for (const part of [client.socket, client.input, client.output, server.socket]) part.drop();
    bench.assertIdle();
  }
});

test("WorkloadNetwork: one guest's release leaves the others of its role alone", () => {
  const bench = open();
  const second = bench.network.openGuest("component", { workload: "demo", role: "component", route: "b" });
  const { client, server } = bench.pair();
  const socket = second.createTcpSocket("ipv4");
  assert.ok(typeof socket === "object");
  assert.equal(socket.startConnect(parseAddress("127.0.0.1:7777")), undefined);
  second.release("reset");
  assert.equal(second.openSockets, 0);
  assert.equal(client.output.write("still"), undefined);
  assert.equal(server.input.read(), "still");
  bench.assertIdleAfterRelease();
});

/** A dialler whose connects never end; what was done to them. */
function stuckDialler() {
  const done: EndKind[] = [];
  const dialled: DialEgressOptions[] = [];
  return {
    done,
    dialled,
    dial: (options: DialEgressOptions) => {
      dialled.push(options);
      return { outcome: () => undefined, abandon: (how: EndKind) => void done.push(how), revoke: () => {} };
    },
  };
}

test("WorkloadNetwork: what goes outside counts until it says that it holds nothing, and close reaches it", () => {
  const dialler = stuckDialler();
  const bench = new TcpBench({ driver: CORE_DRIVER, egress: { allowed: ["192.0.2.1:443"], dial: dialler.dial } });
  bench.dial("192.0.2.1:443").drop();
  assert.deepEqual(dialler.done, ["close"]);
  assert.equal(bench.network.usage.sockets, 1, "it may still be delivering");
  bench.network.close();
  assert.deepEqual(dialler.done, ["close", "reset"]);
  dialler.dialled[0]?.onReleased();
  bench.assertIdle();
});

test('WorkloadNetwork: without a way out nothing is allowed, and "net": [] does not ask the policy', () => {
  for (const access of ["loopback", "default"] as const) {
    const dialler = stuckDialler();
    const bench = new TcpBench({
      driver: CORE_DRIVER,
      access,
      ...(access === "loopback" ? { egress: { allowed: ["192.0.2.1:443"], dial: dialler.dial } } : {}),
    });
    assert.equal(bench.create("component").startConnect("192.0.2.1:443"), "access-denied");
    assert.equal(dialler.dialled.length, 0);
    bench.assertIdleAfterRelease();
  }
});

function denial(operation: string, target: string, rule: string): Denial {
  return { operation, target, rule, decision: "no-rule" };
}

/** What was told: which, and how many. */
function told(bench: TcpBench): string[] {
  return bench.events.splice(0).flatMap((event) =>
    event.kind === "denied" ? [`${event.operation} ${event.target} ${event.count ?? 1}`] : []
  );
}

test("denials: each target, operation and role has one line in 10 s, and the next one has a count", async () => {
  const bench = open();
  const guest = bench.guests.component;
  for (let round = 0; round < 3; round++) {
    guest.deny(denial("tcp-connect", "192.0.2.1:1", "a rule"));
    guest.deny(denial("tcp-connect", "192.0.2.1:2", "a rule"));
    guest.deny(denial("tcp-bind", "192.0.2.1:1", "a rule"));
    bench.guests.service.deny(denial("tcp-connect", "192.0.2.1:1", "a rule"));
    if (round < 2) await bench.clock.advanceMs(4_999);
  }
  assert.deepEqual(bench.events[0], {
    kind: "denied",
    guest: { workload: "demo", role: "component" },
    operation: "tcp-connect",
    target: "192.0.2.1:1",
    rule: "a rule",
  });
  assert.deepEqual(told(bench), [
    "tcp-connect 192.0.2.1:1 1",
    "tcp-connect 192.0.2.1:2 1",
    "tcp-bind 192.0.2.1:1 1",
    "tcp-connect 192.0.2.1:1 1",
  ]);
  await bench.clock.advanceMs(2);
  guest.deny(denial("tcp-connect", "192.0.2.1:1", "a rule"));
  assert.deepEqual(told(bench), [
    "tcp-connect 192.0.2.1:2 2",
    "tcp-bind 192.0.2.1:1 2",
    "tcp-connect 192.0.2.1:1 2",
    "tcp-connect 192.0.2.1:1 3",
  ]);
});

test("denials: what is remembered is bounded, and nothing is lost: neither of the oldest nor at the end", () => {
  const bench = open();
  const guest = bench.guests.component;
  for (const round of [1, 2]) guest.deny(denial("tcp-connect", "192.0.2.1:1", `rule ${round}`));
  for (let port = 0; port < 1024; port++) guest.deny(denial("tcp-connect", `192.0.2.9:${port}`, "a rule"));
  const lines = told(bench);
  assert.equal(lines.length, 1 + 1024 + 1);
  assert.equal(lines.at(-1), "tcp-connect 192.0.2.1:1 1", "the oldest was forgotten, and its repeat told");
  guest.deny(denial("tcp-connect", "192.0.2.9:1023", "a rule"));
  guest.deny(denial("tcp-connect", "192.0.2.9:1023", "a rule"));
  assert.deepEqual(told(bench), []);
  bench.network.close();
  assert.deepEqual(told(bench), ["tcp-connect 192.0.2.9:1023 2"]);
  bench.network.close();
  assert.deepEqual(told(bench), []);
});
