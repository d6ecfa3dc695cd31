/** The command line with `--replicas`: as the parent, and as a replica. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeProcess, listenError, settle, systemError } from "../../test/support/fake_process.ts";
import { LoopgateError } from "../base/errors.ts";
import { LISTEN_DEFAULT } from "../gateway/gateway.ts";
import { runCli } from "./cli.ts";
import type { ParentLink, ReplicaAssignment, ReplicaReport } from "./replica_link.ts";

/** A link to a parent in memory. */
function fakeParent(assignment: Partial<ReplicaAssignment> = {}): {
  readonly link: ParentLink;
  readonly reports: ReplicaReport[];
  drain: () => void;
} {
  const parent = {
    reports: [] as ReplicaReport[],
    drain: (): void => assert.fail("nobody waits for it"),
    link: {
      assignment: { index: 2, listen: { host: "127.0.0.1", port: 43_123 }, isTableShown: false, ...assignment },
      report: (report: ReplicaReport) => {
        parent.reports.push(report);
        return Promise.resolve();
      },
      onDrain: (drain: () => void) => {
        parent.drain = drain;
      },
    },
  };
  return parent;
}

test("serve as a replica: shares the port it is given, names itself, and drains when it is told to", async () => {
  for (const log of ["pretty", "json"]) {
    const [fake, parent] = [new FakeProcess(), fakeParent()];
    const words = ["serve", "w", "--replicas", "4", "--listen", "127.0.0.1:0", "--log", log, "--no-watch"];
    const done = runCli(fake.tools(words, { parent: parent.link }));
    await settle();
    const { listen, watch } = fake.started[0] ?? { folder: "none" };
    assert.deepEqual([listen, watch], [{ host: "127.0.0.1", port: 43_123, reusePort: true }, false]);
    assert.deepEqual(parent.reports, [{ kind: "listening", host: "127.0.0.1", port: 8080, drainMs: 10_000 }]);
    fake.started[0]?.emit?.({ kind: "service-state", workload: "shop", state: "ready" });
    if (log === "json") assert.equal((JSON.parse(fake.out) as { replica: number }).replica, 2);
    else assert.match(fake.out, /^\d\d:\d\d:\d\d {2}#2 {2}shop service ready\n$/);
    // How often is the parent's to count: a group's signals reach everybody in it.
    fake.signal();
    fake.nowNs += 5_000_000_000n;
    fake.signal();
    parent.drain();
    assert.equal(await done, 0);
    assert.deepEqual([fake.exits, fake.err, fake.closes], [[], "", 1]);
  }
});

test("serve as the first replica: shows the table, and finds the port", async () => {
  const [fake, parent] = [new FakeProcess(), fakeParent({ index: 1, listen: undefined, isTableShown: true })];
  const done = runCli(fake.tools(["serve", "w"], { parent: parent.link }));
  await settle();
  assert.match(fake.out, /^Listening on/);
  assert.deepEqual(fake.started[0]?.listen, { ...LISTEN_DEFAULT, reusePort: true });
  parent.drain();
  assert.equal(await done, 0);
});

test("serve as a replica: a fault is the parent's to tell", async () => {
  const [fake, parent] = [new FakeProcess(), fakeParent()];
  const startGateway = () => Promise.reject(new LoopgateError("LG1000", "Cannot serve"));
  assert.equal(await runCli(fake.tools(["serve", "w"], { parent: parent.link, startGateway })), 2);
  assert.deepEqual([parent.reports, fake.err], [[{ kind: "fault", text: "error[LG1000]: Cannot serve\n" }], ""]);
});

test("serve --replicas: signals drain all, later ones end all; a taken port is told before anything starts", async () => {
  for (const isPatient of [true, false]) {
    const fake = new FakeProcess();
    const orders: string[] = [];
    const ends: (() => void)[] = [];
    const probed: unknown[] = [];
    const done = runCli(fake.tools(["serve", "w", "--replicas", "2", "--log", "json"], {
      probePort: (address) => Promise.resolve(void probed.push(address)),
      startReplica: ({ index }, { onReport, onEnd }) => {
        queueMicrotask(() => onReport({ kind: "listening", ...LISTEN_DEFAULT, drainMs: 10_000 }));
        ends.push(() => onEnd({ exitCode: 0, detail: "" }));
        return {
          pid: 7,
          drain: () => orders.push(`drain ${index}`),
          ping: () => {},
          kill: () => orders.push(`kill ${index}`),
        };
      },
    }));
    await settle();
    assert.deepEqual(probed, [LISTEN_DEFAULT]);
    assert.deepEqual(
      fake.out.trimEnd().split("\n").map((line) => (JSON.parse(line) as { replica: number }).replica),
      [1, 2],
    );
    fake.signal();
    fake.nowNs += 500_000_000n;
    fake.signal();
    assert.deepEqual([orders, fake.exits], [["drain 1", "drain 2"], []]);
    assert.equal(fake.err.match(/"event":"draining"/g)?.length, 1);
    if (!isPatient) {
      fake.nowNs += 600_000_000n;
      fake.signal();
      assert.deepEqual(orders.slice(-2), ["kill 1", "kill 2"]);
      assert.deepEqual(fake.exits, [130]);
    }
    for (const end of ends) end();
    assert.equal(await done, 0);
    assert.deepEqual(fake.started, [], "it serves nothing itself");
  }
  const fake = new FakeProcess();
  const probePort = () => Promise.reject(listenError(systemError("EADDRINUSE")));
  assert.equal(await runCli(fake.tools(["serve", "w", "--replicas", "2"], { probePort })), 2);
  assert.match(fake.err, /fix: .*already/);
});
