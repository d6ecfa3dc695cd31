/**
 * UDP to the outside, against real sockets on the machine's loopback (which no policy would ever allow: the way out is
 * called directly). Everything runs one after the other, on Node and on Deno.
 */
import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { LOOPBACK_V4, LOOPBACK_V6, parseIpAddress, type SocketAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import type { EgressUdp, OpenUdpOptions } from "../../src/network/egress.ts";
import { openEgressUdp } from "../../src/network/egress_udp.ts";
import { DATAGRAM_COST_BYTES } from "../../src/network/udp_datagram.ts";
import { SocketOptions } from "../../src/network/socket_options.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** Deno only remembers whom a UDP socket is connected to, so the system reports no refusal to it. */
const IS_REFUSAL_TOLD = !("Deno" in globalThis);

interface Opened {
  readonly egress: EgressUdp;
  readonly heard: string[];
  readonly failures: string[];
  readonly released: Promise<void>;
  /** Resolves when `isTrue` is. */
  readonly until: (isTrue: () => boolean) => Promise<void>;
}

interface Bench {
  readonly address: SocketAddress;
  readonly counters: LiveCounters;
  readonly options: SocketOptions;
  readonly server: Socket;
  /** What the server got next, and from whom. */
  readonly received: () => Promise<{ readonly text: string; readonly from: RemoteInfo }>;
  readonly open: (change?: Partial<OpenUdpOptions>) => Opened;
}

async function bound(host: string): Promise<Socket> {
  const socket = createSocket(host === "::1" ? "udp6" : "udp4");
  socket.bind(0, host);
  await once(socket, "listening");
  return socket;
}

/** Runs with a server that answers nothing by itself; afterwards everything is closed and counted down. */
async function withServer(run: (bench: Bench) => Promise<void>, host = "127.0.0.1"): Promise<void> {
  const server = await bound(host);
  const arrived: { text: string; from: RemoteInfo }[] = [];
  const arrivals: (() => void)[] = [];
  server.on("message", (data, from) => {
    arrived.push({ text: data.toString("latin1"), from });
    arrivals.shift()?.();
  });
  const counters = new LiveCounters();
  const options = new SocketOptions();
  const address = { address: host === "::1" ? LOOPBACK_V6 : LOOPBACK_V4, port: server.address().port };
  const releases: Promise<void>[] = [];
  const open: Bench["open"] = (change = {}) => {
    const { promise: released, resolve: onReleased } = Promise.withResolvers<void>();
    releases.push(released);
    const [heard, failures]: [string[], string[]] = [[], []];
    const watchers = new Set<() => void>();
    const changed = (): void => {
      for (const watch of watchers) watch();
    };
    const egress = openEgressUdp({
      remote: address,
      options,
      clock: systemClock,
      counters,
      onDatagram: (data) => {
        heard.push(new TextDecoder("latin1").decode(data));
        changed();
      },
      onFailed: (code) => {
        failures.push(code);
        changed();
      },
      onSent: changed,
      onReleased,
      ...change,
    });
    const until = (isTrue: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!isTrue()) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      });
    return { egress, heard, failures, released, until };
  };
  const received: Bench["received"] = async () => {
    if (arrived.length === 0) await new Promise<void>((resolve) => arrivals.push(resolve));
    return arrived.shift() ?? assert.fail("a datagram");
  };
  try {
    await run({ address, counters, options, server, received, open });
    await Promise.all(releases);
    assert.deepEqual([counters.get("egressConnections"), counters.get("timers")], [0, 0]);
  } finally {
    server.close();
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

for (const host of ["127.0.0.1", "::1"]) {
  test(`egress UDP: datagrams both ways, whole and in order, from the first on: ${host}`, async () => {
    await withServer(async ({ server, received, open }) => {
      const { egress, heard, until } = open();
      const data = bytes("one");
      egress.send(data);
      data.fill(0);
      for (const text of ["", "three", "x".repeat(9000), "five"]) egress.send(bytes(text));
      const all = [];
      for (let at = 0; at < 5; at++) all.push(await received());
      assert.deepEqual(all.map(({ text }) => text), ["one", "", "three", "x".repeat(9000), "five"]);
      const [first] = all;
      assert.ok(first !== undefined);
      assert.ok(all.every(({ from }) => from.port === first.from.port), "one socket for one peer");
      for (const text of ["a", "", "c"]) {
        await new Promise((resolve) => server.send(bytes(text), first.from.port, host, resolve));
      }
      await until(() => heard.length === 3);
      assert.deepEqual(heard, ["a", "", "c"]);
      egress.end("close");
    }, host);
  });
}

test("egress UDP: nobody else can answer", async () => {
  await withServer(async ({ server, received, open }) => {
    const { egress, heard, until } = open();
    egress.send(bytes("hello"));
    const { from } = await received();
    // The same address and another port, then another address and the same port where the machine has one.
    const stranger = await bound("127.0.0.1");
    const neighbour = createSocket("udp4");
    neighbour.bind(server.address().port, "127.0.0.2");
    await once(neighbour, "listening");
    for (const socket of [stranger, neighbour]) {
      await new Promise((resolve) => socket.send(bytes("evil"), from.port, "127.0.0.1", resolve));
    }
    await new Promise((resolve) => server.send(bytes("good"), from.port, "127.0.0.1", resolve));
    await until(() => heard.length > 0);
    assert.deepEqual(heard, ["good"]);
    stranger.close();
    neighbour.close();
    egress.end("reset");
  });
});

test("egress UDP: unsent bytes are counted until the system has them", async () => {
  await withServer(async ({ received, open }) => {
    const { egress, until } = open();
    assert.equal(egress.unsentBytes, 0);
    egress.send(bytes("12345"));
    egress.send(bytes(""));
    assert.equal(egress.unsentBytes, 5 + 2 * DATAGRAM_COST_BYTES);
    await until(() => egress.unsentBytes === 0);
    await received();
    egress.end("close");
  });
});

test("egress UDP: what was handed over leaves after a close, at once or while it connects", async () => {
  await withServer(async ({ received, open }) => {
    for (let round = 0; round < 5; round++) {
      const { egress, released } = open();
      for (let at = 0; at < 10; at++) egress.send(bytes(`${round}.${at}`));
      egress.end("close");
      egress.end("close");
      egress.send(bytes("too late"));
      for (let at = 0; at < 10; at++) assert.equal((await received()).text, `${round}.${at}`);
      await released;
    }
  });
});

test("egress UDP: given up while it connects", async () => {
  await withServer(async ({ open }) => {
    for (const how of ["close", "reset"] as const) {
      const { egress, released, failures } = open();
      if (how === "reset") egress.send(bytes("dropped"));
      egress.end(how);
      assert.equal(egress.unsentBytes, 0);
      await released;
      assert.deepEqual(failures, []);
    }
  });
});

test("egress UDP: a reset drops what lingers, and so does time", async () => {
  await withServer(async ({ open }) => {
    const clock = new FakeClock();
    const first = open({ clock });
    first.egress.send(bytes("dropped"));
    first.egress.end("close");
    assert.equal(clock.timersArmed, 1);
    first.egress.end("reset");
    await first.released;
    const second = open({ clock });
    second.egress.send(bytes("dropped"));
    second.egress.end("close");
    await clock.advanceMs(5_000);
    await second.released;
    assert.equal(clock.timersArmed, 0);
  });
});

test("egress UDP: too large for the system is told, and the next one is sent", async () => {
  await withServer(async ({ received, open }) => {
    const { egress, failures } = open();
    egress.send(new Uint8Array(65_508));
    egress.send(bytes("fits"));
    assert.equal((await received()).text, "fits");
    assert.deepEqual(failures, ["datagram-too-large"]);
    egress.end("close");
  });
});

test("egress UDP: the hop limit can change before and after it is connected", async () => {
  await withServer(async ({ options, received, open }) => {
    options.setHopLimit(3);
    const { egress, failures } = open();
    egress.optionsChanged();
    egress.send(bytes("a"));
    await received();
    options.setHopLimit(255);
    egress.optionsChanged();
    egress.send(bytes("b"));
    await received();
    egress.end("close");
    egress.optionsChanged();
    assert.deepEqual(failures, []);
  });
});

test("egress UDP: refused by the peer's machine, where the runtime tells it; the socket goes on", async () => {
  await withServer(async ({ address, open, received }) => {
    const gone = await bound("127.0.0.1");
    const { port } = gone.address();
    gone.close();
    await once(gone, "close");
    const { egress, failures, until } = open({ remote: { ...address, port } });
    egress.send(bytes("anybody?"));
    if (IS_REFUSAL_TOLD) await until(() => failures.length > 0);
    else await until(() => egress.unsentBytes === 0);
    assert.deepEqual(failures, IS_REFUSAL_TOLD ? ["connection-refused"] : []);
    const back = createSocket("udp4");
    back.bind(port, "127.0.0.1");
    await once(back, "listening");
    egress.send(bytes("now?"));
    assert.equal(String((await once(back, "message"))[0]), "now?");
    back.close();
    egress.end("close");
    const other = open();
    other.egress.send(bytes("others are not concerned"));
    await received();
    other.egress.end("close");
  });
});

test("egress UDP: 200 sockets one after the other leave nothing", async () => {
  await withServer(async ({ open, received, counters }) => {
    for (let round = 0; round < 200; round++) {
      const { egress, released } = open();
      egress.send(bytes("x"));
      await received();
      egress.end("close");
      await released;
      assert.equal(counters.get("egressConnections"), 0);
    }
  });
});

test("egress UDP: through a workload's network: question and answer, 17 peers on 16 sockets, an end with its guest", async () => {
  await withServer(async ({ address, counters, server, received }) => {
    const servers = [server, ...await Promise.all(Array.from({ length: 16 }, () => bound("127.0.0.1")))];
    for (const each of servers) each.on("message", (data, from) => each.send(data, from.port, from.address));
    const network = new WorkloadNetwork({
      workload: "demo",
      clock: systemClock,
      counters,
      emit: () => {},
      // The guest says 192.0.2.1 and is let through to the test's servers.
      egress: {
        dial: () => assert.fail("no TCP is expected"),
        openUdp: (options) => openEgressUdp({ ...options, remote: { ...address, port: options.remote.port } }),
      },
    });
    const guest = network.openGuest("component", { workload: "demo", role: "component" }, {
      access: {
        off: undefined,
        decide: (_remote, protocol) => ({ isAllowed: protocol === "udp", rule: "the test's" }),
      },
    });
    const socket = guest.createUdpSocket("ipv4");
    assert.ok(typeof socket === "object");
    const any = parseIpAddress("0.0.0.0") ?? assert.fail("an address");
    const outside = parseIpAddress("192.0.2.1") ?? assert.fail("an address");
    assert.equal(socket.startBind({ address: any, port: 0 }), undefined);
    assert.equal(socket.finishBind(), undefined);
    assert.equal(socket.stream(undefined), undefined);
    for (const each of servers) {
      const remote = { address: outside, port: each.address().port };
      const question = bytes(`to ${remote.port}`);
      await untilReady(socket.outgoing);
      assert.equal(socket.send([{ data: question, remote }]), 1);
      await untilReady(socket.incoming);
      assert.deepEqual(socket.receive(10), [{ data: question, remote }]);
      // The 17th may be opened before the oldest is closed.
      const open = counters.get("egressConnections");
      assert.ok(open <= 17, `${open} connections`);
    }
    await received();
    while (counters.get("egressConnections") > 16) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(counters.get("udpSockets"), 1);
    const data = bytes("bye");
    assert.equal(socket.send([{ data, remote: { address: outside, port: server.address().port } }]), 1);
    guest.release("close");
    assert.equal((await received()).text, "bye");
    while (counters.get("egressConnections") > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(network.usage, { sockets: 0, ports: 0, connections: 0, bytes: 0 });
    assert.equal(counters.get("udpSockets"), 0);
    for (const each of servers.slice(1)) each.close();
  });
});
