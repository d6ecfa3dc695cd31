/** The contract of UDP: the way to the outside. */
import assert from "node:assert/strict";
import { expectValue } from "./tcp_bench.ts";
import { UdpBench } from "./udp_bench.ts";
import { inBothRoles, on, type UdpCase } from "./udp_case.ts";

const DNS = "192.0.2.1:53";
const OTHER = "192.0.2.2:53";
const V6 = "[2001:db8::1]:53";
const ALLOWED = { allowed: [DNS, OTHER, V6, "224.0.0.1:53", "255.255.255.255:53", "[ff02::1]:53"] };

const DENIED: readonly UdpCase[] = [
  ...inBothRoles("egress UDP is denied: access-denied from stream and from send", (bench, role) => {
    const socket = bench.bind(role, "0.0.0.0:0");
    assert.equal(socket.stream(DNS), "access-denied");
    assert.equal(socket.remote(), "invalid-state", "the association is as it was");
    const { incoming, outgoing } = expectValue(socket.stream());
    assert.equal(outgoing.send(["x", DNS]), "access-denied");
    assert.equal(incoming.isReady(), false);
    assert.deepEqual(bench.denials, [`udp-stream ${DNS}`, `udp-send ${DNS}`]);
    assert.deepEqual(bench.asked, [`udp ${DNS}`, `udp ${DNS}`]);
    assert.equal(bench.outside.peers.length, 0);
  }),
  ...inBothRoles("egress UDP is denied without a way for it, and no policy is asked", (bench, role) => {
    const socket = bench.bind(role, "0.0.0.0:0");
    assert.equal(socket.stream(DNS), "access-denied");
    assert.equal(expectValue(socket.stream()).outgoing.send(["x", DNS]), "access-denied");
    assert.deepEqual(bench.denials, [`udp-stream ${DNS}`, `udp-send ${DNS}`]);
    assert.deepEqual(bench.asked, []);
  }, { ...ALLOWED, hasUdpEgress: false }),
  ...inBothRoles('"net": [] reaches the private loopback only, and no policy is asked', (bench, role) => {
    const socket = bench.bind(role, "0.0.0.0:0");
    assert.equal(socket.stream(DNS), "access-denied");
    assert.deepEqual(bench.asked, []);
    const server = bench.open("service", "127.0.0.1:53");
    assert.equal(expectValue(socket.stream()).outgoing.send(["x", "127.0.0.1:53"]), 1);
    assert.equal(server.incoming.receive().length, 1);
  }, { ...ALLOWED, access: "loopback" }),
  ...["224.0.0.1:53", "255.255.255.255:53", "[ff02::1]:53"].map((address) =>
    on(`multicast and broadcast are never reachable, whatever a policy says: ${address}`, (bench) => {
      const socket = bench.bind("service", address.startsWith("[") ? "[::]:0" : "0.0.0.0:0");
      assert.equal(socket.stream(address), "access-denied");
      assert.equal(expectValue(socket.stream()).outgoing.send(["x", address]), "access-denied");
      assert.deepEqual(bench.asked, []);
      assert.equal(bench.outside.peers.length, 0);
    }, ALLOWED)
  ),
  on("each datagram is judged: those before the denied one are sent", (bench) => {
    const { outgoing } = bench.open("component", "0.0.0.0:0");
    assert.equal(outgoing.send(["a", DNS], ["b", OTHER], ["c", "192.0.2.9:53"], ["d", DNS]), 2);
    assert.deepEqual(bench.denials, ["udp-send 192.0.2.9:53"]);
    assert.deepEqual([bench.outside.sentTo(DNS), bench.outside.sentTo(OTHER)], [["a"], ["b"]]);
    assert.equal(outgoing.send(["c", "192.0.2.9:53"], ["d", DNS]), "access-denied");
  }, ALLOWED),
  ...inBothRoles("each datagram is judged, also of a stream that was allowed", (bench, role) => {
    const { outgoing } = bench.open(role, "0.0.0.0:0", DNS);
    assert.equal(outgoing.send(["a"], ["b"]), 2);
    assert.deepEqual(bench.asked, [`udp ${DNS}`, `udp ${DNS}`, `udp ${DNS}`]);
  }, ALLOWED),
  ...inBothRoles("allowed, but the socket is bound to a loopback address: remote-unreachable", (bench, role) => {
    const { socket, outgoing, drop } = bench.open(role, "127.0.0.1:0");
    assert.equal(outgoing.send(["x", DNS]), "remote-unreachable");
    assert.equal(outgoing.send(["x", "192.0.2.9:53"]), "access-denied", "policy first");
    drop();
    assert.equal(socket.stream(DNS), "remote-unreachable");
    assert.equal(bench.outside.peers.length, 0);
  }, ALLOWED),
];

const PEERS: readonly UdpCase[] = [
  ...inBothRoles(
    "allowed: it leaves from an OS socket of that one peer, opened at the first datagram",
    (bench, role) => {
      for (const [wildcard, remote] of [["0.0.0.0:0", DNS], ["[::]:0", V6]] as const) {
        const { socket, incoming, outgoing } = bench.open(role, wildcard, remote);
        assert.equal(socket.remote(), remote);
        assert.equal(bench.outside.sentTo(remote), undefined);
        assert.equal(outgoing.send(["a"], ["b"]), 2);
        assert.equal(outgoing.send(["c"]), 1);
        assert.deepEqual(bench.outside.sentTo(remote), ["a", "b", "c"]);
        bench.outside.at(remote).answer("yes");
        assert.deepEqual(incoming.receive(), [`yes < ${remote}`]);
      }
      assert.equal(bench.outside.peers.length, 2);
    },
    ALLOWED,
  ),
  on("answers of several peers say whose they are; a stream with a remote address yields only that peer's", (bench) => {
    const { socket, incoming, outgoing, drop } = bench.open("component", "0.0.0.0:0");
    assert.equal(outgoing.send(["q", DNS], ["q", OTHER]), 2);
    bench.outside.at(OTHER).answer("2");
    bench.outside.at(DNS).answer("1");
    assert.deepEqual(incoming.receive(1), [`2 < ${OTHER}`]);
    bench.outside.at(OTHER).answer("3");
    drop();
    const connected = expectValue(socket.stream(DNS));
    bench.outside.at(OTHER).answer("4");
    bench.outside.at(DNS).answer("5");
    assert.deepEqual(connected.incoming.receive(), [`1 < ${DNS}`, `5 < ${DNS}`]);
  }, ALLOWED),
  on("what the outside sends is bounded as well", (bench) => {
    const { socket, incoming, outgoing } = bench.open("component", "0.0.0.0:0", DNS);
    socket.set("receiveBuffer", 10n);
    outgoing.send(["q"]);
    for (const text of ["12345678", "too much", "90"]) bench.outside.at(DNS).answer(text);
    assert.deepEqual(incoming.receive(), [`12345678 < ${DNS}`, `90 < ${DNS}`]);
    assert.equal(bench.network.usage.bytes, 0);
  }, ALLOWED),
  on("16 for each guest socket, the longest idle goes first", (bench) => {
    const { socket, incoming, outgoing, drop } = bench.open("service", "0.0.0.0:0");
    const remotes = Array.from({ length: 18 }, (_, at) => `192.0.2.${100 + at}:53`);
    for (const remote of remotes.slice(0, 16)) assert.equal(outgoing.send(["a", remote]), 1);
    assert.equal(bench.outside.held, 16);
    // Used again, by a datagram out and by one in: the third is the longest idle now.
    assert.equal(outgoing.send(["b", String(remotes[0])]), 1);
    bench.outside.at(String(remotes[1])).answer("c");
    assert.equal(outgoing.send(["a", String(remotes[16])]), 1);
    assert.equal(bench.outside.held, 16);
    assert.deepEqual(bench.outside.peers.filter((peer) => peer.isReleased).map((peer) => peer.remote), [remotes[2]]);
    bench.outside.peers[2]?.answer("too late");
    assert.deepEqual(incoming.receive(), [`c < ${remotes[1]}`]);
    assert.equal(outgoing.send(["again", String(remotes[2])]), 1);
    assert.equal(bench.outside.held, 16);
    assert.equal(bench.outside.peers[3]?.isReleased, true);
    drop();
    const connected = expectValue(socket.stream(remotes[2]));
    bench.outside.peers[2]?.fail("connection-refused");
    assert.equal(
      connected.incoming.isReady(),
      false,
      "the one that was closed says nothing about the one opened since",
    );
  }, { allowed: Array.from({ length: 18 }, (_, at) => `192.0.2.${100 + at}:53`) }),
  on("the 16 are each socket's own", (bench) => {
    const [one, other] = [bench.open("component", "0.0.0.0:0", DNS), bench.open("component", "0.0.0.0:0", DNS)];
    one.outgoing.send(["1"]);
    other.outgoing.send(["2"]);
    bench.outside.peers[1]?.answer("to two");
    assert.deepEqual(one.incoming.receive(), []);
    assert.deepEqual(other.incoming.receive(), [`to two < ${DNS}`]);
  }, ALLOWED),
  ...inBothRoles("a refusal from outside: the connected sender is told once, another never", async (bench, role) => {
    const connected = bench.open(role, "0.0.0.0:0", DNS);
    const free = bench.open(role, "0.0.0.0:0");
    connected.outgoing.send(["q"]);
    free.outgoing.send(["q", DNS]);
    const waiting = connected.incoming.whenReady();
    for (const peer of bench.outside.peers) peer.fail("connection-refused");
    await waiting;
    assert.equal(connected.incoming.receive(), "connection-refused");
    assert.deepEqual(connected.incoming.receive(), []);
    assert.equal(free.incoming.isReady(), false);
    free.drop();
    const other = expectValue(free.socket.stream(OTHER));
    bench.outside.peers[1]?.fail("connection-refused");
    assert.equal(other.incoming.isReady(), false, "it is told of its remote address only");
    bench.outside.peers[0]?.fail("remote-unreachable");
    assert.equal(connected.outgoing.send(["q"]), "remote-unreachable");
    assert.equal(connected.outgoing.send(["q"]), 1);
  }, ALLOWED),
  on("an OS socket that cannot be opened: told once, and the next datagram tries again", (bench) => {
    const { incoming, outgoing } = bench.open("component", "0.0.0.0:0", DNS);
    outgoing.send(["lost"]);
    bench.outside.at(DNS).fail("new-socket-limit");
    bench.outside.at(DNS).release();
    assert.equal(incoming.receive(), "new-socket-limit");
    assert.equal(outgoing.send(["again"]), 1);
    assert.equal(bench.outside.peers.length, 2);
    assert.deepEqual(bench.outside.sentTo(DNS), ["again"]);
    bench.network.close();
    assert.deepEqual(
      bench.outside.peers.map((peer) => peer.ended),
      [undefined, "reset"],
      "what is closed is forgotten",
    );
  }, ALLOWED),
  on("a change of the hop limit reaches the OS sockets that are open", (bench) => {
    const { socket, outgoing } = bench.open("component", "0.0.0.0:0", DNS);
    outgoing.send(["q"]);
    assert.equal(socket.set("hopLimit", 3n), undefined);
    assert.equal(socket.set("hopLimit", 0n), "invalid-argument");
    assert.equal(bench.outside.at(DNS).optionChanges, 1);
    assert.equal(bench.outside.at(DNS).options.options.hopLimit, 3);
  }, ALLOWED),
];

/** So much does a datagram cost beyond its bytes. */
const COST = 128;

const PRESSURE: readonly UdpCase[] = [
  on(
    "back-pressure: at most send-buffer-size bytes wait; check-send is 0 until there is room, exactly",
    async (bench) => {
      bench.outside.isSlow = true;
      const { socket, outgoing } = bench.open("component", "0.0.0.0:0", DNS);
      socket.set("sendBuffer", BigInt(2 * (COST + 10)));
      assert.equal(outgoing.send(["0123456789"], ["0123456789"], ["x"]), 2);
      assert.equal(outgoing.isReady(), false);
      assert.equal(outgoing.permit(), 0);
      const waiting = outgoing.whenReady();
      bench.outside.at(DNS).flush(1);
      await waiting;
      assert.equal(outgoing.permit(), 16);
      assert.equal(outgoing.send(["x"], ["y"]), 1);
      assert.equal(outgoing.isReady(), false);
      const larger = outgoing.whenReady();
      socket.set("sendBuffer", 10_000n);
      await larger;
      assert.equal(outgoing.isReady(), true, "a larger buffer is room");
      assert.equal(outgoing.send(["y"]), 1);
      bench.outside.at(DNS).flush();
      assert.deepEqual(bench.outside.sentTo(DNS), ["0123456789", "0123456789", "x", "y"]);
    },
    ALLOWED,
  ),
  on(
    "back-pressure: nothing overtakes a datagram for which there is no room, and only that one is waited for",
    (bench) => {
      bench.outside.isSlow = true;
      const { socket, outgoing, drop } = bench.open("component", "0.0.0.0:0", DNS);
      socket.set("sendBuffer", BigInt(3 * COST));
      assert.equal(outgoing.send(["12345678"], ["x".repeat(200)], ["small"]), 1);
      assert.equal(outgoing.isReady(), false);
      bench.outside.at(DNS).flush();
      assert.equal(outgoing.send(["12345678"]), 1);
      assert.equal(outgoing.isReady(), true, "what once had no room was not tried again");
      assert.equal(outgoing.send(["x".repeat(200)]), 0);
      assert.equal(outgoing.isReady(), false);
      drop();
      const again = expectValue(socket.stream());
      assert.equal(again.outgoing.isReady(), true, "it was another stream's");
      bench.outside.at(DNS).flush();
      assert.deepEqual(bench.outside.sentTo(DNS), ["12345678", "12345678"]);
    },
    ALLOWED,
  ),
  on("back-pressure: an OS socket that is gone with what waited makes room", async (bench) => {
    bench.outside.isSlow = true;
    const { socket, outgoing } = bench.open("component", "0.0.0.0:0");
    socket.set("sendBuffer", 1n);
    assert.equal(outgoing.send(["lost", DNS], ["b", OTHER]), 1);
    const waiting = outgoing.whenReady();
    bench.outside.at(DNS).release();
    await waiting;
    assert.equal(outgoing.send(["b", OTHER]), 1);
    bench.outside.at(OTHER).flush();
  }, ALLOWED),
  on("back-pressure: one datagram of any size is always taken; none fits behind it", (bench) => {
    bench.outside.isSlow = true;
    const { socket, outgoing } = bench.open("component", "0.0.0.0:0", DNS);
    socket.set("sendBuffer", 1n);
    assert.equal(outgoing.send(["much more"], [""]), 1);
    assert.equal(outgoing.permit(), 0);
    bench.outside.at(DNS).flush();
    assert.equal(outgoing.send([""], [""]), 1);
    bench.outside.at(DNS).flush();
  }, ALLOWED),
  on("back-pressure: when all 16 wait, a 17th peer waits too", (bench) => {
    bench.outside.isSlow = true;
    const { outgoing } = bench.open("component", "0.0.0.0:0");
    const remotes = Array.from({ length: 17 }, (_, at) => `192.0.2.${100 + at}:53`);
    assert.equal(outgoing.send(...remotes.slice(0, 16).map((remote) => ["a", remote] as const)), 16);
    assert.equal(outgoing.send(["b", String(remotes[7])]), 1, "one of the 16 goes on");
    assert.equal(outgoing.send(["a", String(remotes[16])]), 0);
    assert.equal(outgoing.isReady(), false);
    assert.equal(bench.outside.held, 16);
    bench.outside.peers[5]?.flush();
    assert.equal(outgoing.isReady(), true);
    assert.equal(outgoing.send(["a", String(remotes[16])]), 1);
    assert.equal(bench.outside.peers[5]?.isReleased, true);
    for (const peer of bench.outside.peers) peer.flush();
  }, { allowed: Array.from({ length: 17 }, (_, at) => `192.0.2.${100 + at}:53`) }),
  on("back-pressure: a failure is told at once, whatever waits", (bench) => {
    bench.outside.isSlow = true;
    const { socket, outgoing } = bench.open("component", "0.0.0.0:0", DNS);
    socket.set("sendBuffer", 1n);
    assert.equal(outgoing.send(["a"], ["b"]), 1);
    assert.equal(outgoing.isReady(), false);
    bench.outside.at(DNS).fail("connection-refused");
    assert.equal(outgoing.isReady(), true);
    assert.equal(outgoing.send(["b"]), "connection-refused");
    bench.outside.at(DNS).flush();
  }, ALLOWED),
  on("a drop sends what was handed over, and the socket counts until that is out", (bench) => {
    bench.outside.isSlow = true;
    const { socket, outgoing, drop } = bench.open("component", "0.0.0.0:0", DNS);
    outgoing.send(["last words"]);
    drop();
    socket.drop();
    assert.equal(bench.outside.at(DNS).ended, "close");
    assert.equal(bench.network.usage.sockets, 1);
    bench.outside.at(DNS).answer("nobody hears it");
    bench.outside.at(DNS).fail("connection-refused");
    bench.outside.at(DNS).flush();
    assert.deepEqual(bench.outside.sentTo(DNS), ["last words"]);
    bench.assertIdle();
  }, ALLOWED),
  {
    name: 'release("reset") drops what was handed over and holds nothing',
    run(driver) {
      const bench = new UdpBench({ driver, ...ALLOWED });
      bench.outside.isSlow = true;
      const { outgoing } = bench.open("component", "0.0.0.0:0");
      outgoing.send(["a", DNS], ["b", OTHER]);
      bench.guests.component.release("reset");
      assert.deepEqual(bench.outside.peers.map((peer) => peer.ended), ["reset", "reset"]);
      bench.assertIdle();
    },
  },
  {
    name: "the workload's close reaches what is still being delivered",
    run(driver) {
      const bench = new UdpBench({ driver, ...ALLOWED });
      bench.outside.isSlow = true;
      const { outgoing } = bench.open("component", "0.0.0.0:0", DNS);
      outgoing.send(["a"]);
      bench.guests.component.release("close");
      assert.equal(bench.network.usage.sockets, 1);
      bench.network.close();
      assert.deepEqual(bench.outside.sentTo(DNS), []);
      bench.assertIdle();
      assert.equal(bench.tryCreate("service"), "new-socket-limit");
    },
  },
];

export const UDP_EGRESS_CASES: readonly UdpCase[] = [...DENIED, ...PEERS, ...PRESSURE];
