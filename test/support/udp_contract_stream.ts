/** The contract of UDP: what `stream` does, who hears whom on the private loopback, and what is refused. */
import assert from "node:assert/strict";
import { expectValue } from "./tcp_bench.ts";
import { inBothRoles, on, type UdpCase } from "./udp_case.ts";

const ECHO = "127.0.0.1:7";

/** Arguments that neither `stream` nor `send` takes. */
const BAD_REMOTES = [
  ["0.0.0.0:80", "ipv4"],
  ["[::]:80", "ipv6"],
  ["127.0.0.1:0", "ipv4"],
  ["8.8.8.8:0", "ipv4"],
  ["[::ffff:127.0.0.1]:80", "ipv6"],
  ["[::ffff:8.8.8.8]:80", "ipv6"],
  ["[::7f00:1]:80", "ipv6"],
  ["[::1]:80", "ipv4"],
  ["[ff02::1]:80", "ipv4"],
  ["127.0.0.1:80", "ipv6"],
] as const;

const STREAM: readonly UdpCase[] = [
  ...inBothRoles("stream on an unbound socket is invalid-state", (bench, role) => {
    const socket = bench.create(role);
    assert.equal(socket.stream(), "invalid-state");
    assert.equal(socket.stream(ECHO), "invalid-state");
    assert.equal(socket.stream("0.0.0.0:0"), "invalid-state", "state before arguments");
    assert.equal(socket.stream("192.0.2.1:53"), "invalid-state", "state before policy");
    assert.deepEqual(bench.denials, []);
    assert.equal(socket.remote(), "invalid-state");
  }),
  ...BAD_REMOTES.flatMap(([address, family]) =>
    inBothRoles(`stream and send: invalid-argument: ${family} to ${address}`, (bench, role) => {
      const wildcard = family === "ipv4" ? "0.0.0.0:0" : "[::]:0";
      const socket = bench.bind(role, wildcard);
      assert.equal(socket.stream(address), "invalid-argument");
      assert.equal(socket.remote(), "invalid-state", "an error leaves the association as it was");
      const { outgoing } = expectValue(socket.stream());
      assert.equal(outgoing.send(["x", address]), "invalid-argument");
      assert.deepEqual(bench.asked, [], "arguments before policy");
    })
  ),
  ...inBothRoles("send: an address other than the stream's, or none on either: invalid-argument", (bench, role) => {
    const { socket, outgoing, drop } = bench.open(role, "127.0.0.1:0", ECHO);
    assert.equal(outgoing.send(["x", "127.0.0.1:8"]), "invalid-argument");
    assert.equal(outgoing.send(["x", "127.0.0.2:7"]), "invalid-argument");
    assert.equal(outgoing.send(["x", ECHO]), 1, "the same is allowed");
    drop();
    assert.equal(expectValue(socket.stream()).outgoing.send(["x"]), "invalid-argument");
  }),
  ...[["0.0.0.0:0", ECHO, "127.0.0.1"], ["[::]:0", "[::1]:7", "[::1]"]].flatMap((
    [wildcard = "", remote = "", own = ""],
  ) =>
    inBothRoles(`stream(some) turns ${wildcard} into ${own}; stream(none) turns it back`, (bench, role) => {
      const echo = bench.open("service", remote);
      const { socket, outgoing, drop } = bench.open(role, wildcard);
      const bound = socket.local();
      assert.match(bound, /^(?:0\.0\.0\.0|\[::\]):\d+$/);
      const turned = bound.replace(/^.*:/, `${own}:`);
      assert.equal(outgoing.send(["unconnected", remote]), 1);
      drop();
      for (let round = 0; round < 2; round++) {
        const streams = expectValue(socket.stream(remote));
        assert.equal(socket.local(), turned);
        assert.equal(socket.remote(), remote);
        assert.equal(streams.outgoing.send(["connected"]), 1);
        streams.drop();
        const back = expectValue(socket.stream());
        assert.equal(socket.local(), bound);
        assert.equal(socket.remote(), "invalid-state");
        back.drop();
      }
      // What the peer sees is the address that it can answer to.
      assert.deepEqual(echo.incoming.receive(), [
        `unconnected < ${turned}`,
        `connected < ${turned}`,
        `connected < ${turned}`,
      ]);
    })
  ),
  on("a socket bound to one address keeps it", (bench) => {
    const { socket } = bench.open("service", "127.0.0.5:9", ECHO);
    assert.equal(socket.local(), "127.0.0.5:9");
  }),
  on("0.0.0.0 hears every loopback address of its family, and with a remote address only its own", (bench) => {
    const { socket, incoming, drop } = bench.open("service", "0.0.0.0:53");
    const sender = bench.open("service", "127.0.0.1:9");
    assert.equal(sender.outgoing.send(["a", "127.0.0.1:53"], ["b", "127.9.9.9:53"]), 2);
    assert.deepEqual(incoming.receive(), ["a < 127.0.0.1:9", "b < 127.0.0.1:9"]);
    drop();
    const connected = expectValue(socket.stream("127.0.0.1:9"));
    assert.equal(sender.outgoing.send(["c", "127.0.0.1:53"], ["d", "127.9.9.9:53"]), 2);
    assert.deepEqual(connected.incoming.receive(), ["c < 127.0.0.1:9"]);
    assert.equal(bench.create("service").startBind("127.9.9.9:53"), "address-in-use", "it holds the port all the same");
  }),
  on("127.0.0.1:p and 127.0.0.2:p are two ports and neither answers for the other", (bench) => {
    const [one, two] = [bench.open("service", "127.0.0.1:53"), bench.open("service", "127.0.0.2:53")];
    const sender = bench.open("component", "0.0.0.0:0");
    assert.equal(sender.outgoing.send(["to two", "127.0.0.2:53"]), 1);
    assert.deepEqual(one.incoming.receive(), []);
    const [received = ""] = two.incoming.receive();
    assert.equal(received, `to two < ${sender.socket.local().replace("0.0.0.0", "127.0.0.1")}`);
    assert.equal(two.outgoing.send(["back", received.split(" < ")[1]]), 1);
    assert.deepEqual(sender.incoming.receive(), ["back < 127.0.0.2:53"]);
  }),
  on("a socket can send to itself", (bench) => {
    const { incoming, outgoing } = bench.open("service", "127.0.0.1:53");
    assert.equal(outgoing.send(["me", "127.0.0.1:53"]), 1);
    assert.deepEqual(incoming.receive(), ["me < 127.0.0.1:53"]);
  }),
  ...inBothRoles("datagrams are whole and in order, empty ones too", (bench, role) => {
    const server = bench.open("service", "[::1]:53");
    const client = bench.open(role, "[::1]:0", "[::1]:53");
    const from = client.socket.local();
    assert.equal(client.outgoing.send(["one"], [""], ["three"]), 3);
    assert.deepEqual(server.incoming.receive(2), [`one < ${from}`, ` < ${from}`]);
    assert.deepEqual(server.incoming.receive(0), []);
    assert.deepEqual(server.incoming.receive(2), [`three < ${from}`]);
    assert.deepEqual(server.incoming.receive(), []);
  }),
  ...inBothRoles("after the guest's end: invalid-state, and nothing waits", (bench, role) => {
    const { socket, incoming, outgoing } = bench.open(role, "127.0.0.1:0");
    const idle = bench.create(role);
    bench.assertIdleAfterRelease();
    assert.equal(incoming.receive(), "invalid-state");
    assert.equal(outgoing.send(["x", ECHO]), "invalid-state");
    assert.equal(outgoing.permit(), "invalid-state");
    assert.equal(incoming.isReady() && outgoing.isReady(), true);
    assert.equal(socket.local(), "invalid-state");
    assert.equal(idle.startBind("127.0.0.1:0"), "invalid-state");
    assert.equal(idle.stream(), "invalid-state");
  }),
];

const REFUSED: readonly UdpCase[] = [
  ...inBothRoles(
    "a datagram to a port nobody holds counts as sent; without a remote address nobody is told",
    (bench, role) => {
      const { incoming, outgoing } = bench.open(role, "0.0.0.0:0");
      assert.equal(outgoing.send(["x", ECHO], ["y", ECHO]), 2);
      assert.equal(incoming.isReady(), false);
      assert.deepEqual(incoming.receive(), []);
      assert.equal(outgoing.send(["z", ECHO]), 1);
    },
  ),
  ...inBothRoles(
    "... with one, its incoming stream is ready and its next receive fails once: connection-refused",
    async (bench, role) => {
      const { incoming, outgoing } = bench.open(role, "0.0.0.0:0", ECHO);
      const waiting = incoming.whenReady();
      assert.equal(outgoing.send(["x"], ["y"], ["z"]), 3, "the same send is no next one");
      await waiting;
      assert.equal(incoming.isReady(), true);
      assert.deepEqual(incoming.receive(0), [], "nothing was asked for");
      assert.equal(incoming.receive(), "connection-refused");
      assert.equal(incoming.isReady(), false);
      assert.deepEqual(incoming.receive(), []);
      assert.equal(outgoing.send(["x"]), 1);
      assert.equal(incoming.receive(), "connection-refused", "the next datagram, the next refusal");
    },
  ),
  ...inBothRoles("... or its next send fails once, and sends nothing", (bench, role) => {
    const { incoming, outgoing } = bench.open(role, "0.0.0.0:0", ECHO);
    assert.equal(outgoing.send(["x"]), 1);
    const echo = bench.open("service", ECHO);
    assert.equal(outgoing.send(), 0, "nothing to send is no send");
    assert.equal(outgoing.permit(), 16);
    assert.equal(outgoing.send(["lost"], ["lost"]), "connection-refused");
    assert.equal(incoming.isReady(), false);
    assert.equal(outgoing.send(["kept"]), 1);
    assert.equal((echo.incoming.receive() as string[]).length, 1);
  }),
  on("a refusal is told before what is queued, which is not lost", (bench) => {
    const client = bench.open("service", "127.0.0.1:9", ECHO);
    const echo = bench.open("service", ECHO);
    assert.equal(echo.outgoing.send(["early", "127.0.0.1:9"]), 1);
    echo.drop();
    echo.socket.drop();
    assert.equal(client.outgoing.send(["x"]), 1);
    assert.equal(client.incoming.receive(), "connection-refused");
    assert.deepEqual(client.incoming.receive(), ["early < 127.0.0.1:7"]);
  }),
  on("a refusal belongs to its remote address: another stream does not tell it", (bench) => {
    const { socket, outgoing, drop } = bench.open("service", "0.0.0.0:9", ECHO);
    assert.equal(outgoing.send(["x"]), 1);
    drop();
    const { incoming } = expectValue(socket.stream("127.0.0.1:8"));
    assert.equal(incoming.isReady(), false);
    assert.deepEqual(incoming.receive(), []);
  }),
  on("a port that somebody holds refuses nothing, whoever it hears", (bench) => {
    bench.open("service", ECHO, "127.0.0.1:1");
    bench.bind("service", "127.0.0.1:8");
    const started = bench.create("service");
    assert.equal(started.startBind("127.0.0.1:9"), undefined);
    for (const remote of [ECHO, "127.0.0.1:8", "127.0.0.1:9"]) {
      const { incoming, outgoing } = bench.open("component", "0.0.0.0:0", remote);
      assert.equal(outgoing.send(["x"]), 1);
      assert.equal(incoming.isReady(), false, remote);
    }
    assert.equal(started.finishBind(), undefined);
    assert.deepEqual(expectValue(started.stream()).incoming.receive(), [], "it was not bound yet");
  }),
];

const SIZE: readonly UdpCase[] = [
  ...([["127.0.0.1:7", 65_507], ["[::1]:7", 65_527]] as const).flatMap(([address, bytesMax]) =>
    inBothRoles(`over ${bytesMax} bytes: datagram-too-large: ${address}`, (bench, role) => {
      const echo = bench.open("service", address);
      echo.socket.set("receiveBuffer", 1_048_576n);
      const { outgoing } = bench.open(role, address.replace(/7$/, "0"), address);
      assert.equal(outgoing.send([bytesMax + 1]), "datagram-too-large");
      assert.equal(outgoing.send([bytesMax], [bytesMax + 1], [1]), 1, "only the first one's error is told");
      const received = echo.incoming.receive();
      assert.equal(received.length, 1);
      assert.match(received[0] ?? "", new RegExp(`^${bytesMax} bytes`));
    })
  ),
  ...inBothRoles("check-send permits 16", (bench, role) => {
    const echo = bench.open("service", ECHO);
    const { outgoing } = bench.open(role, "0.0.0.0:0", ECHO);
    for (let round = 0; round < 3; round++) {
      assert.equal(outgoing.isReady(), true);
      assert.equal(outgoing.permit(), 16);
      assert.equal(outgoing.send(...Array.from({ length: 16 }, () => ["x"] as const)), 16);
      assert.equal(echo.incoming.receive().length, 16);
    }
  }),
];

export const UDP_STREAM_CASES: readonly UdpCase[] = [...STREAM, ...REFUSED, ...SIZE];
