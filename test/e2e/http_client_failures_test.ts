/** Servers that misbehave in every way, and the one code for each: see `http_failure_table.ts`. */
// tidy: long because it is one table, a row for each cause
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { ipv4Address } from "../../src/base/ip_address.ts";
import type { HttpErrorTag } from "../../src/network/http_failure_table.ts";
import { HTTP_LIMITS } from "../../src/network/http_limits.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeSource } from "../support/fake_streams.ts";
import {
  always,
  answerOf,
  bodyOf,
  clockThatSkips,
  failureOf,
  fieldsOf,
  loopback,
  pause,
  readAll,
  readSome,
  requestTo,
  type WireName,
  WIRES,
  withBench,
} from "../support/http_client_bench.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

interface Row {
  readonly what: string;
  readonly answer: string;
  readonly after?: "keep" | "end" | "reset";
  readonly expected: HttpErrorTag;
  /** What comes before the failure; undefined: the head is not there. */
  readonly body?: string;
  /** The row does not hold for the other client of the runtime: why is in `test/upstream`. */
  readonly only?: WireName;
}

const HEAD = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;

const ROWS: readonly Row[] = [
  { what: "the end instead of a head", answer: "", after: "end", expected: "connection-terminated" },
  { what: "a reset instead of a head", answer: "", after: "reset", expected: "connection-terminated" },
  { what: "the end in the head", answer: `${HEAD}x-a: `, after: "end", expected: "connection-terminated" },
  { what: "a reset in the head", answer: `${HEAD}x-a: `, after: "reset", expected: "connection-terminated" },
  { what: "the end after 103", answer: "HTTP/1.1 103 Early\r\n\r\n", after: "end", expected: "connection-terminated" },
  {
    what: "the end before the length",
    answer: `${HEAD}content-length: 9\r\n\r\nhalf`,
    after: "end",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "... of a connection that closes",
    answer: `${HEAD}connection: close\r\ncontent-length: 9\r\n\r\nhalf`,
    after: "end",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "the end between chunks",
    answer: `${CHUNKED}4\r\nhalf\r\n`,
    after: "end",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "the end between chunks of a connection that closes",
    answer: `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n`,
    after: "end",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "a status below 100",
    answer: "HTTP/1.1 099 What\r\ncontent-length: 0\r\n\r\n",
    expected: "HTTP-protocol-error",
  },
  {
    what: "the end in a chunk",
    answer: `${CHUNKED}9\r\nhalf`,
    after: "end",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "the end in the trailers",
    answer: `${CHUNKED}4\r\nhalf\r\n0\r\nx-a:`,
    after: "end",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "a reset in the body",
    answer: `${HEAD}content-length: 9\r\n\r\nhalf`,
    after: "reset",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  {
    what: "a reset in a body until the end",
    answer: `${HEAD}\r\nhalf`,
    after: "reset",
    expected: "HTTP-response-incomplete",
    body: "half",
  },
  { what: "no HTTP", answer: "220 mail.test ESMTP\r\n", expected: "HTTP-protocol-error" },
  { what: "HTTP/7.3", answer: "HTTP/7.3 200 OK\r\n\r\n", expected: "HTTP-protocol-error" },
  { what: "a status that is no number", answer: "HTTP/1.1 2xx OK\r\n\r\n", expected: "HTTP-protocol-error" },
  { what: "a blank in a field name", answer: `${HEAD}x a: 1\r\n\r\n`, expected: "HTTP-protocol-error" },
  { what: "a zero byte in a field", answer: `${HEAD}x-a: 1\0\r\n\r\n`, expected: "HTTP-protocol-error" },
  { what: "a folded field", answer: `${HEAD}x-a: 1\r\n 2\r\n\r\n`, expected: "HTTP-protocol-error" },
  {
    what: "two lengths",
    answer: `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`,
    expected: "HTTP-protocol-error",
  },
  {
    what: "a length that is no number",
    answer: `${HEAD}content-length: 1x\r\n\r\nab`,
    expected: "HTTP-protocol-error",
  },
  {
    what: "a length beside chunks",
    answer: `${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    expected: "HTTP-protocol-error",
  },
  {
    what: "a chunk size that is no number",
    answer: `${CHUNKED}4\r\nhalf\r\nzz\r\n`,
    expected: "HTTP-protocol-error",
    body: "half",
  },
  {
    what: "a chunk without its line end",
    answer: `${CHUNKED}4\r\nhalfX`,
    expected: "HTTP-protocol-error",
    body: "half",
  },
  {
    what: "101 with an upgrade",
    answer: "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    expected: "HTTP-upgrade-failed",
  },
  {
    what: "33 informational heads",
    answer: "HTTP/1.1 103 Early\r\n\r\n".repeat(33) + OK,
    expected: "HTTP-protocol-error",
  },
  {
    what: "100 unasked",
    answer: `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
    expected: "HTTP-protocol-error",
    only: "undici",
  },
  {
    what: "a field that never ends",
    answer: `${HEAD}x-a: ${"a".repeat(70_000)}`,
    expected: "HTTP-response-header-section-size",
  },
  {
    what: "too large a head",
    answer: `${HEAD}${"x-a: 12345678901234567890\r\n".repeat(3_000)}\r\n`,
    expected: "HTTP-response-header-section-size",
  },
  {
    what: "too many fields",
    answer: `${HEAD}${"a:1\r\n".repeat(1_100)}content-length: 0\r\n\r\n`,
    expected: "HTTP-response-header-section-size",
  },
  {
    what: "too many trailers",
    answer: `${CHUNKED}4\r\nhalf\r\n0\r\n${"a:1\r\n".repeat(1_100)}\r\n`,
    expected: "HTTP-response-trailer-section-size",
    body: "half",
    only: "undici",
  },
  {
    what: "too large trailers",
    answer: `${CHUNKED}4\r\nhalf\r\n0\r\n${"x-a: 12345678901234567890\r\n".repeat(3_000)}\r\n`,
    expected: "HTTP-response-trailer-section-size",
    body: "half",
  },
  {
    what: "another transfer coding",
    answer: `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    expected: "HTTP-response-transfer-coding",
  },
  {
    what: "another transfer coding alone",
    answer: `${HEAD}transfer-encoding: gzip\r\n\r\nx`,
    after: "end",
    expected: "HTTP-response-transfer-coding",
  },
];

for (const wire of WIRES) {
  for (const { what, answer: text, after = "keep", expected, body, only } of ROWS) {
    if (only !== undefined && only !== wire) continue;
    test(`http failures, ${wire}: ${what}: ${expected}`, async () => {
      await withBench(async ({ client, listen }) => {
        const port = await listen(always(text, after));
        const pending = client.send(requestTo(port, {}, wire));
        if (body === undefined) {
          assert.equal((await failureOf(pending)).tag, expected);
        } else {
          const answer = await answerOf(pending);
          const text = await readAll(answer.body);
          // node:http forgets what came together with a fault.
          const isForgotten = wire === "node:http" && expected !== "HTTP-response-incomplete" && text.startsWith("|");
          assert.equal(text, `${isForgotten ? "" : body}|${expected}`);
          assert.equal(answer.body.read(1), "closed", "told once");
          assert.equal(answer.trailers(), undefined);
        }
        assert.equal(client.idleConnections, 0);
      });
    });
  }

  for (
    const [what, headers, source, expected] of [
      ["shorter than its length", [["content-length", "9"]], bodyOf("short"), 5n],
      ["nothing, with a length", [["content-length", "9"]], bodyOf(""), 0n],
      ["longer than its length", [["content-length", "3"]], bodyOf("longer"), 6n],
      ["left unfinished", [], new FakeSource().push("half").end({ failed: { message: "dropped" } }), 4n],
    ] as const
  ) {
    test(`http failures, ${wire}: a body ${what} never arrives as a whole one`, async () => {
      await withBench(async ({ client, listen }) => {
        let received = "";
        const port = await listen((socket) => {
          socket.on("data", (chunk) => received += String(chunk));
          socket.on("end", () => socket.end());
        });
        const request = requestTo(port, { method: "POST", headers: fieldsOf(...headers), body: source }, wire);
        assert.deepEqual(await failureOf(client.send(request)), { tag: "HTTP-request-body-size", val: expected });
        assert.equal(source.isDisposed, true);
        await pause(30);
        assert.doesNotMatch(received, /content-length: 0|\r\n0\r\n\r\n|longer/i);
      });
    });
  }

  test(`http failures, ${wire}: a body that failed for a reason of its own tells that`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen((socket) => socket.resume());
      const httpCode = { tag: "connection-read-timeout" };
      const body = new FakeSource().push("half").end({ failed: { message: "the client left", httpCode } });
      assert.deepEqual(await failureOf(client.send(requestTo(port, { method: "POST", body }, wire))), httpCode);
    });
  });

  test(`http failures, ${wire}: too slow to answer: connection-read-timeout, by the guest's limit and by ours`, async () => {
    for (const asked of [7_777, undefined]) {
      const clock = clockThatSkips(asked ?? HTTP_LIMITS.firstByteTimeoutMs);
      await withBench(async ({ client, listen }) => {
        const port = await listen((socket) => socket.on("end", () => socket.end()).resume());
        const request = requestTo(port, { firstByteTimeoutMs: asked }, wire);
        assert.deepEqual(await failureOf(client.send(request)), { tag: "connection-read-timeout" });
      }, { clock, limits: { betweenBytesTimeoutMs: 12_345 } });
    }
  });

  test(`http failures, ${wire}: too slow to go on: connection-read-timeout`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen(always(`${HEAD}content-length: 9\r\n\r\nhalf`));
      const answer = await answerOf(client.send(requestTo(port, { betweenBytesTimeoutMs: 50 }, wire)));
      assert.equal(await readAll(answer.body), "half|connection-read-timeout");
    });
  });

  test(`http failures, ${wire}: a guest that does not read is no slow server`, async () => {
    await withBench(async ({ client, listen }) => {
      const bytes = 8_000_000;
      const port = await listen((socket) => {
        socket.once("data", () => {
          socket.write(`${HEAD}content-length: ${bytes}\r\n\r\n`);
          socket.write(new Uint8Array(bytes));
        });
      });
      const answer = await answerOf(client.send(requestTo(port, { betweenBytesTimeoutMs: 100 }, wire)));
      await pause(300);
      let read = 0;
      for (let part = await readSome(answer.body); part !== "closed"; part = await readSome(answer.body)) {
        if (!(part instanceof Uint8Array)) assert.fail(part.failed.message);
        read += part.length;
      }
      assert.equal(read, bytes);
    });
  });

  test(`http failures, ${wire}: a server that takes no more of the body: connection-write-timeout`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen((socket) => socket.pause());
      const body = new FakeSource();
      const big = "x".repeat(1_000_000);
      for (let part = 0; part < 24; part++) body.push(big);
      const pending = client.send(requestTo(port, { method: "POST", body }, wire));
      assert.deepEqual(await failureOf(pending), { tag: "connection-write-timeout" });
      assert.equal(body.isDisposed, true);
    }, { limits: { writeTimeoutMs: 300 } });
  });
}

test("http failures: nobody listens: connection-refused", async () => {
  await withBench(async ({ client }) => {
    assert.deepEqual(await failureOf(client.send(requestTo(await freePort()))), { tag: "connection-refused" });
  });
});

test("http failures: no address: destination-IP-unroutable", async () => {
  await withBench(async ({ client }) => {
    assert.deepEqual(await failureOf(client.send(requestTo(80))), { tag: "destination-IP-unroutable" });
  }, { dial: () => Promise.resolve({ addresses: [] }) });
});

test("http failures: the system forbids the address: destination-IP-prohibited", async () => {
  const broadcast = { address: ipv4Address(255, 255, 255, 255), port: 80 };
  await withBench(async ({ client }) => {
    const { tag } = await failureOf(client.send(requestTo(80)));
    // A machine without any route says that first.
    assert.ok(tag === "destination-IP-prohibited" || tag === "destination-IP-unroutable", tag);
  }, { dial: () => Promise.resolve({ addresses: [broadcast] }) });
});

for (
  const failed of [{ tag: "HTTP-request-denied" }, { tag: "DNS-timeout" }, {
    tag: "DNS-error",
    val: { rcode: "NXDOMAIN" },
  }] as const
) {
  test(`http failures: what dial says is what the guest gets: ${failed.tag}`, async () => {
    await withBench(async ({ client }) => {
      assert.deepEqual(await failureOf(client.send(requestTo(80))), failed);
    }, { dial: () => Promise.resolve({ failed }) });
  });
}

test("http failures: too slow to connect: connection-timeout, while resolving and while connecting; dial is told", async () => {
  for (const step of ["dial", "connect"] as const) {
    const clock = new FakeClock();
    let signal: AbortSignal | undefined;
    await withBench(async ({ client, listen }) => {
      const pending = client.send(requestTo(await listen(always(OK))));
      // Enough for the answer of `dial`; the system had no turn yet to connect.
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      const advanced = clock.advanceMs(HTTP_LIMITS.connectTimeoutMs);
      assert.deepEqual(pending.result(), { failed: { tag: "connection-timeout" } });
      await advanced;
      assert.equal(signal?.aborted, true);
      assert.equal(clock.timersArmed, 0);
    }, {
      clock,
      dial: ({ port }, asked) => {
        signal = asked;
        return step === "dial" ? new Promise(() => {}) : Promise.resolve({ addresses: [loopback(port)] });
      },
    });
  }
});

test("dialer: the next address is tried when one fails, and when one is slow", async () => {
  await withBench(async ({ newClient, listen }) => {
    const port = await listen(always(OK));
    const closed = loopback(await freePort());
    for (const first of [closed, { address: ipv4Address(192, 0, 2, 1), port }]) {
      const client = newClient({ dial: () => Promise.resolve({ addresses: [first, loopback(port)] }) });
      assert.equal((await answerOf(client.send(requestTo(port)))).status, 200);
    }
    const client = newClient({ dial: () => Promise.resolve({ addresses: [closed, closed] }) });
    assert.deepEqual(await failureOf(client.send(requestTo(port))), { tag: "connection-refused" });
  });
});

test("dialer: no more than 16 addresses of a name are tried", async () => {
  await withBench(async ({ client, listen }) => {
    assert.equal(await listen(always(OK)) > 0, true);
    assert.deepEqual(await failureOf(client.send(requestTo(80))), { tag: "connection-refused" });
  }, {
    dial: async () => {
      const closed = loopback(await freePort());
      const server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const open = server.address() as { port: number };
      server.unref();
      return { addresses: [...Array.from({ length: 16 }, () => closed), loopback(open.port)] };
    },
  });
});

async function freePort(): Promise<number> {
  const server = createServer((_socket: Socket) => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  server.close();
  await once(server, "close");
  return address.port;
}
