/** https: SNI, the certificate's name, the roots, alerts, and a handshake that goes wrong in every way. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import type { HttpErrorTag } from "../../src/network/http_failure_table.ts";
import { TlsTrust } from "../../src/network/tls_trust.ts";
import {
  always,
  answerOf,
  type Bench,
  bodyOf,
  failureOf,
  fixture,
  pause,
  readAll,
  receiveUntil,
  requestTo,
  WIRES,
  withBench,
} from "../support/http_client_bench.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A server with the certificate `name`; what it saw of each connection is in `seen`. */
async function listenTls(
  bench: Bench,
  name: string,
  options: TlsOptions = {},
): Promise<{ port: number; seen: string[]; requests: string[] }> {
  const [seen, requests]: [string[], string[]] = [[], []];
  const server = createServer(
    { key: fixture(`${name}.key.pem`), cert: fixture(`${name}.pem`), ALPNProtocols: ["h2", "http/1.1"], ...options },
    (socket: TLSSocket & { servername?: string | false | null }) => {
      seen.push(`${socket.servername || "no name"} ${socket.alpnProtocol}`);
      socket.on("error", () => {});
      socket.on("data", (chunk) => requests.push(String(chunk)));
      always(OK)(socket);
    },
  );
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: bench.adopt(server), seen, requests };
}

for (const wire of WIRES) {
  test(`https, ${wire}: the name is SNI and is checked; HTTP/1.1 only, though the server would like h2`, async () => {
    await withBench(async (bench) => {
      const { port, seen } = await listenTls(bench, "good");
      for (const host of ["good.test", "good.test.", "any.wild.test"]) {
        const request = requestTo(port, { scheme: "https", host, method: "POST", body: bodyOf("x") }, wire);
        assert.equal(await readAll((await answerOf(bench.client.send(request))).body), "ok|closed");
      }
      assert.deepEqual(seen, ["good.test http/1.1", "good.test http/1.1", "any.wild.test http/1.1"]);
    });
  });
}

test("https: a literal address has no SNI, and the certificate must name it", async () => {
  await withBench(async (bench) => {
    const { port, seen } = await listenTls(bench, "good");
    const get = (host: string) => bench.client.send(requestTo(port, { scheme: "https", host }));
    assert.equal((await answerOf(get("127.0.0.1"))).status, 200);
    assert.equal((await answerOf(get("[::1]"))).status, 200);
    assert.deepEqual(seen, ["no name http/1.1", "no name http/1.1"]);
    assert.deepEqual(await failureOf(get("127.0.0.2")), { tag: "TLS-certificate-error" });
    assert.deepEqual(await failureOf(get("[::2]")), { tag: "TLS-certificate-error" });
  });
});

for (
  const [what, certificate, host] of [
    ["another name", "good", "evil.test"],
    ["a parent of the name", "good", "a.good.test"],
    ["two labels under a wildcard", "good", "a.b.wild.test"],
    ["the suffix of a wildcard", "good", "wild.test"],
    ["no name but a common one", "nameless", "good.test"],
    ["a past date", "expired", "good.test"],
    ["a stranger's signature", "stranger", "good.test"],
  ] as const
) {
  test(`https: a certificate with ${what}: TLS-certificate-error, and nothing is sent`, async () => {
    await withBench(async (bench) => {
      const { port, requests } = await listenTls(bench, certificate);
      const pending = bench.client.send(requestTo(port, { scheme: "https", host }));
      assert.deepEqual(await failureOf(pending), { tag: "TLS-certificate-error" });
      await pause(20);
      assert.deepEqual(requests, []);
    });
  });
}

test("https: without the file the test's own root is a stranger: the system's roots are what else is trusted", async () => {
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  try {
    await withBench(async (bench) => {
      const { port } = await listenTls(bench, "good");
      const pending = bench.client.send(requestTo(port, { scheme: "https" }));
      assert.deepEqual(await failureOf(pending), { tag: "TLS-certificate-error" });
    }, { trust: new TlsTrust() });
  } finally {
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  }
});

test("TlsTrust: a file that is no PEM is refused", () => {
  for (
    const ca of ["", "no", fixture("good.key.pem"), "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"]
  ) {
    assert.throws(() => new TlsTrust(ca), TypeError);
  }
  assert.ok(new TlsTrust(fixture("ca.pem") + fixture("good.pem")).context());
});

test("https: a connection is used again, and no session of another client is", async () => {
  await withBench(async (bench) => {
    const { port, seen } = await listenTls(bench, "good");
    const get = async (client = bench.client): Promise<void> => {
      await readAll((await answerOf(client.send(requestTo(port, { scheme: "https" })))).body);
      await pause(2);
    };
    await get();
    await get();
    assert.equal(seen.length, 1);
    await get(bench.newClient());
    assert.equal(seen.length, 2);
  });
});

for (
  const [what, onHello, expected] of [
    ["the end", (socket: Socket) => socket.end(), "connection-terminated"],
    ["a reset", (socket: Socket) => socket.resetAndDestroy(), "connection-terminated"],
    ["HTTP", (socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), "TLS-protocol-error"],
    [
      "an alert: handshake_failure",
      (socket: Socket) => socket.end(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40)),
      "TLS-alert-received",
    ],
    [
      "an alert: unrecognized_name",
      (socket: Socket) => socket.end(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 112)),
      "TLS-alert-received",
    ],
  ] as const satisfies readonly (readonly [string, (socket: Socket) => unknown, HttpErrorTag])[]
) {
  test(`https: instead of a handshake comes ${what}: ${expected}`, async () => {
    await withBench(async ({ client, listen }) => {
      const port = await listen((socket) => socket.once("data", () => onHello(socket)));
      const failure = await failureOf(client.send(requestTo(port, { scheme: "https" })));
      const alertId = what.endsWith("failure") ? 40 : 112;
      const alertMessage = what.endsWith("failure") ? "handshake_failure" : "unrecognized_name";
      assert.deepEqual(
        failure,
        expected === "TLS-alert-received" ? { tag: expected, val: { alertId, alertMessage } } : { tag: expected },
      );
    });
  });
}

test("https: a handshake that does not end: connection-timeout", async () => {
  await withBench(async ({ client, listen }) => {
    const port = await listen((socket) => socket.on("end", () => socket.end()).resume());
    const pending = client.send(requestTo(port, { scheme: "https", connectTimeoutMs: 100 }));
    assert.deepEqual(await failureOf(pending), { tag: "connection-timeout" });
  });
});

test("https: a server that wants a client's certificate ends with an alert", async () => {
  await withBench(async (bench) => {
    const options = {
      requestCert: true,
      rejectUnauthorized: true,
      ca: fixture("ca.pem"),
      maxVersion: "TLSv1.2",
    } as const;
    const { port } = await listenTls(bench, "good", options);
    const { tag } = await failureOf(bench.client.send(requestTo(port, { scheme: "https" })));
    // Node's server says it with an alert or by leaving, depending on who is first.
    assert.ok(["TLS-alert-received", "connection-terminated"].includes(tag), tag);
  });
});

test("https: cancelled in the handshake, and while the answer comes", async () => {
  await withBench(async (bench) => {
    const { promise: hello, resolve } = Promise.withResolvers<Socket>();
    const silent = await bench.listen((socket) => socket.once("data", () => resolve(socket)));
    const early = bench.client.send(requestTo(silent, { scheme: "https" }));
    const socket = await hello;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    early.dispose();
    socket.on("end", () => socket.end());
    socket.resume();
    await closed;
    const server = createServer({ key: fixture("good.key.pem"), cert: fixture("good.pem") }, (secured) => {
      secured.on("error", () => {});
      void receiveUntil(secured as unknown as Socket, "\r\n\r\n").then(() =>
        secured.write("HTTP/1.1 200 OK\r\n\r\nhalf")
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const answer = await answerOf(bench.client.send(requestTo(bench.adopt(server), { scheme: "https" })));
    answer.body.dispose();
    assert.equal(bench.slots.taken, 0);
  });
});
