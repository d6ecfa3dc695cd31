import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerExchange } from "../instance/handler_exchange.ts";
import type { Destination } from "./http_app.ts";
import { NO_ACTIVITY } from "./web_body.ts";
import { serveWebRequest } from "./web_exchange.ts";
import { TrustedProxies } from "./trusted_proxies.ts";

const encoder = new TextEncoder();

interface Served {
  readonly response: Response;
  readonly exchange: HandlerExchange;
  readonly failures: readonly string[];
}

/** What a handler's answer becomes. */
async function served(
  answer: (exchange: HandlerExchange) => void,
  { method = "GET", signal = new AbortController().signal }: Pick<RequestInit, "method"> & { signal?: AbortSignal } =
    {},
): Promise<Served> {
  const failures: string[] = [];
  let given: HandlerExchange | undefined;
  const target: Destination = {
    workload: "w",
    route: "r",
    match: { host: "*", path: "/*", methods: undefined },
    hasService: false,
    serve(exchange) {
      given = exchange;
      answer(exchange);
      return new Promise(() => {});
    },
  };
  const response = await serveWebRequest(
    { request: new Request("http://edge.example/", { method, signal }), body: undefined, length: undefined },
    {
      requestId: "r1",
      router: { match: () => ({ kind: "found", target, params: {} }) },
      activity: NO_ACTIVITY,
      remoteAddress: undefined,
      proxies: new TrustedProxies(),
      onFailure: ({ text }) => failures.push(text),
      onServed: (_exchange, _destination, done) => void done,
    },
  );
  if (given === undefined) throw new TypeError("nothing was served");
  return { response, exchange: given, failures };
}

function field(name: string, value: string): [string, Uint8Array] {
  return [name, encoder.encode(value)];
}

for (const status of [600, 999]) {
  test(`web exchange: a status of ${status}, which no Response can have, is answered for`, async () => {
    const { response, failures } = await served((exchange) => void exchange.respond({ status, headers: [] }));
    assert.equal(response.status, 502);
    assert.match(failures.join(), new RegExp(`the status ${status}`));
  });
}

const LENGTHS: readonly (readonly [name: string, written: number])[] = [["more", 20], ["less", 3]];
for (const [name, written] of LENGTHS) {
  test(`web exchange: a guest that writes ${name} than its content-length breaks its answer off`, async () => {
    const { response, failures } = await served((exchange) => {
      const body = exchange.respond({ status: 200, headers: [field("content-length", "5")] });
      body.write(new Uint8Array(written));
      body.finish(undefined);
    });
    assert.equal(response.headers.get("content-length"), "5");
    await assert.rejects(response.bytes());
    assert.match(failures.join(), /its content-length/);
  });
}

test("web exchange: fields of a connection are no guest's to set", async () => {
  const { response } = await served((exchange) => {
    const headers = [
      field("transfer-encoding", "chunked"),
      field("connection", "x"),
      field("a", "b"),
      field("x-request-id", "x"),
    ];
    exchange.respond({ status: 200, headers }).finish(undefined);
  });
  assert.deepEqual([...response.headers], [["a", "b"], ["x-request-id", "r1"]]);
});

for (const [method, status] of [["HEAD", 200], ["GET", 204], ["GET", 700]] as const) {
  test(`web exchange: ${method} ${status}: a guest is not held up by a body that nobody gets`, async () => {
    const permits: unknown[] = [];
    await served((exchange) => {
      const body = exchange.respond({ status, headers: [] });
      for (let piece = 0; piece < 4; piece++) {
        permits.push(body.permit());
        body.write(new Uint8Array(65_536));
      }
      body.finish(undefined);
    }, { method });
    assert.deepEqual(permits, [65_536, 65_536, 65_536, 65_536]);
  });
}

for (const isRead of [true, false]) {
  test(`web exchange: a signal that is aborted ${isRead ? "after" : "before"} the end of the answer`, async () => {
    const client = new AbortController();
    let hasLeft = false;
    const { response, exchange } = await served((given) => {
      given.onClientGone(() => hasLeft = true);
      const body = given.respond({ status: 200, headers: [] });
      body.write(encoder.encode("hello"));
      if (isRead) body.finish(undefined);
    }, { signal: client.signal });
    if (isRead) assert.equal(await response.text(), "hello");
    client.abort();
    // A wait list tells in a job of its own.
    await new Promise((resolve) => setImmediate(resolve));
    // The guest of an answer that came through goes on: servers abort then too.
    assert.deepEqual([hasLeft, exchange.isClientGone], [!isRead, !isRead]);
  });
}

test("web exchange: whoever cancels the body has gone, and the guest is told", async () => {
  let left = 0;
  const { response, exchange } = await served((exchange) => {
    exchange.onClientGone(() => left++);
    exchange.respond({ status: 200, headers: [] });
  });
  await response.body?.cancel();
  assert.deepEqual([exchange.isClientGone, left], [true, 1]);
});
