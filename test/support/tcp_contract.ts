// tidy: long because it is the TCP section of network.md, line by line, in one place
/**
 * The TCP section of network.md as cases: each name starts with the line it stands for. They run against the core
 * (`src/network/tcp_socket_test.ts`) and against the host classes (`src/host/sockets/tcp_test.ts`).
 */
import assert from "node:assert/strict";
import { ipv4Address } from "../../src/base/ip_address.ts";
import type { GuestRole } from "../../src/network/access.ts";
import type { DialEgressOptions } from "../../src/network/egress.ts";
import { settle } from "./fake_clock.ts";
import {
  type DrivenInput,
  type DrivenOutput,
  type DrivenSocket,
  expectValue,
  TcpBench,
  type TcpDriver,
  type TcpOption,
} from "./tcp_bench.ts";

export interface TcpCase {
  readonly name: string;
  run(driver: TcpDriver): void | Promise<void>;
}

const ROLES = ["component", "service"] as const satisfies readonly GuestRole[];
const KIB = 1024;
/** One direction's default: 64 KiB of the sender and 64 KiB of the receiver. */
const WINDOW_BYTES = 128 * KIB;
const CONNECT_TIMEOUT_MS = 127_000;

/** A case with its own bench, at whose end nothing may be left. */
function on(name: string, run: (bench: TcpBench) => void | Promise<void>): TcpCase {
  return {
    name,
    async run(driver) {
      const bench = new TcpBench({ driver });
      await run(bench);
      bench.assertIdleAfterRelease();
    },
  };
}

function inBothRoles(name: string, run: (bench: TcpBench, role: GuestRole) => void | Promise<void>): TcpCase[] {
  return ROLES.map((role) => on(`${name} (${role})`, (bench) => run(bench, role)));
}

function readAll(input: DrivenInput): string {
  let all = "";
  for (;;) {
    const text = input.read();
    if (text === "" || text === "closed" || text.startsWith("failed")) return `${all}|${text}`;
    all += text;
  }
}

/** Writes as much as is permitted; how much that was. */
function fill(output: DrivenOutput): number {
  let written = 0;
  for (;;) {
    const permit = output.permit();
    if (typeof permit === "string" || permit === 0) return written;
    assert.equal(output.write("x".repeat(permit)), undefined);
    written += permit;
  }
}

const CREATE: readonly TcpCase[] = [
  ...inBothRoles("create-tcp-socket: allowed", (bench, role) => {
    assert.equal(bench.create(role, "ipv4").family(), "ipv4");
    assert.equal(bench.create(role, "ipv6").family(), "ipv6");
    assert.equal(bench.create(role).isListening(), false);
    assert.deepEqual(bench.denials, []);
  }),
  ...ROLES.map((role): TcpCase => ({
    name: `create-tcp-socket: access-denied only with "net": false (${role})`,
    run(driver) {
      const bench = new TcpBench({ driver, access: "none" });
      assert.equal(bench.tryCreate(role), "access-denied");
      assert.deepEqual(bench.denials, ["create-tcp-socket ipv4"]);
      bench.assertIdle();
      const loopbackOnly = new TcpBench({ driver, access: "loopback" });
      loopbackOnly.create(role);
      loopbackOnly.assertIdleAfterRelease();
    },
  })),
];

const BAD_BINDS: readonly (readonly [string, "ipv4" | "ipv6"])[] = [
  ["[::1]:0", "ipv4"],
  ["127.0.0.1:0", "ipv6"],
  ["224.0.0.1:0", "ipv4"],
  ["[ff02::1]:0", "ipv6"],
  ["255.255.255.255:0", "ipv4"],
  ["[::ffff:127.0.0.1]:0", "ipv6"],
  ["[::7f00:1]:0", "ipv6"],
  ["[::2]:0", "ipv6"],
];

const BIND: readonly TcpCase[] = [
  ...BAD_BINDS.map(([address, family]) =>
    on(
      `start-bind: wrong family, multicast, broadcast, IPv4-mapped or -compatible: ${family} to ${address}`,
      (bench) => {
        assert.equal(bench.create("service", family).startBind(address), "invalid-argument");
        assert.equal(bench.create("component", family).startBind(address), "access-denied");
      },
    )
  ),
  ...["127.0.0.1:7777", "127.1.2.3:7777", "[::1]:7777", "0.0.0.0:7777", "[::]:7777", "10.0.0.1:7777", "127.0.0.1:0"]
    .map(
      (address) =>
        on(`start-bind by a component: access-denied: ${address}`, (bench) => {
          const socket = bench.create("component", address.startsWith("[") ? "ipv6" : "ipv4");
          assert.equal(socket.startBind(address), "access-denied");
          assert.deepEqual(bench.denials, [`tcp-bind ${address}`]);
          assert.equal(socket.finishBind(), "not-in-progress");
          assert.equal(socket.local(), "invalid-state");
        }),
    ),
  ...["127.0.0.1:7777", "127.255.0.9:7777", "[::1]:7777"].map((address) =>
    on(`start-bind to 127.0.0.0/8 or ::1: private loopback: ${address}`, (bench) => {
      const listener = bench.listen(address);
      assert.equal(listener.local(), address);
      const client = bench.connect(address);
      assert.equal(client.socket.remote(), address);
    })
  ),
  ...[
    ["0.0.0.0:7777", ["127.0.0.1:7777", "127.9.9.9:7777"], "[::1]:7777"],
    ["[::]:7777", ["[::1]:7777"], "127.0.0.1:7777"],
  ].map(([wildcard, reached, other]) =>
    on(`start-bind to 0.0.0.0 or ::: every loopback address of that family, no other: ${String(wildcard)}`, (bench) => {
      const listener = bench.listen(String(wildcard));
      assert.equal(listener.local(), wildcard);
      for (const address of reached ?? []) {
        bench.connect(address);
        const accepted = expectValue(listener.accept());
        assert.equal(accepted.socket.local(), address, "an accepted socket's local address is the one dialled");
      }
      assert.equal(bench.dial(String(other)).finishConnect(), "connection-refused");
    })
  ),
  ...["10.0.0.1:80", "0.0.0.1:80", "169.254.1.1:80", "[2001:db8::1]:80", "[fe80::1]:80"].map((address) =>
    on(`start-bind to any other address: address-not-bindable: ${address}`, (bench) => {
      const socket = bench.create("service", address.startsWith("[") ? "ipv6" : "ipv4");
      assert.equal(socket.startBind(address), "address-not-bindable");
      assert.equal(socket.local(), "invalid-state");
    })
  ),
  on("start-bind, port 0: a random free port of 49152-65535 of this workload", (bench) => {
    const ports = new Set<number>();
    for (let at = 0; at < 200; at++) {
      const port = Number(bench.bind("service", "127.0.0.1:0").local().split(":")[1]);
      assert.ok(port >= 49152 && port <= 65535, String(port));
      ports.add(port);
    }
    assert.equal(ports.size, 200);
  }),
  on("start-bind, port taken: address-in-use; second bind: invalid-state", (bench) => {
    const first = bench.bind("service", "127.0.0.1:80");
    const second = bench.create("service");
    assert.equal(second.startBind("127.0.0.1:80"), "address-in-use");
    assert.equal(second.startBind("127.0.0.1:81"), undefined, "an error from start-bind leaves the socket as it was");
    assert.equal(second.finishBind(), undefined);
    assert.equal(first.startBind("127.0.0.1:82"), "invalid-state");
    assert.equal(first.startBind("[::1]:82"), "invalid-state", "state before arguments");
  }),
  on(
    "a port: 127.0.0.1:p and 127.0.0.2:p are two and neither answers for the other; 0.0.0.0:p conflicts with both",
    (bench) => {
      bench.listen("127.0.0.1:80");
      bench.bind("service", "127.0.0.2:80");
      assert.equal(bench.create("service").startBind("0.0.0.0:80"), "address-in-use");
      assert.equal(bench.dial("127.0.0.2:80").finishConnect(), "connection-refused");
      assert.equal(bench.dial("127.0.0.3:80").finishConnect(), "connection-refused");
      bench.bind("service", "0.0.0.0:81");
      assert.equal(bench.create("service").startBind("127.0.0.1:81"), "address-in-use");
    },
  ),
  on("a port: IPv4 and IPv6 are separate, and no port is privileged", (bench) => {
    bench.listen("0.0.0.0:1");
    bench.listen("[::]:1");
    bench.listen("127.0.0.1:65535");
  }),
  on("a port is held until its socket is dropped, a connecting client's too; accepted sockets hold none", (bench) => {
    const { listener, client, server } = bench.pair("127.0.0.1:7777");
    const clientPort = client.socket.local();
    assert.equal(bench.create("service").startBind(clientPort), "address-in-use");
    client.socket.drop();
    bench.bind("service", clientPort);
    listener.drop();
    bench.listen("127.0.0.1:7777");
    assert.equal(server.socket.local(), "127.0.0.1:7777", "the accepted one lives on");
  }),
  on("a port: a failed connect holds it until the drop", (bench) => {
    const socket = bench.bind("service", "127.0.0.1:5000");
    assert.equal(socket.startConnect("127.0.0.1:1"), undefined);
    assert.equal(socket.finishConnect(), "connection-refused");
    assert.equal(bench.create("service").startBind("127.0.0.1:5000"), "address-in-use");
    socket.drop();
    bench.bind("service", "127.0.0.1:5000");
  }),
];

const STATES: readonly TcpCase[] = [
  ...inBothRoles(
    "listen without bind, accept, shutdown and remote-address before connect: invalid-state",
    (bench, role) => {
      const socket = bench.create(role);
      assert.equal(socket.startListen(), "invalid-state");
      assert.equal(socket.accept(), "invalid-state");
      for (const how of ["receive", "send", "both"] as const) assert.equal(socket.shutdown(how), "invalid-state");
      assert.equal(socket.remote(), "invalid-state");
      assert.equal(socket.local(), "invalid-state");
    },
  ),
  on("connect, bind, listen and shutdown after listen: invalid-state", (bench) => {
    const socket = bench.listen("127.0.0.1:80");
    assert.equal(socket.isListening(), true);
    assert.equal(socket.startConnect("127.0.0.1:81"), "invalid-state");
    assert.equal(socket.startConnect("0.0.0.0:0"), "invalid-state", "state before arguments");
    assert.equal(socket.startBind("127.0.0.1:81"), "invalid-state");
    assert.equal(socket.startListen(), "invalid-state");
    assert.equal(socket.shutdown("both"), "invalid-state");
    assert.equal(socket.remote(), "invalid-state");
  }),
  ...inBothRoles("connect, listen and accept after connect: invalid-state", (bench, role) => {
    bench.listen("127.0.0.1:80");
    const { socket } = bench.connect("127.0.0.1:80", role);
    assert.equal(socket.startConnect("127.0.0.1:80"), "invalid-state");
    assert.equal(socket.startListen(), "invalid-state");
    assert.equal(socket.accept(), "invalid-state");
    assert.equal(socket.startBind("127.0.0.1:0"), role === "service" ? "invalid-state" : "access-denied");
    assert.equal(socket.set("backlog", 5n), "invalid-state");
  }),
  ...inBothRoles("start-* while another operation is in progress: concurrency-conflict", (bench, role) => {
    bench.listen("127.0.0.1:80");
    const connecting = bench.dial("127.0.0.1:80", role);
    assert.equal(connecting.startConnect("127.0.0.1:80"), "concurrency-conflict");
    assert.equal(connecting.startListen(), "concurrency-conflict");
    assert.equal(connecting.startBind("127.0.0.1:0"), role === "service" ? "concurrency-conflict" : "access-denied");
    assert.equal(connecting.set("backlog", 5n), "invalid-state");
    if (role === "component") return;
    const binding = bench.create(role);
    assert.equal(binding.startBind("127.0.0.1:0"), undefined);
    assert.equal(binding.startBind("127.0.0.1:0"), "concurrency-conflict");
    assert.equal(binding.startConnect("127.0.0.1:80"), "concurrency-conflict");
    assert.equal(binding.startListen(), "concurrency-conflict");
    assert.equal(binding.local(), "invalid-state", "it is not bound yet");
    const listening = bench.bind(role, "127.0.0.1:0");
    assert.equal(listening.startListen(), undefined);
    assert.equal(listening.startListen(), "concurrency-conflict");
    assert.equal(listening.startConnect("127.0.0.1:80"), "concurrency-conflict");
    assert.equal(listening.isListening(), false);
  }),
  ...inBothRoles("finish-* while none is in progress: not-in-progress", (bench, role) => {
    const socket = bench.create(role);
    assert.equal(socket.finishBind(), "not-in-progress");
    assert.equal(socket.finishConnect(), "not-in-progress");
    assert.equal(socket.finishListen(), "not-in-progress");
    assert.equal(socket.startConnect("127.0.0.1:80"), undefined);
    assert.equal(socket.finishBind(), "not-in-progress");
    assert.equal(socket.finishListen(), "not-in-progress");
    assert.equal(socket.finishConnect(), "connection-refused");
    assert.equal(socket.finishConnect(), "not-in-progress", "an error from finish-connect leaves it closed");
    assert.equal(socket.startConnect("127.0.0.1:80"), "invalid-state");
    assert.equal(socket.startListen(), "invalid-state");
    assert.equal(socket.shutdown("both"), "invalid-state");
  }),
  on("a bound socket: finish-bind twice and finish-listen twice: not-in-progress", (bench) => {
    const socket = bench.listen("127.0.0.1:80");
    assert.equal(socket.finishBind(), "not-in-progress");
    assert.equal(socket.finishListen(), "not-in-progress");
  }),
];

const BAD_REMOTES: readonly (readonly [string, "ipv4" | "ipv6"])[] = [
  ["0.0.0.0:80", "ipv4"],
  ["[::]:80", "ipv6"],
  ["127.0.0.1:0", "ipv4"],
  ["8.8.8.8:0", "ipv4"],
  ["[::ffff:127.0.0.1]:80", "ipv6"],
  ["[::ffff:8.8.8.8]:80", "ipv6"],
  ["[::7f00:1]:80", "ipv6"],
  ["[::808:808]:80", "ipv6"],
  ["[::1]:80", "ipv4"],
  ["127.0.0.1:80", "ipv6"],
  ["224.0.0.1:80", "ipv4"],
  ["[ff02::1]:80", "ipv6"],
  ["255.255.255.255:80", "ipv4"],
];

const CONNECT: readonly TcpCase[] = [
  ...BAD_REMOTES.flatMap(([address, family]) =>
    inBothRoles(
      `start-connect to 0.0.0.0, ::, port 0, IPv4-mapped ...: invalid-argument: ${family} to ${address}`,
      (bench, role) => {
        const socket = bench.create(role, family);
        assert.equal(socket.startConnect(address), "invalid-argument");
        assert.deepEqual(bench.denials, [], "arguments before policy");
        const good = family === "ipv4" ? "127.0.0.1:80" : "[::1]:80";
        assert.equal(socket.startConnect(good), undefined, "an error from start-connect leaves the socket as it was");
      },
    )
  ),
  ...inBothRoles("start-connect, something listens: connected once it is queued, before accept", (bench, role) => {
    const listener = bench.listen("127.0.0.1:80");
    const client = bench.connect("127.0.0.1:80", role);
    assert.equal(client.output.write("early"), undefined);
    const server = expectValue(listener.accept());
    assert.equal(readAll(server.input), "early|");
    assert.equal(server.socket.remote(), client.socket.local());
    assert.equal(server.socket.local(), client.socket.remote());
  }),
  ...inBothRoles(
    "start-connect, nothing listens, or bound but not listening: connection-refused from finish-connect",
    (bench, role) => {
      assert.equal(bench.dial("127.0.0.1:80", role).finishConnect(), "connection-refused");
      assert.equal(bench.dial("[::1]:80", role).finishConnect(), "connection-refused");
      const bound = bench.bind("service", "127.0.0.1:80");
      assert.equal(bench.dial("127.0.0.1:80", role).finishConnect(), "connection-refused");
      assert.equal(bound.startListen(), undefined);
      assert.equal(bench.dial("127.0.0.1:80", role).finishConnect(), "connection-refused", "not before finish-listen");
      if (role === "service") {
        const own = bench.bind(role, "127.0.0.1:81");
        assert.equal(own.startConnect("127.0.0.1:81"), undefined);
        assert.equal(own.finishConnect(), "connection-refused", "its own port");
      }
    },
  ),
  ...inBothRoles("start-connect, backlog full: waits for room", async (bench, role) => {
    const listener = bench.listen("127.0.0.1:80", 2);
    bench.connect("127.0.0.1:80", role);
    bench.connect("127.0.0.1:80", role);
    const third = bench.dial("127.0.0.1:80", role);
    const fourth = bench.dial("127.0.0.1:80", role);
    assert.equal(third.finishConnect(), "would-block");
    assert.equal(third.isReady(), false);
    await bench.clock.advanceMs(CONNECT_TIMEOUT_MS - 1);
    assert.equal(third.isReady(), false);
    const ready = third.whenReady();
    expectValue(listener.accept());
    await ready;
    assert.equal(third.isReady(), true);
    assert.equal(fourth.isReady(), false, "in the order of arrival");
    expectValue(third.finishConnect());
    await bench.clock.advanceMs(1);
    assert.equal(fourth.isReady(), true);
    assert.equal(fourth.finishConnect(), "timeout");
  }),
  on("start-connect, backlog full: a waiting client that is dropped leaves the line", (bench) => {
    const listener = bench.listen("127.0.0.1:80", 1);
    bench.connect("127.0.0.1:80");
    const gone = bench.dial("127.0.0.1:80");
    const next = bench.dial("127.0.0.1:80");
    gone.drop();
    expectValue(listener.accept());
    expectValue(next.finishConnect());
    expectValue(listener.accept());
    assert.equal(listener.accept(), "would-block");
  }),
  on("a client without a loopback address of its own connects from 127.0.0.1 or ::1", (bench) => {
    bench.listen("0.0.0.0:80");
    bench.listen("[::]:80");
    assert.match(bench.connect("127.0.0.9:80").socket.local(), /^127\.0\.0\.1:\d+$/);
    assert.match(bench.connect("[::1]:80").socket.local(), /^\[::1\]:\d+$/);
    const wildcard = bench.bind("service", "0.0.0.0:5000");
    assert.equal(wildcard.startConnect("127.0.0.1:80"), undefined);
    expectValue(wildcard.finishConnect());
    assert.equal(wildcard.local(), "127.0.0.1:5000");
    const own = bench.bind("service", "127.3.3.3:5001");
    assert.equal(own.startConnect("127.0.0.1:80"), undefined);
    expectValue(own.finishConnect());
    assert.equal(own.local(), "127.3.3.3:5001");
  }),
];

const OUTSIDE: readonly TcpCase[] = [
  ...inBothRoles(
    "start-connect to anything else, denied: access-denied at start-connect, before any packet",
    async (bench, role) => {
      const socket = bench.create(role);
      assert.equal(socket.startConnect("192.0.2.1:443"), "access-denied");
      assert.equal(socket.startConnect("192.0.2.1:443"), "access-denied");
      assert.deepEqual(bench.denials, ["tcp-connect 192.0.2.1:443"], "repeats within 10 s are one");
      await bench.clock.advanceMs(10_000);
      assert.equal(socket.startConnect("192.0.2.1:443"), "access-denied");
      assert.equal(bench.denials.length, 2);
      assert.equal(socket.startConnect("127.0.0.1:80"), undefined, "the socket is as it was");
    },
  ),
  ...ROLES.map((role): TcpCase => ({
    name: `start-connect to anything else, allowed (${role})`,
    run(driver) {
      const dialled: DialEgressOptions[] = [];
      const bench = new TcpBench({
        driver,
        egress: {
          allowed: ["192.0.2.1:443"],
          dial(options) {
            dialled.push(options);
            let outcome: "timeout" | undefined;
            queueMicrotask(() => {
              outcome = "timeout";
              options.onOutcome();
            });
            return { outcome: () => outcome, abandon: () => options.onReleased(), revoke: () => {} };
          },
        },
      });
      const socket = bench.create(role);
      assert.equal(socket.startConnect("192.0.2.2:443"), "access-denied");
      assert.equal(socket.startConnect("192.0.2.1:443"), undefined);
      assert.deepEqual(dialled.map(({ remote }) => remote), [{ address: ipv4Address(192, 0, 2, 1), port: 443 }]);
      assert.equal(socket.isReady(), false);
      assert.equal(socket.finishConnect(), "would-block");
      assert.equal(socket.local(), "invalid-state");
      return socket.whenReady().then(() => {
        assert.equal(socket.finishConnect(), "timeout");
        bench.assertIdleAfterRelease();
      });
    },
  })),
  ...["127.0.0.1:5000", "0.0.0.0:5000"].map((local): TcpCase => ({
    name: `start-connect, allowed, but the socket is bound to a loopback address: remote-unreachable: ${local}`,
    run(driver) {
      const dial = (): never => assert.fail("nothing may be dialled");
      const bench = new TcpBench({ driver, egress: { allowed: ["192.0.2.1:443"], dial } });
      const socket = bench.bind("service", local);
      assert.equal(socket.startConnect("192.0.2.1:443"), "remote-unreachable");
      assert.equal(socket.startConnect("192.0.2.2:443"), "access-denied", "policy first");
      assert.equal(socket.local(), local);
      bench.assertIdleAfterRelease();
    },
  })),
];

const BACKLOG: readonly TcpCase[] = [
  on("backlog: 128 by default", (bench) => {
    bench.listen("127.0.0.1:80");
    for (let at = 0; at < 128; at++) bench.connect("127.0.0.1:80");
    assert.equal(bench.dial("127.0.0.1:80").finishConnect(), "would-block");
  }),
  on("backlog: 0 is invalid-argument, too many are clamped to 1,024, and it can grow while listening", (bench) => {
    const listener = bench.listen("127.0.0.1:80", 1);
    assert.equal(listener.set("backlog", 0n), "invalid-argument");
    bench.connect("127.0.0.1:80");
    const waiting = bench.dial("127.0.0.1:80");
    assert.equal(waiting.isReady(), false);
    assert.equal(listener.set("backlog", 2n ** 64n - 1n), undefined);
    expectValue(waiting.finishConnect());
    for (let at = 2; at < 1024; at++) bench.connect("127.0.0.1:80");
    assert.equal(bench.dial("127.0.0.1:80", "service").finishConnect(), "would-block");
  }),
  on("dropping a listener resets what it has not accepted and refuses what waits for room", async (bench) => {
    const listener = bench.listen("127.0.0.1:80", 1);
    const queued = bench.connect("127.0.0.1:80");
    const waiting = bench.dial("127.0.0.1:80");
    const ready = waiting.whenReady();
    listener.drop();
    await ready;
    assert.equal(waiting.finishConnect(), "connection-refused");
    assert.equal(readAll(queued.input), "|failed: connection-reset");
    assert.equal(queued.input.read(), "closed");
    assert.equal(queued.output.permit(), "closed");
    assert.equal(bench.dial("127.0.0.1:80").finishConnect(), "connection-refused");
  }),
  on("accept with an empty queue is would-block", (bench) => {
    const listener = bench.listen("127.0.0.1:80");
    assert.equal(listener.accept(), "would-block");
    bench.connect("127.0.0.1:80");
    expectValue(listener.accept());
    assert.equal(listener.accept(), "would-block");
  }),
  ...(["close", "reset"] as const).map((how) =>
    on(
      `a connection that its client ended while queued is still accepted: data first, then the end: ${how}`,
      (bench) => {
        const listener = bench.listen("127.0.0.1:80");
        const client = bench.connect("127.0.0.1:80");
        const address = client.socket.local();
        client.output.write("last words");
        bench.guests.component.release(how);
        assert.equal(listener.isReady(), true);
        const server = expectValue(listener.accept());
        assert.equal(server.socket.remote(), address, "an accepted socket always knows both its addresses");
        assert.equal(server.socket.local(), "127.0.0.1:80");
        assert.equal(
          readAll(server.input),
          how === "close" ? "last words|closed" : "last words|failed: connection-reset",
        );
        assert.equal(server.output.permit(), "closed");
      },
    )
  ),
];

const READINESS: readonly TcpCase[] = [
  on("readiness: unbound, bind and listen in progress, bound, connected, closed: always", (bench) => {
    const socket = bench.create("service");
    const isReady = (state: string): void => assert.equal(socket.isReady(), true, state);
    isReady("unbound");
    socket.startBind("127.0.0.1:80");
    isReady("bind in progress");
    socket.finishBind();
    isReady("bound");
    socket.startListen();
    isReady("listen in progress");
    const closed = bench.dial("127.0.0.1:1");
    assert.equal(closed.isReady(), true, "connect in progress, refused");
    closed.finishConnect();
    assert.equal(closed.isReady(), true, "closed");
  }),
  on(
    "readiness: a listener's when the queue is not empty, one wait for each accept, no spurious wake-up",
    async (bench) => {
      const listener = bench.listen("127.0.0.1:80");
      let wakeUps = 0;
      for (let round = 1; round <= 3; round++) {
        assert.equal(listener.isReady(), false);
        const ready = listener.whenReady().then(() => wakeUps++);
        await settle();
        assert.equal(wakeUps, round - 1);
        bench.connect("127.0.0.1:80");
        await ready;
        assert.equal(wakeUps, round);
        expectValue(listener.accept());
      }
      assert.equal(listener.accept(), "would-block");
      assert.equal(listener.isReady(), false);
    },
  ),
  on("readiness: streams, when a read or a write would make progress", (bench) => {
    const { client, server } = bench.pair();
    assert.equal(server.input.isReady(), false);
    assert.equal(client.output.isReady(), true);
    assert.equal(fill(client.output), WINDOW_BYTES);
    assert.equal(client.output.isReady(), false);
    assert.equal(server.input.isReady(), true);
    server.input.read(1);
    assert.equal(client.output.isReady(), true);
    assert.equal(client.output.permit(), 1);
    assert.equal(client.socket.isReady(), true);
    assert.equal(server.socket.isReady(), true);
  }),
];

const WINDOW: readonly TcpCase[] = [
  on(
    "in flight: the sender's send-buffer-size plus the receiver's receive-buffer-size; check-write permits the rest",
    (bench) => {
      const { client, server } = bench.pair();
      assert.equal(client.output.permit(), WINDOW_BYTES);
      client.output.write("x".repeat(1000));
      assert.equal(client.output.permit(), WINDOW_BYTES - 1000);
      assert.equal(server.output.permit(), WINDOW_BYTES, "the other direction has its own");
      assert.equal(client.socket.set("sendBuffer", 1000n), undefined);
      assert.equal(server.socket.set("receiveBuffer", 500n), undefined);
      assert.equal(client.output.permit(), 500);
      assert.equal(client.socket.set("sendBuffer", 2n ** 40n), undefined);
      assert.equal(client.output.permit(), KIB * KIB + 500 - 1000);
      assert.equal(readAll(server.input), `${"x".repeat(1000)}|`);
    },
  ),
  on("in flight: until accept the listener's receive-buffer-size counts", (bench) => {
    const listener = bench.listen("127.0.0.1:80");
    assert.equal(listener.set("receiveBuffer", 10n), undefined);
    const client = bench.connect("127.0.0.1:80");
    assert.equal(client.output.permit(), 64 * KIB + 10);
    const server = expectValue(listener.accept());
    assert.equal(listener.set("receiveBuffer", 20n), undefined);
    assert.equal(client.output.permit(), 64 * KIB + 10, "the accepted socket is independent");
    server.socket.set("receiveBuffer", 30n);
    assert.equal(client.output.permit(), 64 * KIB + 30);
  }),
  on("in flight: a larger buffer wakes a writer", (bench) => {
    const { client } = bench.pair();
    fill(client.output);
    assert.equal(client.output.isReady(), false);
    client.socket.set("sendBuffer", BigInt(65 * KIB));
    assert.equal(client.output.isReady(), true);
    assert.equal(client.output.permit(), KIB);
  }),
  on("in flight: a permitted write is never lost to a later shutdown by its writer", (bench) => {
    const { client, server } = bench.pair();
    fill(client.output);
    assert.equal(client.socket.shutdown("send"), undefined);
    assert.equal(readAll(server.input), `${"x".repeat(WINDOW_BYTES)}|closed`);
  }),
  on("in flight: a permitted write is never lost to a later drop by its writer", (bench) => {
    const { client, server } = bench.pair();
    fill(client.output);
    client.socket.drop();
    client.output.drop();
    client.input.drop();
    assert.equal(readAll(server.input), `${"x".repeat(WINDOW_BYTES)}|closed`);
  }),
];

const SHUTDOWN: readonly TcpCase[] = [
  ...inBothRoles(
    "shutdown(send): the own output is closed; the peer reads what is queued, then closed",
    (bench, role) => {
      const { client, server } = bench.pair();
      const [own, peer] = role === "component" ? [client, server] : [server, client];
      own.output.write("all of it");
      assert.equal(own.socket.shutdown("send"), undefined);
      assert.equal(own.output.permit(), "closed");
      assert.equal(own.output.isReady(), true);
      assert.equal(readAll(peer.input), "all of it|closed");
      assert.equal(peer.input.read(), "closed");
      assert.equal(peer.output.write("still"), undefined, "the other way is open");
      assert.equal(readAll(own.input), "still|");
      assert.equal(own.socket.shutdown("send"), undefined, "idempotent");
    },
  ),
  ...inBothRoles(
    "shutdown(receive): the own input is closed, data is discarded, the peer's writes go on succeeding",
    (bench, role) => {
      const { client, server } = bench.pair();
      const [own, peer] = role === "component" ? [client, server] : [server, client];
      fill(peer.output);
      assert.equal(peer.output.isReady(), false);
      assert.equal(own.socket.shutdown("receive"), undefined);
      assert.equal(own.input.read(), "closed");
      assert.equal(bench.network.usage.bytes, 0, "what was queued is gone");
      for (let round = 0; round < 5; round++) {
        assert.equal(peer.output.permit(), WINDOW_BYTES);
        assert.equal(peer.output.write("x".repeat(WINDOW_BYTES)), undefined);
      }
      assert.equal(bench.network.usage.bytes, 0);
      assert.equal(own.output.write("still"), undefined);
      assert.equal(readAll(peer.input), "still|");
    },
  ),
  ...[["both"], ["send", "receive"], ["receive", "send"]].map((ways) =>
    on(`once both ways are shut the peer's writes are closed: ${ways.join(", then ")}`, (bench) => {
      const { client, server } = bench.pair();
      client.output.write("last");
      for (const how of ways) assert.equal(client.socket.shutdown(how as "both"), undefined);
      assert.equal(server.output.permit(), "closed");
      assert.equal(client.input.read(), "closed");
      assert.equal(client.output.permit(), "closed");
      assert.equal(readAll(server.input), "last|closed");
      assert.equal(client.socket.shutdown("both"), undefined);
    })
  ),
  ...([["socket", "input"], ["socket", "output"], ["input", "output"]] as const).map((dropped) =>
    on(`fewer of the three change nothing: ${dropped.join(" and ")} dropped`, (bench) => {
      const { client, server } = bench.pair();
      const drops = {
        socket: () => client.socket.drop(),
        input: () => client.input.drop(),
        output: () => client.output.drop(),
      };
      for (const handle of dropped) drops[handle]();
      assert.equal(server.input.read(), "", "no end is read");
      assert.equal(server.output.write("into the queue"), undefined);
      assert.equal(fill(server.output), WINDOW_BYTES - "into the queue".length, "the window stays");
      for (const handle of ["socket", "input", "output"] as const) {
        if (!dropped.includes(handle as never)) drops[handle]();
      }
      assert.equal(server.input.read(), "closed");
      assert.equal(server.output.permit(), "closed");
      assert.equal(bench.network.usage.bytes, 0);
    })
  ),
  on("the socket and both streams are dropped, before accept: the peer's writes are closed", (bench) => {
    const listener = bench.listen("127.0.0.1:80");
    const client = bench.connect("127.0.0.1:80");
    client.output.write("hello");
    for (const part of [client.input, client.socket, client.output]) part.drop();
    const server = expectValue(listener.accept());
    assert.equal(readAll(server.input), "hello|closed");
    assert.equal(server.output.permit(), "closed");
  }),
  on("a connect that is dropped before finish-connect closes", (bench) => {
    const listener = bench.listen("127.0.0.1:80");
    bench.dial("127.0.0.1:80").drop();
    const server = expectValue(listener.accept());
    assert.equal(readAll(server.input), "|closed");
  }),
];

const ENDS: readonly TcpCase[] = [
  ...inBothRoles("a guest that returns or exits closes like a drop", (bench, role) => {
    const { client, server } = bench.pair();
    const [own, peer] = role === "component" ? [client, server] : [server, client];
    own.output.write("answer");
    bench.guests[role].release("close");
    assert.equal(readAll(peer.input), "answer|closed");
    assert.equal(peer.output.permit(), "closed");
    assert.equal(own.input.read(), "closed", "its own handles are dead");
    assert.equal(own.output.permit(), "closed");
  }),
  ...inBothRoles(
    "a trapped or killed guest resets: what is queued, once connection-reset, then closed",
    (bench, role) => {
      const { client, server } = bench.pair();
      const [own, peer] = role === "component" ? [client, server] : [server, client];
      own.output.write("half an ans");
      bench.guests[role].release("reset");
      assert.equal(peer.input.isReady(), true);
      assert.equal(readAll(peer.input), "half an ans|failed: connection-reset");
      assert.equal(peer.input.read(), "closed");
      assert.equal(peer.output.permit(), "closed");
    },
  ),
  on("a reset: a writer that asks first is told once, and the reader still is", (bench) => {
    const { client, server } = bench.pair();
    client.output.write("half");
    bench.guests.component.release("reset");
    assert.equal(server.output.isReady(), true);
    assert.equal(server.output.permit(), "failed: connection-reset");
    assert.equal(server.output.permit(), "closed");
    assert.equal(readAll(server.input), "half|failed: connection-reset");
  }),
  on("a reset after shutdown(send): the answer was whole", (bench) => {
    const { client, server } = bench.pair();
    server.output.write("whole");
    server.socket.shutdown("send");
    bench.guests.service.release("reset");
    assert.equal(readAll(client.input), "whole|closed");
    assert.equal(client.output.permit(), "closed");
  }),
  ...(["close", "reset"] as const).map((how) =>
    on(
      `everything of an instance is released when it ends, and a restarted service binds its port at once: ${how}`,
      async (bench) => {
        const { server } = bench.pair("127.0.0.1:7777");
        fill(server.output);
        bench.create("service").startBind("127.0.0.1:0");
        const full = bench.listen("127.0.0.1:81", 1);
        bench.connect("127.0.0.1:81", "service");
        bench.dial("127.0.0.1:81", "service");
        assert.equal(full.isReady(), true);
        bench.guests.service.release(how);
        assert.equal(bench.guests.service.openSockets, 0);
        bench.listen("127.0.0.1:7777");
        bench.connect("127.0.0.1:7777");
        bench.guests.component.release(how);
        bench.guests.service.release(how);
        bench.assertIdle();
        await settle();
      },
    )
  ),
];

const OPTION_BOUNDS:
  readonly (readonly [Exclude<TcpOption, "backlog" | "keepAliveEnabled">, bigint, bigint, bigint])[] = [
    // option, default, a huge value, what is stored of it
    ["keepAliveIdle", 7_200_000_000_000n, 2n ** 63n, 32_767_000_000_000n],
    ["keepAliveInterval", 75_000_000_000n, 2n ** 63n, 32_767_000_000_000n],
    ["keepAliveCount", 9n, 4_294_967_295n, 127n],
    ["hopLimit", 64n, 255n, 255n],
    ["receiveBuffer", 65_536n, 2n ** 64n - 1n, 1_048_576n],
    ["sendBuffer", 65_536n, 2n ** 64n - 1n, 1_048_576n],
  ];

const OPTIONS: readonly TcpCase[] = [
  ...OPTION_BOUNDS.flatMap(([option, initial, huge, stored]) =>
    inBothRoles(
      `options are stored and returned; zero is invalid-argument, too large is clamped: ${option}`,
      (bench, role) => {
        const socket = bench.create(role);
        assert.equal(socket.get(option), initial);
        assert.equal(socket.set(option, 0n), "invalid-argument");
        assert.equal(socket.get(option), initial);
        assert.equal(socket.set(option, 1n), undefined);
        assert.equal(socket.get(option), 1n);
        assert.equal(socket.set(option, huge), undefined);
        assert.equal(socket.get(option), stored);
      },
    )
  ),
  on("an accepted socket copies the listener's options at accept and is then independent", (bench) => {
    const listener = bench.listen("127.0.0.1:80");
    bench.connect("127.0.0.1:80");
    const values = { keepAliveEnabled: 1n, hopLimit: 9n, keepAliveCount: 3n, sendBuffer: 7n, keepAliveIdle: 5n };
    const set = (socket: DrivenSocket, change: bigint): void => {
      for (const [option, value] of Object.entries(values)) {
        assert.equal(
          socket.set(option as TcpOption, option === "keepAliveEnabled" ? value - change : value + change),
          undefined,
        );
      }
    };
    const get = (socket: DrivenSocket): bigint[] =>
      Object.keys(values).map((option) => socket.get(option as "hopLimit"));
    set(listener, 0n);
    const { socket } = expectValue(listener.accept());
    assert.deepEqual(get(socket), Object.values(values));
    set(listener, 1n);
    assert.deepEqual(get(socket), Object.values(values));
    socket.set("hopLimit", 77n);
    assert.equal(listener.get("hopLimit"), 10n);
  }),
];

const LIMITS: readonly TcpCase[] = [
  on("1,024 open sockets for the service and 1,024 for its components; accepted ones aside", (bench) => {
    const { server, listener } = bench.pair();
    const kept: DrivenSocket[] = [];
    for (let at = 1; at < 1024; at++) kept.push(bench.create("component"), bench.create("service"));
    for (const role of ROLES) assert.equal(bench.tryCreate(role), "new-socket-limit");
    kept[0]?.drop();
    const client = bench.dial("127.0.0.1:7777");
    expectValue(client.finishConnect());
    expectValue(listener.accept());
    assert.equal(bench.tryCreate("component"), "new-socket-limit");
    assert.equal(bench.tryCreate("service"), "new-socket-limit", "an accepted socket neither counts nor frees a place");
    server.socket.drop();
    server.input.drop();
    server.output.drop();
    assert.equal(bench.tryCreate("service"), "new-socket-limit");
  }),
  on("a dropped socket counts while its streams live", (bench) => {
    const { client } = bench.pair();
    client.socket.drop();
    assert.equal(bench.guests.component.openSockets, 1);
    client.input.drop();
    client.output.drop();
    assert.equal(bench.guests.component.openSockets, 0);
  }),
  on(
    "1,024 loopback connections: connect waits as for a full backlog; accept never fails for a limit",
    async (bench) => {
      const listener = bench.listen("127.0.0.1:80", 1024);
      const other = bench.listen("127.0.0.1:81", 1024);
      const first = bench.connect("127.0.0.1:80");
      for (let at = 1; at < 1000; at++) bench.connect("127.0.0.1:80");
      for (let at = 1000; at < 1024; at++) bench.connect("127.0.0.1:80", "service");
      const waiting = bench.dial("127.0.0.1:81");
      assert.equal(waiting.finishConnect(), "would-block");
      const server = expectValue(listener.accept());
      assert.equal(waiting.isReady(), false, "an accepted one still counts");
      for (const part of [first.socket, first.input, first.output, server.socket, server.input]) part.drop();
      assert.equal(waiting.isReady(), false);
      const ready = waiting.whenReady();
      server.output.drop();
      await ready;
      expectValue(waiting.finishConnect());
      expectValue(other.accept());
    },
  ),
  on("64 MiB in flight on the loopback: writers wait, and go on when somebody reads", (bench) => {
    const listener = bench.listen("127.0.0.1:80", 1024);
    const clients = Array.from({ length: 520 }, () => bench.connect("127.0.0.1:80"));
    let inFlight = 0;
    for (const client of clients) inFlight += fill(client.output);
    assert.equal(inFlight, 64 * KIB * KIB);
    const stuck = clients.at(-1)?.output;
    assert.equal(stuck?.isReady(), false);
    const server = expectValue(listener.accept());
    assert.equal(server.input.read(10).length, 10);
    assert.equal(stuck?.isReady(), true);
    assert.equal(stuck?.permit(), 10);
  }),
];

/** Everything that network.md says about TCP on the loopback and before egress. */
export const TCP_CONTRACT: readonly TcpCase[] = [
  ...CREATE,
  ...BIND,
  ...STATES,
  ...CONNECT,
  ...OUTSIDE,
  ...BACKLOG,
  ...READINESS,
  ...WINDOW,
  ...SHUTDOWN,
  ...ENDS,
  ...OPTIONS,
  ...LIMITS,
];
