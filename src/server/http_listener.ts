/**
 * The one listener, on `node:http` for both runtimes: it has the limits that Deno's own server lacks. It owns the
 * sockets; what a request means is up to `HttpListenerOptions.serve`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { failureAnswer, type GatewayFailure } from "./failure_status.ts";
import type { ListenerLimits } from "./listener_limits.ts";

/** A host and a port, as in `--listen`. */
export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** What a listener needs. */
export interface HttpListenerOptions {
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  /** Takes a request over; never throws. `isDraining` asks for a connection that ends with its answer. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
  /** A request that was refused before it was one. */
  readonly onRefused: (failure: GatewayFailure) => void;
  /** The accepting socket failed while serving. */
  readonly onFault: (error: unknown) => void;
}

/** What is known of an open connection. */
interface Connection {
  /** Responses that are not out yet, in the order of their requests: a client may send ahead. */
  readonly open: Set<ServerResponse>;
}

/** How often connections are held against the header and request timeouts; a tenth of the shortest. */
const TIMEOUT_CHECKS_PER_TIMEOUT = 10;

/** Listens, watches over its connections, and closes without cutting an answer. */
export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server;
  readonly #connections = new Map<Duplex, Connection>();
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: HttpListenerOptions) {
    const { limits } = options;
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.ceil(limits.headersTimeoutMs / TIMEOUT_CHECKS_PER_TIMEOUT),
      // The gateway answers these itself, with a problem body.
      requireHostHeader: false,
    });
    this.#server.maxConnections = limits.connectionsMax;
    // Past its default count Deno drops fields without a word, a second Host or the length of the body; bytes are the bound.
    this.#server.maxHeadersCount = 0;
    this.#server.on("connection", (socket) => this.#watch(socket));
    this.#server.on("request", (request, response) => this.#take(request, response));
    // The guest's first read asks for the body, see `RequestBody`.
    this.#server.on("checkContinue", (request, response) => this.#take(request, response));
    this.#server.on("checkExpectation", (request, response) => this.#take(request, response));
    this.#server.on("upgrade", (_, socket) => this.#refuse(socket, { kind: "not-implemented", detail: "Upgrade" }));
    this.#server.on("connect", (_, socket) => this.#refuse(socket, { kind: "not-implemented", detail: "CONNECT" }));
    this.#server.on("clientError", (error, socket) => this.#refuse(socket, failureOf(error)));
  }

  /** Open connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** True from `close` on: new requests on open connections are refused. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /**
   * Opens the listening socket.
   *
   * @throws {LoopgateError} ERR_LISTEN
   */
  listen(address: ListenAddress): Promise<ListenAddress> {
    const where = `"${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}"`;
    return new Promise((resolve, reject) => {
      const onError = (cause: Error): void => {
        const message = `Cannot listen on ${where}: ${cause.message}, expected a free port of this machine`;
        reject(new LoopgateError("ERR_LISTEN", message, { cause }));
      };
      this.#server.once("error", onError);
      this.#server.listen({ host: address.host, port: address.port }, () => {
        this.#server.off("error", onError);
        this.#server.on("error", this.#options.onFault);
        const bound = this.#server.address() as AddressInfo;
        resolve({ host: bound.address, port: bound.port });
      });
    });
  }

  /** Stops accepting, lets what is in flight finish up to the limit, then cuts the rest. Idempotent. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    if (!this.#server.listening) return;
    const isDown = new Promise<void>((resolve) => {
      // Not `http.Server.close`: it cuts connections whose answer was ended but is still on its way.
      NetServer.prototype.close.call(this.#server, () => resolve());
    });
    const { promise: isEmpty, resolve: signalEmpty } = Promise.withResolvers<void>();
    this.#onEmpty = signalEmpty;
    for (const [socket, connection] of this.#connections) {
      if (connection.open.size === 0) endQuietly(socket);
    }
    this.#signalEmpty();
    const cancelLimit = this.#options.clock.startTimer(this.#options.limits.drainTimeoutMs, () => {
      for (const socket of this.#connections.keys()) socket.destroy();
    });
    // The server counts a connection as gone before its responses are told; only the sockets' own ends are the end.
    await Promise.all([isEmpty, isDown]);
    cancelLimit();
    // Its timer for header and request timeouts goes on otherwise.
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #watch(socket: Socket): void {
    const connection: Connection = { open: new Set() };
    this.#connections.set(socket, connection);
    socket.on("close", () => {
      setImmediate(() => closeLeft(connection));
      this.#connections.delete(socket);
      this.#signalEmpty();
    });
    if (this.#isClosing) socket.destroy();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      connection.open.add(response);
      response.once("close", () => {
        connection.open.delete(response);
        if (this.#isClosing && connection.open.size === 0) endQuietly(socket);
      });
    }
    if (this.#isClosing) response.shouldKeepAlive = false;
    this.#options.serve(request, response);
  }

  /** Answers on the bare socket where that is still possible, and ends the connection. */
  #refuse(socket: Duplex, failure: GatewayFailure | undefined): void {
    const [first, ...ahead] = this.#connections.get(socket)?.open ?? [];
    const hasBegun = ahead.length > 0 || first?.headersSent === true;
    if (failure === undefined || hasBegun || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#options.onRefused(failure);
    const { status, title, fields, body } = failureAnswer(failure);
    const lines = [
      `HTTP/1.1 ${status} ${title}`,
      ...fields.map(([name, value]) => `${name}: ${value}`),
      "content-type: application/problem+json",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
    ];
    socket.on("error", () => {});
    socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  }

  #signalEmpty(): void {
    if (this.#isClosing && this.#connections.size === 0) this.#onEmpty?.();
  }
}

/** What went wrong with the bytes of a connection; undefined when there is nobody to tell. */
function failureOf(error: Error): GatewayFailure | undefined {
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { kind: "request-timeout" };
    case "HPE_HEADER_OVERFLOW":
      return { kind: "header-too-large" };
    // The client left, in the middle of a request or between two.
    case "ECONNRESET":
    case "EPIPE":
    case "HPE_INVALID_EOF_STATE":
      return undefined;
    default:
      return { kind: "bad-request", detail: `the parser refused it: ${code || error.message}` };
  }
}

/** Deno tells only the response whose turn it is that its connection has closed; those behind it would wait for ever. */
function closeLeft({ open }: Connection): void {
  for (const response of open) response.emit("close");
}

/** Ends a connection after what is on its way; a client that never takes it is cut by the drain limit. */
function endQuietly(socket: Duplex): void {
  socket.end(() => socket.destroy());
}
