/** Which connection serves a request: kept alive, judged anew, limited, and ended with its client. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { untilReady } from "../../src/base/waitable.ts";
import { ConnectionSlots } from "../../src/network/connection_slots.ts";
import {
  always,
  answerOf,
  bodyOf,
  failureOf,
  pause,
  readAll,
  requestTo,
  withBench,
} from "../support/http_client_bench.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

test("http client: a connection is used again for the same target only", async () => {
  await withBench(async ({ client, newClient, listen, dialled, slots }) => {
    let connections = 0;
    const port = await listen((socket) => {
      connections++;
      always(OK)(socket);
    });
    const get = async (from = client, host = "good.test"): Promise<void> => {
      const answer = await answerOf(from.send(requestTo(port, { host })));
      assert.equal(await readAll(answer.body), "ok|closed");
      await pause(1);
    };
    await get();
    await get();
    assert.deepEqual([connections, dialled.length, client.idleConnections, slots.taken], [1, 1, 1, 1]);
    await get(client, "other.test");
    assert.deepEqual([connections, dialled.length], [2, 2]);
    await get(newClient());
    assert.deepEqual([connections, slots.taken], [3, 3], "another client has its own");
  });
});

test("http client: a connection whose address no longer passes is ended, not used", async () => {
  let isAllowed = true;
  await withBench(async ({ client, listen, dialled }) => {
    const port = await listen(always(OK));
    for (const expected of [1, 1, 2]) {
      isAllowed = expected === 1;
      const answer = await answerOf(client.send(requestTo(port)));
      await readAll(answer.body);
      await pause(1);
      assert.equal(dialled.length, expected);
      assert.equal(client.idleConnections, 1);
    }
  }, { stillAllowed: () => isAllowed });
});

test("http client: an idle connection that the server ended is not used, nor one that it writes to", async () => {
  for (const how of ["end", "junk"] as const) {
    await withBench(async ({ client, listen, dialled }) => {
      const sockets: Socket[] = [];
      const port = await listen((socket) => {
        sockets.push(socket);
        always(OK)(socket);
      });
      await readAll((await answerOf(client.send(requestTo(port)))).body);
      await pause(5);
      if (how === "end") sockets[0]?.end();
      else sockets[0]?.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
      await pause(50);
      assert.equal(client.idleConnections, 0);
      const answer = await answerOf(client.send(requestTo(port, { method: "POST", body: bodyOf("x") })));
      assert.equal(await readAll(answer.body), "ok|closed");
      assert.equal(dialled.length, 2);
    });
  }
});

for (
  const [method, body, expected] of [
    ["GET", undefined, 200],
    ["DELETE", undefined, "connection-terminated"],
    ["POST", "x", "connection-terminated"],
    ["GET", "x", "connection-terminated"],
  ] as const
) {
  test(`http client: a used connection is cut without an answer: ${method} ${body === undefined ? "" : "with a body "}gives ${expected}`, async () => {
    await withBench(async ({ client, listen }) => {
      let connections = 0;
      const port = await listen((socket) => {
        const isFirst = ++connections === 1;
        let requests = 0;
        socket.on("data", () => {
          if (isFirst && ++requests > 1) socket.resetAndDestroy();
          else socket.write(OK);
        });
      });
      await readAll((await answerOf(client.send(requestTo(port)))).body);
      await pause(5);
      assert.equal(client.idleConnections, 1);
      const pending = client.send(requestTo(port, { method, body: body === undefined ? undefined : bodyOf(body) }));
      if (expected === 200) assert.equal((await answerOf(pending)).status, 200);
      else assert.equal((await failureOf(pending)).tag, expected);
      assert.equal(connections, expected === 200 ? 2 : 1);
    });
  });
}

test("http client: the limit of connections: busy ones fail the request, idle ones go", async () => {
  await withBench(async ({ client, newClient, listen, slots }) => {
    const port = await listen((socket) => {
      socket.on("data", (chunk) => {
        if (!String(chunk).includes("/slow")) socket.write(OK);
      });
      socket.on("end", () => socket.end());
    });
    const first = client.send(requestTo(port, { path: "/slow" }));
    const other = newClient();
    const second = other.send(requestTo(port));
    await readAll((await answerOf(second)).body);
    await pause(5);
    assert.deepEqual([slots.taken, other.idleConnections], [2, 1]);
    const third = client.send(requestTo(port, { path: "/slow" }));
    assert.deepEqual([slots.taken, other.idleConnections], [2, 0], "the other client's idle one went");
    assert.deepEqual(await failureOf(other.send(requestTo(port))), { tag: "connection-limit-reached" });
    first.dispose();
    third.dispose();
    assert.equal(slots.taken, 0);
  }, { slots: new ConnectionSlots(2) });
});

test("http client: close lets what is under way end, destroy does not", async () => {
  await withBench(async ({ client, newClient, listen }) => {
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const port = await listen((socket) => {
      socket.on("data", () => void release.then(() => socket.write(OK)));
      socket.on("end", () => socket.end());
    });
    const pending = client.send(requestTo(port));
    let isClosed = false;
    const closed = client.close().then(() => isClosed = true);
    await pause(20);
    assert.equal(isClosed, false);
    assert.equal((await failureOf(client.send(requestTo(port)))).tag, "internal-error");
    resolve();
    assert.equal(await readAll((await answerOf(pending)).body), "ok|closed");
    await closed;
    await client.close();
    const other = newClient();
    const cut = other.send(requestTo(port));
    other.destroy();
    other.destroy();
    await other.close();
    assert.deepEqual(await failureOf(cut), { tag: "connection-terminated" });
  });
});

test("http client: half an answer when the client is destroyed is no whole one", async () => {
  await withBench(async ({ client, listen }) => {
    const port = await listen((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\nhalf"));
      socket.on("end", () => socket.end());
    });
    const answer = await answerOf(client.send(requestTo(port)));
    await untilReady(answer.body);
    client.destroy();
    assert.equal(await readAll(answer.body), "half|connection-terminated");
  });
});
