/** The admin's own listener: small limits, short answers, and nothing that a client could hold on to. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { LoopgateError } from "../base/errors.ts";
import { AdminApp } from "./admin_app.ts";
import type { AdminSource } from "./admin_source.ts";
import { pageFile } from "./page_files.ts";
import { type ProcessUsage, PrometheusMetrics } from "./prometheus.ts";

// As for the listener of clients: the ES module would load Node's fetch.
const { createServer } = process.getBuiltinModule("node:http");

/** Where it listens. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

/** Some browsers, a scraper and probes. Past it connections are closed at accept. */
const CONNECTIONS_MAX = 128;
const HEADER_BYTES_MAX = 8_192;
/** From a connection's first byte to the whole request, which has no body. */
const REQUEST_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** How often the two above are looked at. */
const CHECK_INTERVAL_MS = 1_000;

/** Owned by the gateway: opened after the listener of clients, closed last, so that a drain can be watched. */
export class AdminListener {
  readonly #server: Server;
  readonly #app: AdminApp;
  readonly #onFault: (error: unknown) => void;

  constructor(source: AdminSource, options: { readonly host: string; readonly onFault: (error: unknown) => void }) {
    this.#onFault = options.onFault;
    this.#app = new AdminApp({
      source,
      metrics: new PrometheusMetrics(source, processUsage),
      pageFile,
      listenHost: options.host,
    });
    this.#server = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    }, (request, response) => void this.#serve(request, response));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /**
   * Opens the socket.
   *
   * @throws {LoopgateError} ERR_LISTEN
   */
  listen({ host, port }: AdminAddress): Promise<AdminAddress> {
    return new Promise((resolve, reject) => {
      const onError = (cause: Error): void => {
        const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
        const message =
          `Cannot listen on "${where}" for the admin: ${cause.message}, expected a free port of this machine`;
        reject(new LoopgateError("LG5002", message, { cause }));
      };
      this.#server.once("error", onError);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", onError);
        this.#server.on("error", this.#onFault);
        const bound = this.#server.address() as AddressInfo;
        resolve({ host: bound.address, port: bound.port });
      });
    });
  }

  /** Ends everything now: answers are short, and nobody waits for one. Idempotent. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Whatever body there is belongs to nothing here.
    request.resume();
    response.on("error", () => {
      // The client has gone; there is nothing to be told.
    });
    try {
      const { method = "", url: target = "", headers: { host } } = request;
      const { status, contentType, body, fields } = await this.#app.answer({ method, target, host });
      const head = { ...fields, "content-type": contentType, "content-length": Buffer.byteLength(body) };
      response.writeHead(status, head).end(method === "HEAD" ? undefined : body);
    } catch (error) {
      this.#onFault(error);
      if (!response.headersSent) response.writeHead(500, { "content-length": 0 });
      response.end();
    }
  }
}

function processUsage(): ProcessUsage {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { residentBytes: rss, heapUsedBytes: heapUsed, cpuSeconds: (user + system) / 1e6 };
}
