/** Outgoing HTTP over both wires: what is sent, what comes back, bodies, trailers, cancelling. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { FakeSource } from "../support/fake_streams.ts";
import {
  always,
  answerOf,
  bodyOf,
  fieldsOf,
  pause,
  readAll,
  readSome,
  receiveUntil,
  requestTo,
  textOf,
  WIRES,
  withBench,
} from "../support/http_client_bench.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

for (const wire of WIRES) {
  test(`http client, ${wire}: what is sent: Host is the target, fields keep their bytes, nothing is added`, async () => {
    await withBench(async ({ client, listen }) => {
      const { promise: received, resolve } = Promise.withResolvers<string>();
      const port = await listen((socket) => {
        void receiveUntil(socket, "\r\n\r\n").then((text) => {
          resolve(text);
          socket.end(OK);
        });
      });
      const headers = fieldsOf(["x-one", "1"], ["x-two", "2"], ["x-one", "3"], ["te", "trailers"], [
        "expect",
        "100-continue",
      ]);
      const request = requestTo(port, {
        path: "/a%20b?c=d",
        headers: [...headers, ["x-raw", Uint8Array.of(0xe9, 0x20, 0xff)]],
      }, wire);
      const answer = await answerOf(client.send(request));
      assert.equal(answer.status, 200);
      assert.equal(await readAll(answer.body), "ok|closed");
      const [first, ...lines] = (await received).split("\r\n").filter((line) => line !== "");
      assert.equal(first, "GET /a%20b?c=d HTTP/1.1");
      assert.deepEqual(lines.map((line) => line.toLowerCase()).sort(), [
        "cdn-loop: gateway.test",
        wire === "undici" ? "connection: keep-alive" : "connection: close",
        `host: good.test:${port}`,
        "te: trailers",
        "x-one: 1",
        "x-one: 3",
        "x-raw: \u00e9 \u00ff",
        "x-two: 2",
      ]);
    });
  });

  for (
    const [what, text, status, body] of [
      ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello|closed"],
      [
        "chunks",
        "HTTP/1.1 201 Made\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        201,
        "hello|closed",
      ],
      ["its end", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello|closed"],
      ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello|closed"],
      ["no body: 204", "HTTP/1.1 204 No\r\n\r\n", 204, "|closed"],
      ["no body: 304 with a length", "HTTP/1.1 304 No\r\ncontent-length: 10\r\n\r\n", 304, "|closed"],
      [
        "103 before it",
        "HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        200,
        "|closed",
      ],
      ["a redirect, not followed", "HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", 302, "|closed"],
      [
        "a coding, not decoded",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nno",
        200,
        "no|closed",
      ],
    ] as const
  ) {
    test(`http client, ${wire}: an answer: ${what}`, async () => {
      await withBench(async ({ client, listen }) => {
        const port = await listen(always(text, "end"));
        const answer = await answerOf(client.send(requestTo(port, {}, wire)));
        assert.equal(answer.status, status);
        assert.equal(await readAll(answer.body), body);
        assert.equal(answer.trailers(), undefined);
      });
    });
  }

  test(`http client, ${wire}: HEAD has no body, whatever its length says`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen(always("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"));
      const answer = await answerOf(client.send(requestTo(port, { method: "HEAD" }, wire)));
      assert.deepEqual(textOf(answer.headers), ["content-length: 10"]);
      assert.equal(await readAll(answer.body), "|closed");
    });
  });

  test(`http client, ${wire}: an answer's fields: lower case, in order, repeated, as bytes`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen(
        always(
          "HTTP/1.1 200 OK\r\nX-A: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nx-r: \xe9\xff\r\nContent-Length: 0\r\n\r\n",
        ),
      );
      const answer = await answerOf(client.send(requestTo(port, {}, wire)));
      assert.deepEqual(textOf(answer.headers), [
        "x-a: 1",
        "set-cookie: a",
        "set-cookie: b",
        "x-r: \u00e9\u00ff",
        "content-length: 0",
      ]);
    });
  });

  test(`http client, ${wire}: trailers of an answer`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen(
        always("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n"),
      );
      const answer = await answerOf(client.send(requestTo(port, {}, wire)));
      assert.equal(answer.trailers(), undefined, "not known before the end");
      assert.equal(await readAll(answer.body), "hi|closed");
      assert.deepEqual(textOf(answer.trailers()), ["x-t: 1", "x-t: 2"]);
    });
  });

  for (const length of [undefined, 11]) {
    test(`http client, ${wire}: a body with ${length === undefined ? "chunks" : "a length"} arrives`, async () => {
      await withBench(async ({ client, adopt }) => {
        const server = createServer((request, response) => {
          let text = "";
          request.on("data", (chunk) => text += chunk);
          request.on("end", () => {
            const { "content-length": declared = "none", "transfer-encoding": coding = "none" } = request.headers;
            response.end(`${request.method} ${text} ${declared} ${coding}`);
          });
        });
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const body = new FakeSource().push("hello ");
        const headers = length === undefined ? [] : fieldsOf(["content-length", String(length)]);
        const pending = client.send(requestTo(adopt(server), { method: "POST", headers, body }, wire));
        await pause(10);
        body.push("world").end();
        const answer = await answerOf(pending);
        assert.equal(
          await readAll(answer.body),
          `POST hello world ${length === undefined ? "none chunked" : "11 none"}|closed`,
        );
        assert.equal(body.isDisposed, true);
      });
    });
  }

  test(`http client, ${wire}: an empty body`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen(always(OK));
      for (const method of ["POST", "GET"]) {
        const answer = await answerOf(client.send(requestTo(port, { method, body: new FakeSource().end() }, wire)));
        assert.equal(await readAll(answer.body), "ok|closed");
      }
    });
  });

  test(`http client, ${wire}: back-pressure: a server that does not read stops the guest`, async () => {
    await withBench(async ({ client, listen }) => {
      const { promise: accepted, resolve } = Promise.withResolvers<() => void>();
      const port = await listen((socket) => {
        socket.pause();
        resolve(() => {
          let left = 32_000_000;
          socket.on("data", (chunk) => {
            left -= chunk.length;
            if (left < 0) socket.write(OK);
          });
          socket.resume();
        });
      });
      const source = new EndlessSource(32_000_000);
      const pending = client.send(requestTo(port, { method: "POST", body: source }, wire));
      const readAway = await accepted;
      let before = -1;
      while (before !== source.takenBytes) {
        before = source.takenBytes;
        await pause(150);
      }
      assert.ok(source.takenBytes < 24_000_000, `${source.takenBytes} bytes were taken`);
      readAway();
      const answer = await answerOf(pending);
      assert.equal(await readAll(answer.body), "ok|closed");
      assert.equal(source.takenBytes, 32_000_000);
    });
  });

  test(`http client, ${wire}: back-pressure: a guest that does not read stops the server`, async () => {
    await withBench(async ({ client, listen }) => {
      const bytes = 32_000_000;
      const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
      const port = await listen((socket) => {
        socket.once("data", () => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
          socket.write(new Uint8Array(bytes));
          resolve(socket);
        });
      });
      const answer = await answerOf(client.send(requestTo(port, {}, wire)));
      const socket = await accepted;
      await pause(300);
      assert.ok(socket.writableLength > 0, "the server still has bytes to send");
      let read = 0;
      for (;;) {
        const chunk = await readSome(answer.body);
        if (!(chunk instanceof Uint8Array)) {
          assert.equal(chunk, "closed");
          break;
        }
        assert.ok(chunk.length <= 65_536);
        read += chunk.length;
      }
      assert.equal(read, bytes);
    });
  });

  test(`http client, ${wire}: a server that has left long before its answer is read`, async () => {
    await withBench(async ({ client, listen }) => {
      const text = "x".repeat(300_000);
      const port = await listen(always(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`, "end"));
      const answer = await answerOf(client.send(requestTo(port, {}, wire)));
      await pause(100);
      assert.equal(await readAll(answer.body), `${text}|closed`);
    });
  });

  test(`http client, ${wire}: an early answer ends a body that is still being written`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen((socket) => {
        socket.once("data", () => socket.write("HTTP/1.1 413 Too large\r\ncontent-length: 2\r\n\r\nno"));
      });
      const body = new FakeSource().push("first");
      const pending = client.send(requestTo(port, { method: "POST", body }, wire));
      const answer = await answerOf(pending);
      assert.equal(answer.status, 413);
      assert.equal(await readAll(answer.body), "no|closed");
      for (let turn = 0; turn < 50 && !body.isDisposed; turn++) await pause(5);
      assert.equal(body.isDisposed, true);
      assert.equal(body.waiting, 0);
    });
  });

  test(`http client, ${wire}: cancelled before the connection, before the head, and in the body`, async () => {
    await withBench(async ({ client, listen, counters }) => {
      const closes: Promise<unknown>[] = [];
      const port = await listen((socket) => {
        closes.push(new Promise((resolve) => socket.once("close", resolve)));
        socket.once("data", (chunk) => {
          if (String(chunk).includes("/body")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
        });
        socket.on("end", () => socket.end());
      });
      const early = client.send(requestTo(port, {}, wire));
      early.dispose();
      early.dispose();
      assert.deepEqual(early.result(), { failed: { tag: "connection-terminated" } });
      const waiting = client.send(requestTo(port, { path: "/wait" }, wire));
      while (closes.length < 1) await pause(5);
      await pause(20);
      waiting.dispose();
      const answer = await answerOf(client.send(requestTo(port, { path: "/body" }, wire)));
      assert.equal(new TextDecoder().decode((await readSome(answer.body)) as Uint8Array), "half");
      answer.body.dispose();
      assert.equal(answer.body.read(1), "closed");
      await Promise.all(closes);
      assert.equal(closes.length, 2, "nothing was dialled for the first");
      assert.equal(client.exchanges, 0);
      for (let turn = 0; turn < 100 && counters.get("egressConnections") > 0; turn++) await pause(5);
    });
  });
}

/** Zeros, as many as asked for. */
class EndlessSource extends FakeSource {
  takenBytes = 0;
  readonly #bytes: number;
  constructor(bytes: number) {
    super();
    this.#bytes = bytes;
  }
  override isReady(): boolean {
    return true;
  }
  override read(bytesMax: number): Uint8Array | "closed" {
    const length = Math.min(bytesMax, this.#bytes - this.takenBytes);
    this.takenBytes += length;
    return length === 0 ? "closed" : new Uint8Array(length);
  }
}

test("http client: trailers of a request", async () => {
  await withBench(async ({ client, listen }) => {
    const { promise: received, resolve } = Promise.withResolvers<string>();
    const port = await listen((socket) => {
      void receiveUntil(socket, "x-sum: 8\r\n\r\n").then((text) => {
        resolve(text);
        socket.end(OK);
      });
    });
    const request = requestTo(port, {
      method: "POST",
      headers: fieldsOf(["trailer", "x-sum"]),
      body: bodyOf("hello"),
      trailers: () => fieldsOf(["x-sum", "7"], ["x-sum", "8"]),
    });
    await answerOf(client.send(request));
    assert.match(
      await received,
      /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 7\r\nx-sum: 8\r\n\r\n$/is,
    );
  });
});

test("http client: a request that may have trailers sends its head before its body", async () => {
  await withBench(async ({ client, listen }) => {
    const port = await listen((socket) => {
      void receiveUntil(socket, "\r\n\r\n").then(() =>
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n")
      );
    });
    const body = new FakeSource();
    const answer = await answerOf(client.send(requestTo(port, { method: "POST", body }, "node:http")));
    assert.equal(new TextDecoder().decode((await readSome(answer.body)) as Uint8Array), "hi");
    answer.body.dispose();
  });
});
