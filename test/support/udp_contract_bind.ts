/** The contract of UDP: sockets, ports, states and options. */
import assert from "node:assert/strict";
import { ROLES, UdpBench } from "./udp_bench.ts";
import { inBothRoles, on, type UdpCase } from "./udp_case.ts";

const CREATE: readonly UdpCase[] = [
  ...inBothRoles("create-udp-socket: allowed", (bench, role) => {
    assert.equal(bench.create(role, "ipv4").family(), "ipv4");
    assert.equal(bench.create(role, "ipv6").family(), "ipv6");
    assert.deepEqual(bench.denials, []);
    assert.equal(bench.counters.get("udpSockets"), 2);
    assert.equal(bench.counters.get("tcpSockets"), 0);
  }),
  ...ROLES.map((role): UdpCase => ({
    name: `create-udp-socket: access-denied only with "net": false (${role})`,
    run(driver) {
      const bench = new UdpBench({ driver, access: "none" });
      for (const family of ["ipv4", "ipv6"] as const) assert.equal(bench.tryCreate(role, family), "access-denied");
      assert.deepEqual(bench.denials, ["create-udp-socket ipv4", "create-udp-socket ipv6"]);
      bench.assertIdle();
      const loopbackOnly = new UdpBench({ driver, access: "loopback" });
      loopbackOnly.create(role);
      loopbackOnly.assertIdleAfterRelease();
    },
  })),
  ...inBothRoles("limits: 1,024 open sockets of TCP and UDP together: new-socket-limit", (bench, role) => {
    const other = role === "service" ? "component" : "service";
    const first = bench.create(role);
    for (let at = 1; at < 1024; at++) {
      assert.equal(typeof (at % 2 === 0 ? bench.create(role) : bench.guests[role].createTcpSocket("ipv4")), "object");
    }
    assert.equal(bench.tryCreate(role), "new-socket-limit");
    assert.equal(bench.guests[role].createTcpSocket("ipv4"), "new-socket-limit");
    bench.create(other);
    first.drop();
    bench.create(role);
  }),
];

/** Wrong family, IPv4-mapped and -compatible. Port 0, so that a component passes its own check. */
const BAD_BINDS = [
  ["[::1]:0", "ipv4"],
  ["127.0.0.1:0", "ipv6"],
  ["[ff02::1]:0", "ipv4"],
  ["[::ffff:127.0.0.1]:0", "ipv6"],
  ["[::7f00:1]:0", "ipv6"],
  ["[::2]:0", "ipv6"],
] as const;

const FOREIGN = [
  "224.0.0.1:80",
  "255.255.255.255:80",
  "[ff02::1]:80",
  "10.0.0.1:80",
  "0.0.0.1:80",
  "169.254.1.1:0",
  "[2001:db8::1]:80",
  "[fe80::1]:0",
];

const OWN = ["127.0.0.1:53", "127.1.2.3:53", "[::1]:53", "0.0.0.0:53", "[::]:53"];

const BIND: readonly UdpCase[] = [
  ...BAD_BINDS.map(([address, family]) =>
    on(`bind as in the TCP table: wrong family, IPv4-mapped or -compatible: ${family} to ${address}`, (bench) => {
      assert.equal(bench.create("service", family).startBind(address), "invalid-argument");
      const isLoopback = address === "[::1]:0" || address === "127.0.0.1:0";
      assert.equal(
        bench.create("component", family).startBind(address),
        isLoopback ? "invalid-argument" : "access-denied",
      );
    })
  ),
  ...FOREIGN.map((address) =>
    on(`bind: multicast and broadcast are address-not-bindable, any other too: ${address}`, (bench) => {
      const family = address.startsWith("[") ? "ipv6" : "ipv4";
      const socket = bench.create("service", family);
      assert.equal(socket.startBind(address), "address-not-bindable");
      assert.equal(socket.local(), "invalid-state");
      assert.equal(bench.create("component", family).startBind(address), "access-denied");
      assert.deepEqual(bench.denials, [`udp-bind ${address}`]);
    })
  ),
  ...OWN.map((address) =>
    on(`a service binds as in the TCP table: ${address}`, (bench) => {
      const socket = bench.bind("service", address);
      assert.equal(socket.local(), address);
      assert.equal(socket.remote(), "invalid-state");
    })
  ),
  ...OWN.map((address) =>
    on(`a component may bind only port 0, else access-denied: ${address}`, (bench) => {
      const socket = bench.create("component", address.startsWith("[") ? "ipv6" : "ipv4");
      assert.equal(socket.startBind(address), "access-denied");
      assert.deepEqual(bench.denials, [`udp-bind ${address}`]);
      assert.equal(socket.finishBind(), "not-in-progress");
      assert.equal(socket.local(), "invalid-state");
      // Role before state.
      assert.equal(socket.startBind(address.replace(":53", ":0")), undefined);
      assert.equal(socket.startBind(address), "access-denied");
    })
  ),
  ...OWN.flatMap((address) =>
    inBothRoles(`bind, port 0: a random free port of 49152-65535: ${address.replace(":53", ":0")}`, (bench, role) => {
      const ports = new Set<number>();
      for (let at = 0; at < 50; at++) {
        const local = bench.bind(role, address.replace(/53$/, "0")).local();
        const port = Number(/\d+$/.exec(local)?.[0]);
        assert.ok(port >= 49152 && port <= 65535, local);
        assert.equal(local, address.replace(/53$/, String(port)));
        ports.add(port);
      }
      assert.equal(ports.size, 50);
    })
  ),
  on("bind, port taken: address-in-use; second bind: invalid-state", (bench) => {
    const first = bench.bind("service", "127.0.0.1:53");
    const second = bench.create("service");
    assert.equal(second.startBind("127.0.0.1:53"), "address-in-use");
    assert.equal(second.startBind("0.0.0.0:53"), "address-in-use");
    assert.equal(second.startBind("127.0.0.2:53"), undefined, "an error from start-bind leaves the socket as it was");
    assert.equal(second.finishBind(), undefined);
    assert.equal(first.startBind("127.0.0.1:54"), "invalid-state");
    assert.equal(first.startBind("[::1]:54"), "invalid-state", "state before arguments");
  }),
  on("a port is held until its socket is dropped, and is free at once then", (bench) => {
    for (let round = 0; round < 3; round++) {
      const { socket, drop } = bench.open("service", "0.0.0.0:53");
      assert.equal(bench.create("service").startBind("127.0.0.9:53"), "address-in-use");
      drop();
      assert.equal(bench.create("service").startBind("127.0.0.9:53"), "address-in-use");
      socket.drop();
    }
    const started = bench.create("service");
    assert.equal(started.startBind("0.0.0.0:53"), undefined);
    started.drop();
    bench.bind("service", "0.0.0.0:53");
  }),
  on("IPv4 and IPv6 are separate, and so are TCP and UDP; no port is privileged", (bench) => {
    bench.bind("service", "0.0.0.0:1");
    bench.bind("service", "[::]:1");
    const tcp = bench.guests.service.createTcpSocket("ipv4");
    assert.ok(typeof tcp === "object");
    assert.equal(tcp.startBind({ address: { family: "ipv4", bytes: [0, 0, 0, 0] }, port: 1 }), undefined);
    assert.equal(bench.network.isListening(1), false);
  }),
  ...inBothRoles(
    "start-bind while another is in progress: concurrency-conflict; finish-bind while none is",
    (bench, role) => {
      const socket = bench.create(role);
      assert.equal(socket.finishBind(), "not-in-progress");
      assert.equal(socket.startBind("127.0.0.1:0"), undefined);
      assert.equal(socket.startBind("127.0.0.1:0"), "concurrency-conflict");
      assert.equal(socket.local(), "invalid-state", "it is not bound yet");
      assert.equal(socket.stream(), "invalid-state");
      assert.equal(socket.finishBind(), undefined);
      assert.equal(socket.finishBind(), "not-in-progress");
      assert.equal(socket.startBind("127.0.0.1:0"), "invalid-state");
    },
  ),
  ...inBothRoles("a socket's pollable is always ready: a bind can be finished", (bench, role) => {
    const socket = bench.create(role);
    assert.equal(socket.isReady(), true);
    socket.startBind("127.0.0.1:0");
    assert.equal(socket.isReady(), true);
    socket.finishBind();
    assert.equal(socket.isReady(), true);
  }),
];

const MIB = 1_048_576n;

const OPTIONS: readonly UdpCase[] = [
  ...inBothRoles("options: stored and returned, in every state; their defaults", (bench, role) => {
    const socket = bench.create(role);
    assert.deepEqual([socket.get("hopLimit"), socket.get("receiveBuffer"), socket.get("sendBuffer")], [
      64n,
      65_536n,
      65_536n,
    ]);
    const other = bench.create(role);
    const change = (hops: bigint): void => {
      for (const [option, value] of [["hopLimit", hops], ["receiveBuffer", 1n], ["sendBuffer", hops]] as const) {
        assert.equal(socket.set(option, value), undefined);
        assert.equal(socket.get(option), value);
      }
    };
    change(1n);
    socket.startBind("127.0.0.1:0");
    change(2n);
    socket.finishBind();
    change(255n);
    assert.equal(other.get("hopLimit"), 64n, "each socket has its own");
  }),
  ...(["hopLimit", "receiveBuffer", "sendBuffer"] as const).map((option) =>
    on(`options: zero is invalid-argument and changes nothing: ${option}`, (bench) => {
      const socket = bench.create("service");
      const before = socket.get(option);
      assert.equal(socket.set(option, 0n), "invalid-argument");
      assert.equal(socket.get(option), before);
    })
  ),
  ...(["receiveBuffer", "sendBuffer"] as const).map((option) =>
    on(`options: too large is clamped: ${option}`, (bench) => {
      const socket = bench.create("component");
      for (const value of [MIB, MIB + 1n, 2n ** 64n - 1n]) {
        assert.equal(socket.set(option, value), undefined);
        assert.equal(socket.get(option), MIB);
      }
    })
  ),
];

export const UDP_BIND_CASES: readonly UdpCase[] = [...CREATE, ...BIND, ...OPTIONS];
