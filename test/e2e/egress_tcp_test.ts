// tidy: long because one server bench serves every way in which a connection to the outside can go
/**
 * TCP to the outside, against real servers on the machine's loopback (which no policy would ever allow: the dialler
 * is called directly). Everything runs one after the other, on Node and on Deno.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { LOOPBACK_V4, LOOPBACK_V6, type SocketAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import type { DialEgressOptions } from "../../src/network/egress.ts";
import { dialEgressTcp, socketErrorOf } from "../../src/network/egress_tcp.ts";
import type { TcpConnection } from "../../src/network/tcp_connection.ts";
import { TcpOptions } from "../../src/network/tcp_options.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeClock } from "../support/fake_clock.ts";

interface Bench {
  readonly address: SocketAddress;
  readonly counters: LiveCounters;
  readonly options: TcpOptions;
  /** The next socket that the server accepts. */
  readonly accepted: () => Promise<Socket>;
  readonly dial: (change?: Partial<DialEgressOptions>) => Dialled;
  readonly connect: () => Promise<Connected>;
}

interface Dialled {
  readonly attempt: ReturnType<typeof dialEgressTcp>;
  readonly settled: Promise<void>;
  readonly released: Promise<void>;
}

interface Connected extends Dialled {
  readonly connection: TcpConnection;
  readonly peer: Socket;
}

/** Runs with a server that does nothing by itself; afterwards everything is closed and counted down. */
async function withServer(run: (bench: Bench) => Promise<void>, host = "127.0.0.1"): Promise<void> {
  const server: Server = createServer({ allowHalfOpen: true });
  const peers: Socket[] = [];
  const all: Socket[] = [];
  server.on("connection", (peer) => {
    peers.push(peer);
    all.push(peer);
    peer.on("error", () => peer.destroy());
  });
  server.listen(0, host);
  await once(server, "listening");
  const local = server.address();
  assert.ok(typeof local === "object" && local !== null);
  const counters = new LiveCounters();
  const options = new TcpOptions();
  const address = { address: host === "::1" ? LOOPBACK_V6 : LOOPBACK_V4, port: local.port };
  const releases: Promise<void>[] = [];
  const dial: Bench["dial"] = (change = {}) => {
    const [settled, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    releases.push(released.promise);
    const attempt = dialEgressTcp({
      remote: address,
      options,
      clock: systemClock,
      counters,
      onOutcome: settled.resolve,
      onReleased: released.resolve,
      ...change,
    });
    return { attempt, settled: settled.promise, released: released.promise };
  };
  const accepted = async (): Promise<Socket> => {
    while (peers.length === 0) await once(server, "connection");
    return peers.shift() ?? assert.fail("a connection");
  };
  const connect = async (): Promise<Connected> => {
    const dialled = dial();
    const peer = await accepted();
    await dialled.settled;
    const connection = dialled.attempt.outcome();
    if (typeof connection !== "object") assert.fail(String(connection));
    return { ...dialled, connection, peer };
  };
  try {
    await run({ address, counters, options, accepted, dial, connect });
    await Promise.all(releases);
    assert.deepEqual([counters.get("egressConnections"), counters.get("timers")], [0, 0]);
  } finally {
    for (const peer of all) peer.destroy();
    server.close();
    await once(server, "close");
  }
}

async function readToEnd({ input }: TcpConnection): Promise<string> {
  let text = "";
  for (;;) {
    await untilReady(input);
    const bytes = input.read(1_000_000);
    if (bytes === "closed") return `${text}|closed`;
    if (!(bytes instanceof Uint8Array)) return `${text}|${bytes.failed.networkCode}`;
    text += new TextDecoder().decode(bytes);
  }
}

async function writeAll({ output }: TcpConnection, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    await untilReady(output);
    const permit = output.permit();
    if (typeof permit !== "number") assert.fail("the output ended");
    assert.equal(output.write(bytes.subarray(written, written + permit)), undefined);
    written += permit;
  }
}

function dropAll(connection: TcpConnection): void {
  connection.dropSocket();
  connection.input.dispose();
  connection.output.dispose();
}

async function receive(peer: Socket): Promise<number> {
  let bytes = 0;
  peer.on("data", (chunk) => bytes += chunk.length);
  await once(peer, "end");
  return bytes;
}

for (const host of ["127.0.0.1", "::1"]) {
  test(`egress: bytes go both ways, half-closed by either side: ${host}`, async () => {
    await withServer(async ({ address, connect }) => {
      const { connection, peer } = await connect();
      assert.deepEqual(connection.remote, address);
      assert.deepEqual(connection.local.address, address.address);
      assert.equal(connection.local.port, peer.remotePort);
      await writeAll(connection, new TextEncoder().encode("question"));
      connection.shutdown("send");
      assert.equal(connection.output.permit(), "closed");
      assert.equal(await receive(peer), 8);
      peer.end("answer");
      assert.equal(await readToEnd(connection), "answer|closed");
      dropAll(connection);
    }, host);
  });
}

test("egress: the peer's end first, then our bytes still arrive", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer } = await connect();
    peer.end("done");
    assert.equal(await readToEnd(connection), "done|closed");
    await writeAll(connection, new Uint8Array(10));
    connection.shutdown("both");
    assert.equal(await receive(peer), 10);
    dropAll(connection);
  });
});

test("egress: refused", async () => {
  await withServer(async ({ address, dial }) => {
    const closed = createServer();
    closed.listen(0, "127.0.0.1");
    await once(closed, "listening");
    const free = closed.address();
    assert.ok(typeof free === "object" && free !== null);
    closed.close();
    await once(closed, "close");
    const { attempt, settled } = dial({ remote: { ...address, port: free.port } });
    assert.equal(attempt.outcome(), undefined);
    await settled;
    assert.equal(attempt.outcome(), "connection-refused");
    attempt.abandon("close");
  });
});

test("egress: too slow to connect is a timeout", async () => {
  await withServer(async ({ dial }) => {
    const clock = new FakeClock();
    const { attempt, settled } = dial({ clock });
    // Before the system had a turn to connect.
    const advanced = clock.advanceMs(127_000);
    await settled;
    assert.equal(attempt.outcome(), "timeout");
    await advanced;
    assert.equal(attempt.outcome(), "timeout");
    attempt.abandon("close");
    assert.equal(clock.timersArmed, 0);
  });
});

test("egress: given up while connecting", async () => {
  await withServer(async ({ dial }) => {
    const { attempt } = dial();
    attempt.abandon("reset");
    attempt.abandon("close");
    assert.equal(attempt.outcome(), "connection-aborted");
  });
});

test("egress: a connection that is allowed no more is reset, and its guest reads what came before", async () => {
  await withServer(async ({ connect }) => {
    const { attempt, connection, peer } = await connect();
    const errors = new Promise((resolve) => peer.once("error", resolve));
    peer.write("half");
    await untilReady(connection.input);
    attempt.revoke();
    attempt.revoke();
    assert.ok(await errors instanceof Error, "the peer is told that it was no orderly end");
    assert.equal(await readToEnd(connection), "half|connection-reset");
    assert.equal(connection.output.permit(), "closed");
    dropAll(connection);
  });
});

test("egress: a connect that is allowed no more fails with access-denied, and is held by its guest until the drop", async () => {
  await withServer(async ({ dial }) => {
    const { attempt, settled } = dial();
    attempt.revoke();
    await settled;
    assert.equal(attempt.outcome(), "access-denied");
    attempt.abandon("close");
  });
});

test("egress: a dropped connection that still delivers is cut when it is allowed no more", async () => {
  await withServer(async ({ connect }) => {
    const { attempt, connection, released } = await connect();
    connection.output.write(new Uint8Array(65_536));
    dropAll(connection);
    attempt.revoke();
    await released;
  });
});

test("egress: a reset by the peer is told once to the reader, after what came before", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer } = await connect();
    peer.write("half");
    await untilReady(connection.input);
    peer.resetAndDestroy();
    assert.equal(await readToEnd(connection), "half|connection-reset");
    assert.equal(connection.input.read(1), "closed");
    assert.equal(connection.output.permit(), "closed", "the reader has told it");
    dropAll(connection);
  });
});

test("egress: a reset is told to a writer that asks first, and to the reader all the same", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer } = await connect();
    peer.resetAndDestroy();
    await untilReady(connection.input);
    const failed = connection.output.permit();
    assert.ok(typeof failed === "object", JSON.stringify(failed));
    assert.equal(failed.failed.networkCode, "connection-reset");
    assert.equal(connection.output.permit(), "closed");
    assert.equal(await readToEnd(connection), "|connection-reset");
    dropAll(connection);
  });
});

test("egress: back-pressure: a peer that does not read stops the writer", async () => {
  await withServer(async ({ connect, options }) => {
    options.setSendBufferBytes(65_536n);
    const { connection, peer } = await connect();
    peer.pause();
    let written = 0;
    for (;;) {
      const permit = connection.output.permit();
      assert.ok(typeof permit === "number" && permit <= 65_536, JSON.stringify(permit));
      if (permit === 0) {
        assert.equal(connection.output.isReady(), false);
        // The system's buffers fill up; when a while brings no room, the writer is stopped for good.
        const isStuck = await Promise.race([
          Promise.resolve(untilReady(connection.output)).then(() => false),
          new Promise<boolean>((resolve) => setTimeout(resolve, 300, true)),
        ]);
        if (isStuck) break;
        continue;
      }
      connection.output.write(new Uint8Array(permit));
      written += permit;
      assert.ok(written < 100_000_000, `the writer is not stopped after ${written} bytes`);
    }
    connection.shutdown("send");
    peer.resume();
    assert.equal(await receive(peer), written, "and nothing that was permitted is lost");
    peer.end();
    dropAll(connection);
  });
});

test("egress: back-pressure: a guest that does not read stops the peer", async () => {
  await withServer(async ({ connect, options }) => {
    options.setReceiveBufferBytes(65_536n);
    const { connection, peer } = await connect();
    const bytes = 64 * 1024 * 1024;
    peer.end(new Uint8Array(bytes));
    await untilReady(connection.input);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const left = peer.bytesWritten - peer.writableLength;
    assert.ok(left <= bytes, `${left} bytes`);
    assert.equal(peer.writableFinished, false, "the peer still has bytes to send");
    let read = 0;
    for (;;) {
      await untilReady(connection.input);
      const chunk = connection.input.read(1_000_000);
      if (!(chunk instanceof Uint8Array)) break;
      read += chunk.length;
    }
    assert.equal(read, bytes);
    dropAll(connection);
  });
});

test("egress: flush: no permit until everything is out", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer } = await connect();
    assert.equal(connection.output.write(new Uint8Array(1000)), undefined);
    assert.equal(connection.output.flush(), undefined);
    assert.equal(connection.output.permit(), 0);
    await untilReady(connection.output);
    assert.equal(connection.output.permit(), 65_536);
    const received = receive(peer);
    dropAll(connection);
    assert.equal(await received, 1000);
    peer.end();
  });
});

test("egress: what was written is delivered after a drop of all three, in any order", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer, released } = await connect();
    const bytes = 65_536;
    connection.output.write(new Uint8Array(bytes));
    connection.output.dispose();
    connection.dropSocket();
    assert.equal(connection.input.isReady(), false, "fewer of the three change nothing");
    connection.input.dispose();
    assert.equal(await receive(peer), bytes);
    peer.end("too late");
    await released;
  });
});

test("egress: a peer that never ends is cut some time after the drop", async () => {
  await withServer(async ({ dial, accepted }) => {
    const clock = new FakeClock();
    const { attempt, settled, released } = dial({ clock });
    const peer = await accepted();
    await settled;
    const connection = attempt.outcome();
    assert.ok(typeof connection === "object");
    connection.output.write(new Uint8Array(10));
    dropAll(connection);
    assert.equal(await receive(peer), 10);
    peer.write("on and on");
    await clock.advanceMs(30_000);
    await released;
    assert.equal(clock.timersArmed, 0);
    peer.destroy();
  });
});

test("egress: a trapped guest resets", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer, released } = await connect();
    const failed = once(peer, "error");
    peer.resume();
    connection.end("reset");
    const [error] = await failed as [Error & { readonly code?: string }];
    assert.equal(error.code, "ECONNRESET");
    await released;
  });
});

for (const isEnded of [false, true]) {
  test(`egress: a trapped guest resets what a peer does not read${isEnded ? ", after shutdown(send) too" : ""}`, async () => {
    await withServer(async ({ connect, options }) => {
      options.setSendBufferBytes(1_048_576n);
      const { connection, peer, released } = await connect();
      peer.pause();
      const bytes = new Uint8Array(1_000_000);
      for (let written = 0; written < 64; written++) {
        const permit = connection.output.permit();
        if (typeof permit === "number" && permit > 0) connection.output.write(bytes.subarray(0, permit));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.ok(connection.output.permit() !== 1_048_576, "something waits");
      if (isEnded) connection.shutdown("send");
      const failed = once(peer, "error");
      connection.end("reset");
      await released;
      peer.resume();
      const [error] = await failed as [Error & { readonly code?: string }];
      assert.equal(error.code, "ECONNRESET", "what arrived cannot be taken for the whole");
    });
  });
}

test("egress: shutdown(receive) throws away and lets the peer go on", async () => {
  await withServer(async ({ connect }) => {
    const { connection, peer } = await connect();
    connection.shutdown("receive");
    assert.equal(connection.input.read(1), "closed");
    peer.end(new Uint8Array(10_000_000));
    await once(peer, "finish");
    assert.equal(connection.input.read(1), "closed");
    await writeAll(connection, new Uint8Array(7));
    const received = receive(peer);
    dropAll(connection);
    assert.equal(await received, 7);
  });
});

test("egress: keep-alive and buffer sizes can change while connected", async () => {
  await withServer(async ({ connect, options }) => {
    const { connection, peer } = await connect();
    options.setKeepAliveEnabled(true);
    options.setKeepAliveIdleNs(1n);
    connection.optionsChanged();
    options.setSendBufferBytes(100n);
    connection.buffersChanged();
    assert.equal(connection.output.permit(), 100);
    peer.end();
    dropAll(connection);
  });
});

test("egress: through a workload's network: the sockets of a guest end with it, and close cuts what lingers", async () => {
  await withServer(async ({ address, accepted, counters }) => {
    const network = new WorkloadNetwork({
      workload: "demo",
      clock: systemClock,
      counters,
      emit: () => {},
      // The guest says 192.0.2.1 and is let through to the test's server.
      egress: {
        dial: (options) => dialEgressTcp({ ...options, remote: address }),
      },
    });
    const guest = network.openGuest("component", { workload: "demo", role: "component" }, {
      access: { off: undefined, decide: () => ({ isAllowed: true, rule: "the test's" }) },
    });
    const sockets = await Promise.all([1, 2].map(async () => {
      const socket = guest.createTcpSocket("ipv4");
      assert.ok(typeof socket === "object");
      const remote = { address: { family: "ipv4", bytes: [192, 0, 2, 1] }, port: 80 } as const;
      assert.equal(socket.startConnect(remote), undefined);
      await untilReady(socket);
      const connection = socket.finishConnect();
      assert.ok(typeof connection === "object");
      connection.output.write(new TextEncoder().encode("bye"));
      return socket;
    }));
    const peers = [await accepted(), await accepted()];
    assert.equal(sockets.length, network.usage.sockets);
    const received = peers.map(receive);
    guest.release("close");
    assert.deepEqual(await Promise.all(received), [3, 3]);
    assert.equal(counters.get("egressConnections"), 2, "the peers have not ended");
    network.close();
    while (counters.get("egressConnections") > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(network.usage.sockets, 0);
    assert.equal(counters.get("tcpSockets"), 0);
  });
});

for (
  const [code, expected] of [
    ["ECONNREFUSED", "connection-refused"],
    ["ECONNRESET", "connection-reset"],
    ["EPIPE", "connection-reset"],
    ["ETIMEDOUT", "timeout"],
    ["EHOSTUNREACH", "remote-unreachable"],
    ["ENETUNREACH", "remote-unreachable"],
    ["EADDRNOTAVAIL", "remote-unreachable"],
    ["ECONNABORTED", "connection-aborted"],
    ["EACCES", "access-denied"],
    ["EMFILE", "new-socket-limit"],
    ["ESOMETHING", "unknown"],
  ] as const
) {
  test(`socketErrorOf: ${code} is ${expected}`, () => {
    assert.equal(socketErrorOf(Object.assign(new Error("failed"), { code })), expected);
  });
}

test("socketErrorOf: anything else is unknown", () => {
  assert.equal(socketErrorOf(new Error("failed")), "unknown");
  assert.equal(socketErrorOf(undefined), "unknown");
});
