import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import { LoopWaker, type WakerSockets } from "./loop_waker.ts";

type Connection = Awaited<ReturnType<WakerSockets["connect"]>>;

/** Sockets of which a test sends each byte on its way. */
function open(options: { readonly strangerPort?: number; readonly refuses?: boolean } = {}) {
  const log: string[] = [];
  let deliver: ((count: number | null) => void) | undefined;
  const connection = (name: string, localPort: number, remotePort: number): Connection => ({
    localAddr: { port: localPort },
    remoteAddr: { port: remotePort },
    read() {
      log.push(`${name} reads`);
      return new Promise((resolve) => (deliver = resolve));
    },
    write: (bytes) => {
      log.push(`${name} writes`);
      return Promise.resolve(bytes.length);
    },
    close: () => void log.push(`${name} closes`),
  });
  const sockets: WakerSockets = {
    connect: ({ port }) =>
      options.refuses === true
        ? Promise.reject(new Error("there is no port"))
        : Promise.resolve(connection("client", 50_000, port)),
    listen: () => ({
      addr: { port: 40_000 },
      accept: () => Promise.resolve(connection("server", 40_000, options.strangerPort ?? 50_000)),
      close: () => void log.push("listener closes"),
    }),
  };
  const waker = new LoopWaker(sockets, (fire) => {
    log.push("instead");
    setImmediate(fire);
  });
  return {
    log,
    wake: (name: string) => waker.wake(() => void log.push(name)),
    deliver: async (count: number | null) => {
      deliver?.(count);
      await nextTurn();
      await nextTurn();
    },
    /** Opens the connection. */
    begin: async (): Promise<void> => {
      waker.wake(() => {});
      await nextTurn();
      await nextTurn();
      log.length = 0;
    },
  };
}

test("LoopWaker: until its connection is open something else is used", async () => {
  const { log, wake } = open();
  wake("a");
  wake("b");
  await nextTurn();
  await nextTurn();
  assert.deepEqual(log, ["instead", "instead", "listener closes", "a", "b"]);
});

test("LoopWaker: calls back when the byte is there, which is read for before it is written", async () => {
  const { log, wake, deliver, begin } = open();
  await begin();
  wake("a");
  await nextTurn();
  assert.deepEqual(log, ["server reads", "client writes"]);
  await deliver(1);
  assert.deepEqual(log, ["server reads", "client writes", "a"]);
});

test("LoopWaker: who comes while a byte is under way waits for the next one, and that is one for all", async () => {
  const { log, wake, deliver, begin } = open();
  await begin();
  wake("a");
  wake("b");
  wake("c");
  await deliver(1);
  assert.deepEqual(log, ["server reads", "client writes", "server reads", "client writes", "a"]);
  await deliver(1);
  assert.deepEqual(log.slice(4), ["a", "b", "c"]);
});

test("LoopWaker: a connection that ends loses nobody, and is not used again", async () => {
  const { log, wake, deliver, begin } = open();
  await begin();
  wake("a");
  wake("b");
  await deliver(null);
  assert.deepEqual(log, ["server reads", "client writes", "client closes", "server closes", "a", "b"]);
  wake("c");
  await nextTurn();
  await nextTurn();
  assert.deepEqual(log.slice(6), ["instead", "c"]);
});

for (
  const [name, options, closes] of [
    ["a stranger was quicker", { strangerPort: 50_001 }, ["client closes", "server closes"]],
    ["there is no port", { refuses: true }, []],
  ] as const
) {
  test(`LoopWaker: where ${name}, something else is used for good`, async () => {
    const { log, wake } = open(options);
    for (const call of ["a", "b"]) {
      wake(call);
      await nextTurn();
      await nextTurn();
    }
    assert.deepEqual(log.filter((line) => line !== "listener closes"), ["instead", ...closes, "a", "instead", "b"]);
  });
}
