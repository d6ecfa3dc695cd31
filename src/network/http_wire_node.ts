/**
 * Exchanges over `node:http`, for requests whose body may have trailers: undici sends none, and holds the head back until
 * the body's first byte (`test/upstream`). The connection is the caller's, and serves this one exchange only.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import process from "node:process";
import type { Duplex, Readable } from "node:stream";
import { httpFailure } from "./http_failure_table.ts";
import { HttpFault } from "./http_failure.ts";
import { RESPONSE_FIELDS_MAX, RESPONSE_SECTION_BYTES_MAX } from "./http_limits.ts";
import { fieldsFromRaw, type WireEvents, type WireFlow, type WireRequest } from "./http_wire.ts";

// Not imported: see `server/http_listener.ts`.
const { Agent, request: startRequest } = process.getBuiltinModule("node:http");

/** Sends `request` over `socket`, which is done for afterwards. */
export function sendOverNode(socket: Duplex, wireRequest: WireRequest, events: WireEvents): WireFlow {
  return new NodeExchange(socket, wireRequest, events);
}

/** Never asks for a connection: it has one, and no pool, no proxy and no name is looked at. */
class OneSocketAgent extends Agent {
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    // Deno would take the variables of a proxy for every agent that has none of its own.
    super({ keepAlive: false, maxSockets: 1, proxyEnv: {} });
    this.#socket = socket;
  }

  override createConnection(): Duplex {
    return this.#socket;
  }
}

class NodeExchange implements WireFlow {
  readonly #events: WireEvents;
  readonly #body: Readable | undefined;
  #response: IncomingMessage | undefined;
  #isOver = false;

  constructor(socket: Duplex, { plan, body, trailers }: WireRequest, events: WireEvents) {
    this.#events = events;
    this.#body = body;
    const request = startRequest({
      agent: new OneSocketAgent(socket),
      // Only for the agent's bookkeeping; Host is among the fields.
      host: "localhost",
      setHost: false,
      method: plan.method,
      path: plan.path,
      maxHeaderSize: RESPONSE_SECTION_BYTES_MAX,
      insecureHTTPParser: false,
    });
    // One more than may come: past its limit the client drops fields without a word.
    request.maxHeadersCount = RESPONSE_FIELDS_MAX + 1;
    request.setHeader("host", plan.authority);
    for (const [name, values] of groupByName(plan.headers)) request.setHeader(name, values);
    request.setHeader("connection", "close");
    if (plan.contentLength !== undefined) request.setHeader("content-length", String(plan.contentLength));
    else if (body !== undefined) request.setHeader("transfer-encoding", "chunked");
    this.#listen(request);
    events.started();
    if (body === undefined) request.end();
    else this.#send(request, body, trailers);
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  #listen(request: ClientRequest): void {
    request.on("finish", () => {
      if (!this.#isOver) this.#events.sent();
    });
    request.on("information", () => this.#events.informational());
    request.on("upgrade", () => this.#fail(new HttpFault(httpFailure("HTTP-upgrade-failed"))));
    request.on("error", (error) => this.#fail(error));
    request.on("close", () => {
      // With an answer it comes as soon as the connection is gone, although much of the body may wait to be read.
      if (this.#response === undefined) this.#fail(cutError());
    });
    request.on("response", (response) => this.#receive(response));
  }

  #send(request: ClientRequest, body: Readable, trailers: WireRequest["trailers"]): void {
    // The server may want to answer before the first byte of the body.
    request.flushHeaders();
    body.on("data", (chunk: Uint8Array) => {
      if (!this.#isOver && !request.write(chunk)) body.pause();
    });
    request.on("drain", () => body.resume());
    body.on("error", (error) => this.#fail(error));
    body.on("end", () => {
      if (this.#isOver) return;
      const lines = trailers?.() ?? [];
      const pairs = lines.flatMap((name, at) => at % 2 === 0 ? [[name, lines[at + 1] ?? ""] as [string, string]] : []);
      if (pairs.length > 0) request.addTrailers(pairs);
      request.end();
    });
  }

  #receive(response: IncomingMessage): void {
    if (this.#isOver) return;
    this.#response = response;
    this.#events.answering();
    response.on("data", (chunk: Uint8Array) => {
      if (!this.#isOver) this.#events.data(chunk);
    });
    response.on("error", (error) => this.#fail(error));
    response.on("end", () => this.#end(response));
    response.on("close", () => {
      if (!response.readableEnded) this.#fail(cutError());
    });
    this.#events.head(response.statusCode ?? 0, fieldsFromRaw(response.rawHeaders));
  }

  #end(response: IncomingMessage): void {
    if (this.#isOver) return;
    if (!response.complete) return this.#fail(cutError());
    this.#isOver = true;
    this.#body?.destroy();
    this.#events.ended(fieldsFromRaw(response.rawTrailers));
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body?.destroy();
    this.#events.failed(error);
  }
}

function cutError(): Error {
  return Object.assign(new Error("The connection has ended"), { code: "ECONNRESET" });
}

/** `setHeader` replaces, so lines of one name go together; their order is kept. */
function groupByName(lines: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = (lines[at] ?? "").toLowerCase();
    const values = groups.get(name);
    if (values === undefined) groups.set(name, [lines[at + 1] ?? ""]);
    else values.push(lines[at + 1] ?? "");
  }
  return groups;
}
