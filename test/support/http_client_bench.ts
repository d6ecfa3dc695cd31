/**
 * An `HttpClient` against real servers on the machine's loopback (which no policy would ever allow: `dial` is the test's).
 * Afterwards everything is closed, and nothing may be left.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { ByteSource, StreamEnd } from "../../src/base/byte_stream.ts";
import { LOOPBACK_V4, type SocketAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import { HttpClient, type HttpClientOptions } from "../../src/network/http_client.ts";
import { ConnectionSlots } from "../../src/network/connection_slots.ts";
import type { HttpFailure } from "../../src/network/http_failure_table.ts";
import type { HttpAnswer, HttpFields, HttpRequest, PendingExchange } from "../../src/network/http_message.ts";
import { TlsTrust } from "../../src/network/tls_trust.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeSource } from "./fake_streams.ts";

/** Which client of the runtime speaks: both must give the same answers. */
export type WireName = "undici" | "node:http";
export const WIRES: readonly WireName[] = ["undici", "node:http"];

export interface Bench {
  readonly client: HttpClient;
  readonly counters: LiveCounters;
  readonly slots: ConnectionSlots;
  /** Ports that `dial` was asked for; the addresses it gives are the machine's. */
  readonly dialled: string[];
  /** Another client of the same workload. */
  readonly newClient: (change?: Partial<HttpClientOptions>) => HttpClient;
  /** A server of plain sockets; returns its port. */
  readonly listen: (onConnection: (socket: Socket) => void) => Promise<number>;
  /** Takes over the life of a server that listens. */
  readonly adopt: (server: Server) => number;
}

export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), "utf8");
}

export const TEST_TRUST: TlsTrust = new TlsTrust(fixture("ca.pem"));

export async function withBench(
  run: (bench: Bench) => Promise<void>,
  change: Partial<Omit<HttpClientOptions, "slots">> & { readonly slots?: ConnectionSlots } = {},
): Promise<void> {
  const counters = new LiveCounters();
  const slots = change.slots ?? new ConnectionSlots(128);
  const dialled: string[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const clients: HttpClient[] = [];
  const newClient: Bench["newClient"] = (more = {}) => {
    const client = new HttpClient({
      dial: ({ host, port }) => {
        dialled.push(`${host}:${port}`);
        return Promise.resolve({ addresses: [loopback(port)] });
      },
      stillAllowed: () => true,
      trust: TEST_TRUST,
      slots,
      clock: systemClock,
      counters,
      cdnId: "gateway.test",
      ...change,
      ...more,
    });
    clients.push(client);
    return client;
  };
  const adopt: Bench["adopt"] = (server) => {
    servers.push(server);
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => sockets.delete(socket));
    });
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    return address.port;
  };
  const listen: Bench["listen"] = async (onConnection) => {
    const server = createServer({ allowHalfOpen: true }, onConnection);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return adopt(server);
  };
  try {
    await run({ client: newClient(), counters, slots, dialled, newClient, listen, adopt });
    for (const client of clients) {
      client.destroy();
      assert.equal(client.exchanges, 0, "exchanges");
    }
    assert.equal(slots.taken, 0, "slots");
    assert.equal(counters.get("timers"), 0, "timers");
    for (let turn = 0; turn < 200 && counters.get("egressConnections") > 0; turn++) await pause(5);
    assert.equal(counters.get("egressConnections"), 0, "sockets");
  } finally {
    for (const client of clients) client.destroy();
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  }
}

export function loopback(port: number): SocketAddress {
  return { address: LOOPBACK_V4, port };
}

/** A GET of "/" over `wire`. */
export function requestTo(port: number, change: Partial<HttpRequest> = {}, wire: WireName = "undici"): HttpRequest {
  return {
    scheme: "http",
    host: "good.test",
    port,
    method: "GET",
    path: "/",
    headers: [],
    body: undefined,
    ...(wire === "node:http" ? { trailers: () => undefined } : {}),
    ...change,
  };
}

export function fieldsOf(...lines: readonly (readonly [string, string])[]): HttpFields {
  return lines.map(([name, value]) => [name, new TextEncoder().encode(value)]);
}

export function textOf(fields: HttpFields | undefined): string[] | undefined {
  return fields?.map(([name, value]) => `${name}: ${new TextDecoder("latin1").decode(value)}`);
}

export function bodyOf(text: string): FakeSource {
  return new FakeSource().push(text).end();
}

/** The answer; fails when there is none. */
export async function answerOf(pending: PendingExchange): Promise<HttpAnswer> {
  const result = await resultOf(pending);
  if ("failed" in result) assert.fail(`failed: ${result.failed.tag} ${JSON.stringify(result.failed.val ?? null)}`);
  return result;
}

export async function failureOf(pending: PendingExchange): Promise<HttpFailure> {
  const result = await resultOf(pending);
  if (!("failed" in result)) assert.fail(`answered ${result.status}`);
  return result.failed;
}

export async function resultOf(pending: PendingExchange): Promise<HttpAnswer | { readonly failed: HttpFailure }> {
  await untilReady(pending);
  const result = pending.result();
  assert.ok(result !== undefined);
  assert.equal(pending.result(), result, "always the same");
  return result;
}

/** `text|closed`, or `text|<code>` for a body that broke off. */
export async function readAll(body: ByteSource): Promise<string> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  for (;;) {
    const read = await readSome(body);
    if (read instanceof Uint8Array) text += decoder.decode(read);
    else return `${text}|${read === "closed" ? read : read.failed.httpCode?.tag}`;
  }
}

/** The next bytes or the end. */
export async function readSome(body: ByteSource, bytesMax = 65_536): Promise<Uint8Array | StreamEnd> {
  for (;;) {
    await untilReady(body);
    const read = body.read(bytesMax);
    if (!(read instanceof Uint8Array) || read.length > 0) return read;
  }
}

/** Everything a client sends, until the text has `end`. */
export function receiveUntil(socket: Socket, end: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const onData = (chunk: Uint8Array): void => {
      text += new TextDecoder("latin1").decode(chunk);
      if (!text.includes(end)) return;
      socket.off("data", onData);
      resolve(text);
    };
    socket.on("data", onData);
  });
}

/** Answers each request head on each connection with `answer`, as it is. */
export function always(
  answer: string,
  then: "keep" | "end" | "reset" = "keep",
): (socket: Pick<Socket, "on" | "write" | "end" | "resetAndDestroy">) => void {
  return (socket) => {
    socket.on("data", (chunk) => {
      if (!String(chunk).includes("\r\n\r\n")) return;
      socket.write(answer, "latin1", () => {
        if (then === "end") socket.end();
        // What was written has to arrive before the reset does.
        if (then === "reset") setTimeout(() => socket.resetAndDestroy(), 20);
      });
    });
    socket.on("end", () => socket.end());
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A clock whose timers of exactly `delayMs` fire at once: a limit is reached, however fast the machine is. */
export function clockThatSkips(delayMs: number): Clock {
  return {
    ...systemClock,
    startTimer: (askedMs, fire) => systemClock.startTimer(askedMs === delayMs ? 0 : askedMs, fire),
  };
}
