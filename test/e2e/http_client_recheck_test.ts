/** What may be reached has changed: requests and connections of the HTTP client that are not allowed any more end. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { untilReady } from "../../src/base/waitable.ts";
import type { DialOutcome, RecheckHttp } from "../../src/network/http_message.ts";
import {
  always,
  answerOf,
  failureOf,
  loopback,
  pause,
  readAll,
  requestTo,
  withBench,
} from "../support/http_client_bench.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const HALF = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok";

/** Allows every host but this one; `seen` gets whether its address was known. */
function deny(host: string, seen: boolean[] = []): RecheckHttp {
  return (target, address) => {
    if (target.host === host) seen.push(address !== undefined);
    return target.host !== host;
  };
}

test("recheck: a request that waits for its answer ends with HTTP-request-denied, another one goes on", async () => {
  await withBench(async ({ client, listen, slots }) => {
    const sockets: Socket[] = [];
    const port = await listen((socket) => void sockets.push(socket));
    const [one, other] = [client.send(requestTo(port)), client.send(requestTo(port, { host: "other.test" }))];
    while (sockets.length < 2) await pause(5);
    const seen: boolean[] = [];
    client.recheck(deny("good.test", seen));
    assert.deepEqual(seen, [true], "judged with the address behind it");
    assert.equal((await failureOf(one)).tag, "HTTP-request-denied");
    assert.equal(slots.taken, 1);
    for (const socket of sockets) {
      if (!socket.destroyed) socket.write(OK);
    }
    assert.equal(await readAll((await answerOf(other)).body), "ok|closed");
  });
});

test("recheck: the body of an answer fails with HTTP-request-denied", async () => {
  await withBench(async ({ client, listen, slots }) => {
    const port = await listen(always(HALF));
    const { body } = await answerOf(client.send(requestTo(port)));
    client.recheck(deny("good.test"));
    assert.equal(await readAll(body), "ok|HTTP-request-denied");
    assert.deepEqual([slots.taken, client.exchanges], [0, 0]);
  });
});

test("recheck: an idle connection is ended, one that is still allowed serves again", async () => {
  let denied = "";
  await withBench(async ({ client, listen, dialled }) => {
    const port = await listen(always(OK));
    const get = async (host: string): Promise<void> => {
      await readAll((await answerOf(client.send(requestTo(port, { host })))).body);
      await pause(1);
    };
    await get("good.test");
    await get("other.test");
    assert.equal(client.idleConnections, 2);
    denied = "good.test";
    client.recheck(() => assert.fail("there is no exchange"));
    assert.equal(client.idleConnections, 1);
    await get("other.test");
    assert.equal(dialled.length, 2);
    client.reset();
    assert.equal(client.idleConnections, 0);
    await get("other.test");
    assert.equal(dialled.length, 3);
  }, { stillAllowed: ({ host }) => host !== denied });
});

test("recheck: of the addresses that are tried only those that are allowed are tried on", async () => {
  const outcomes: ((outcome: DialOutcome) => void)[] = [];
  const dial = () => new Promise<DialOutcome>((resolve) => void outcomes.push(resolve));
  await withBench(async ({ client, listen }) => {
    const port = await listen(always(OK));
    const pending = ["one.test", "other.test"].map((host) => client.send(requestTo(port, { host })));
    await pause(1);
    // Nobody answers there; the second address would be tried after a moment.
    const silent = { address: { family: "ipv4", bytes: [192, 0, 2, 1] }, port } as const;
    for (const resolve of outcomes) resolve({ addresses: [silent, loopback(port)] });
    await Promise.resolve();
    await Promise.resolve();
    client.recheck((target, address) => {
      if (address === undefined) return true;
      return target.host === "other.test" && address.address.bytes[0] === 127;
    });
    const [one, other] = pending;
    assert.ok(one !== undefined && other !== undefined);
    assert.equal((await failureOf(one)).tag, "HTTP-request-denied");
    await untilReady(other);
    assert.equal(await readAll((await answerOf(other)).body), "ok|closed");
  }, { dial });
});

test("recheck: addresses that were judged before the change and come after it are judged again", async () => {
  let found: ((outcome: DialOutcome) => void) | undefined;
  const dial = () =>
    new Promise<DialOutcome>((resolve) => {
      found = resolve;
    });
  await withBench(async ({ client, listen, counters }) => {
    const port = await listen(always(OK));
    const pending = client.send(requestTo(port));
    await pause(1);
    client.recheck((_target, address) => address === undefined);
    found?.({ addresses: [loopback(port)] });
    assert.equal((await failureOf(pending)).tag, "HTTP-request-denied");
    assert.equal(counters.get("egressConnections"), 0);
  }, { dial });
});

test("recheck: a request that is still being dialled ends at once, whatever the dialler finds", async () => {
  let isAborted = false;
  let found: ((outcome: DialOutcome) => void) | undefined;
  await withBench(async ({ client, listen, slots, counters }) => {
    const port = await listen(always(OK));
    const pending = client.send(requestTo(port));
    await pause(1);
    client.recheck(deny("good.test"));
    assert.equal((await failureOf(pending)).tag, "HTTP-request-denied");
    assert.deepEqual([isAborted, slots.taken], [true, 0]);
    found?.({ addresses: [loopback(port)] });
    await pause(5);
    assert.equal(counters.get("egressConnections"), 0);
  }, {
    dial: (_target, signal) =>
      new Promise((resolve) => {
        found = resolve;
        signal.addEventListener("abort", () => {
          isAborted = true;
        });
      }),
  });
});
