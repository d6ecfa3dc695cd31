/**
 * The one listener, on `node:http` for both runtimes: it has the limits that Deno's own server lacks. It owns the
 * sockets; what a request means is up to `HttpListenerOptions.serve`.
 */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import type { BodyFlow } from "./body_flow.ts";
import { ClientConnection, type ServedRequest } from "./client_connection.ts";
import type { GatewayFailure } from "./failure_status.ts";
import type { ClientRequest, ClientResponse } from "./client_exchange.ts";
import { Http2Connections, isHttp2 } from "./http2_connections.ts";
import type { StreamResetCount } from "../telemetry/gateway_metrics.ts";
import { listenError, parserFailure } from "./listener_faults.ts";
import type { ListenerLimits } from "./listener_limits.ts";
import { ReadTurns } from "./read_turns.ts";
import { TlsHandshakes } from "./tls_handshakes.ts";
import type { TlsIdentities } from "./tls_identities.ts";

// As an ES module node:http has all of its names asked for at once, and some of them load Node's fetch: 45 ms of a start.
const { createServer } = process.getBuiltinModule("node:http");

/** A host and a port, as in `--listen`. */
export interface ListenAddress {
  /** An address, or a name of this machine. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Shares the port with other processes of this user that ask for it too; the system spreads connections over them. */
  readonly reusePort?: boolean;
}

/** What a listener needs. */
export interface HttpListenerOptions {
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  /** Takes a request over, over HTTP/1 one at a time of each connection; never throws. */
  readonly serve: (request: ClientRequest, response: ClientResponse, flow: BodyFlow) => ServedRequest;
  /** A request that was refused before it was one; returns its name. */
  readonly onRefused: (failure: GatewayFailure) => string;
  /** The accepting socket failed while serving. */
  readonly onFault: (error: unknown) => void;
  /** A connection was closed at accept: as many are open as may be. */
  readonly onFull: () => void;
  /** A stream of HTTP/2 was refused: as many are open as may be. */
  readonly onStreamsFull?: () => void;
  /** A connection was accepted. */
  readonly onConnection?: () => void;
  /** Serves over TLS with these; without them in plain. */
  readonly tls?: TlsIdentities | undefined;
  /** Speaks HTTP/2 over TLS with clients that prefer it. On Node alone. */
  readonly http2?: boolean;
}

/** How many times connections are checked within the shortest of their limits. */
const CHECKS_PER_LIMIT = 10;
/** Often enough for limits of seconds, seldom enough to cost nothing with 10,000 connections. */
const CHECK_INTERVAL_MS_MAX = 500;
/** Requests that a held-up event loop cannot accept at once wait in the system, up to its own limit (`somaxconn`). */
const BACKLOG = 4096;
/** Turns of the event loop, and time, without a new connection that say that none waits: Deno does not look in each turn. */
const QUIET_TURNS = 4;
const QUIET_MS = 20;
/** As long as a client that has come may take for its handshake then. */
const DRAIN_HANDSHAKE_MS = 1_000;
/** No connection holds more than this and one write of an answer. */
const SOCKET_BUFFER_BYTES = 16 * 1024;
/** As node:http accepts. */
const ACCEPT_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: SOCKET_BUFFER_BYTES };

/** Listens, watches over its connections, and closes without cutting an answer. */
export class HttpListener {
  readonly #options: HttpListenerOptions;
  /** Reads requests. */
  readonly #http: Server;
  /** Accepts connections: the same in plain, over TLS one before it. */
  readonly #server: NetServer;
  readonly #handshakes: TlsHandshakes;
  #identities: TlsIdentities | undefined;
  readonly #connections = new Map<Duplex, ClientConnection>();
  readonly #http2: Http2Connections | undefined;
  readonly #ahead = { count: 0 };
  readonly #turns: ReadTurns;
  #accepted = 0;
  /** Requests of which none begins yet: while connections that wait are accepted. */
  #deferred: (() => void)[] | undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;
  #checks: ReturnType<typeof setInterval> | undefined;

  constructor(options: HttpListenerOptions) {
    const { limits, tls, http2 = false } = options;
    this.#options = options;
    this.#turns = new ReadTurns(options.clock);
    const http: ServerOptions = {
      maxHeaderSize: limits.headerBytesMax,
      // Its own checks go by the clock alone: after a held-up event loop they kill requests that lie in the socket, unread.
      headersTimeout: 0,
      requestTimeout: 0,
      // It would set a timer of its own after each answer and take it back at each request; see `addKeepAlive`.
      keepAliveTimeout: 0,
      // What has no body needs no stream that ends: `RequestBody` is for the others.
      optimizeEmptyRequests: true,
      highWaterMark: SOCKET_BUFFER_BYTES,
      // The gateway answers these itself, with a problem body.
      requireHostHeader: false,
    };
    this.#http = createServer(http);
    // Past its default count Deno drops fields without a word, a second Host or the length of the body; bytes are the bound.
    this.#http.maxHeadersCount = 0;
    this.#http.on("timeout", () => {});
    this.#identities = tls;
    this.#http2 = http2 ? this.#openHttp2(options) : undefined;
    this.#handshakes = new TlsHandshakes({
      protocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
      onSecure: (secure) => this.#secured(secure),
      onEnd: () => this.#signalEmpty(),
    });
    this.#server = tls === undefined ? this.#http : new NetServer(ACCEPT_OPTIONS);
    // Deno ends connections of a server that does not listen after their first answer; over TLS another one listens for it.
    if (tls !== undefined) Object.defineProperty(this.#http, "listening", { value: true });
    this.#server.on("connection", (socket: Socket) => this.#accept(socket));
    this.#http.on("request", (request, response) => this.#take(request, response));
    // The guest's first read asks for the body, see `RequestBody`.
    this.#http.on("checkContinue", (request, response) => this.#take(request, response));
    this.#http.on("checkExpectation", (request, response) => this.#take(request, response));
    this.#http.on("upgrade", (_, socket) => this.#refuse(socket, { kind: "not-implemented", detail: "Upgrade" }));
    this.#http.on("connect", (_, socket) => this.#refuse(socket, { kind: "not-implemented", detail: "CONNECT" }));
    this.#http.on("clientError", (error, socket) => this.#refuse(socket, parserFailure(error, limits)));
  }

  /** Open connections, those whose handshake is not done included. */
  get connectionCount(): number {
    return this.#connections.size + (this.#http2?.count ?? 0) + this.#handshakes.count;
  }

  /** Open streams of all connections of HTTP/2. */
  get streamCount(): number {
    return this.#http2?.streamCount ?? 0;
  }

  /** Streams of HTTP/2 that ended early. */
  get streamResets(): readonly StreamResetCount[] {
    return this.#http2?.resets ?? [];
  }

  /** Requests that were sent ahead of the answers before them and wait for their turn. */
  get aheadCount(): number {
    return this.#ahead.count;
  }

  /** True from `close` on: new requests on open connections are refused. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Certificates for connections from now on; those that are open stay as they are. Only of a listener that has some already. */
  useTls(identities: TlsIdentities): void {
    if (this.#identities === undefined) throw new TypeError("Cannot use certificates: the listener serves without TLS");
    this.#identities = identities;
  }

  /**
   * Opens the listening socket.
   *
   * @throws {LoopgateError} ERR_LISTEN
   */
  listen(address: ListenAddress): Promise<ListenAddress> {
    const { host, port, reusePort = false } = address;
    return new Promise((resolve, reject) => {
      const onError = (cause: Error): void => reject(listenError(address, cause));
      this.#server.once("error", onError);
      this.#server.listen(
        { host, port, backlog: BACKLOG, ...(reusePort && { reusePort }) },
        () => {
          this.#server.off("error", onError);
          this.#server.on("error", this.#options.onFault);
          this.#startChecks();
          const bound = this.#server.address() as AddressInfo;
          resolve({ host: bound.address, port: bound.port });
        },
      );
    });
  }

  /**
   * Before `close`: takes the connections that wait in the system, which it resets when its socket closes. A busy event loop
   * has many, for it accepts one in each of its turns: so no request begins meanwhile, or turns would be long; and lets those shake hands that have just come. Ends when some turns and
   * milliseconds bring none, at the latest when half of the time for draining is over. Returns how much of that is left.
   */
  async acceptWaiting(): Promise<number> {
    const { clock, limits: { drainTimeoutMs } } = this.#options;
    const startedMs = clock.monotonicMs();
    let quiet = { turns: 0, sinceMs: startedMs };
    let nowMs = startedMs;
    this.#deferred ??= [];
    while (this.#server.listening && nowMs - startedMs < drainTimeoutMs / 2) {
      const before = this.#accepted;
      await new Promise<void>((resolve) => nextEventLoopTurn(resolve));
      nowMs = clock.monotonicMs();
      const isQuiet = this.#accepted === before && !this.#handshakes.hasYounger(DRAIN_HANDSHAKE_MS);
      quiet = isQuiet ? { ...quiet, turns: quiet.turns + 1 } : { turns: 0, sinceMs: nowMs };
      if (quiet.turns >= QUIET_TURNS && nowMs - quiet.sinceMs >= QUIET_MS) break;
    }
    const deferred = this.#deferred;
    this.#deferred = undefined;
    for (const begin of deferred) begin();
    return drainTimeoutMs - (nowMs - startedMs);
  }

  /** Stops accepting, lets what is in flight finish up to the limit (default: `drainTimeoutMs`), then cuts the rest. Idempotent. */
  close(drainMs: number = this.#options.limits.drainTimeoutMs): Promise<void> {
    return this.#closed ??= this.#close(drainMs);
  }

  async #close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    if (!this.#server.listening) return;
    const isDown = new Promise<void>((resolve) => {
      // Not `http.Server.close`: it cuts connections whose answer was ended but is still on its way.
      NetServer.prototype.close.call(this.#server, () => resolve());
    });
    const { promise: isEmpty, resolve: signalEmpty } = Promise.withResolvers<void>();
    this.#onEmpty = signalEmpty;
    this.#handshakes.destroy();
    for (const connection of this.#connections.values()) connection.drain();
    this.#http2?.drain();
    this.#signalEmpty();
    const cancelLimit = this.#options.clock.startTimer(drainMs, () => {
      for (const connection of this.#connections.values()) connection.expire();
      this.#http2?.expire();
    });
    // The server counts a connection as gone before its responses are told; only the sockets' own ends are the end.
    await Promise.all([isEmpty, isDown]);
    cancelLimit();
    clearInterval(this.#checks);
    // Its timer for connections goes on otherwise.
    this.#http.closeAllConnections();
    this.#http.close();
  }

  /** A step counts for no more than two intervals: while the event loop was held up, no client could be heard. */
  #startChecks(): void {
    const { limits, clock } = this.#options;
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, responseStallTimeoutMs, lingerMs } = limits;
    const shortestMs = Math.min(
      headersTimeoutMs,
      requestTimeoutMs,
      keepAliveTimeoutMs,
      responseStallTimeoutMs,
      lingerMs,
    );
    const intervalMs = Math.min(CHECK_INTERVAL_MS_MAX, Math.ceil(shortestMs / CHECKS_PER_LIMIT));
    let checkedMs = clock.monotonicMs();
    this.#checks = setInterval(() => {
      const nowMs = clock.monotonicMs();
      const elapsedMs = Math.min(nowMs - checkedMs, 2 * intervalMs);
      checkedMs = nowMs;
      this.#handshakes.check(elapsedMs, headersTimeoutMs);
      for (const connection of this.#connections.values()) connection.check(elapsedMs);
      this.#http2?.check(elapsedMs);
    }, intervalMs);
  }

  #accept(socket: Socket): void {
    const identities = this.#identities;
    if (!this.#isRoomLeft(socket)) return;
    this.#options.onConnection?.();
    if (identities === undefined) this.#watch(socket);
    else this.#handshakes.begin(socket, () => this.#identities ?? identities);
  }

  #openHttp2({ limits, serve, onRefused, onStreamsFull = () => {} }: HttpListenerOptions): Http2Connections {
    return new Http2Connections({
      limits,
      serve,
      onRefused,
      onStreamsFull,
      isClosing: () => this.#isClosing,
      turns: this.#turns,
      begin: (run) => {
        if (this.#deferred === undefined) run();
        else this.#deferred.push(run);
      },
      onEnd: () => this.#signalEmpty(),
    });
  }

  #secured(secure: Socket): void {
    if (this.#http2 !== undefined && isHttp2(secure)) {
      // No request of it has come yet.
      return this.#isClosing ? void secure.destroy() : this.#http2.open(secure);
    }
    // In this order, as it is in plain for the server's own listener comes first there.
    this.#http.emit("connection", secure);
    this.#watch(secure);
  }

  /** Not `maxConnections`: Deno does not say what it has dropped. */
  #isRoomLeft(socket: Socket): boolean {
    this.#accepted++;
    const isLeft = this.connectionCount < this.#options.limits.connectionsMax;
    if (!isLeft) {
      socket.destroy();
      this.#options.onFull();
    } else if (this.#isClosing) socket.destroy();
    return isLeft && !this.#isClosing;
  }

  #watch(socket: Socket): void {
    const { limits, serve, onRefused } = this.#options;
    const connection = new ClientConnection(socket, {
      limits,
      serve,
      onRefused,
      isClosing: () => this.#isClosing,
      ahead: this.#ahead,
      turns: this.#turns,
    });
    this.#connections.set(socket, connection);
    socket.on("close", () => {
      this.#connections.delete(socket);
      this.#signalEmpty();
    });
    if (this.#isClosing) socket.destroy();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#deferred !== undefined) return void this.#deferred.push(() => this.#take(request, response));
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) request.socket.destroy();
    else connection.take(request, response);
  }

  #refuse(socket: Duplex, failure: GatewayFailure | undefined): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) socket.destroy();
    else connection.refuse(failure);
  }

  #signalEmpty(): void {
    if (this.#isClosing && this.connectionCount === 0) this.#onEmpty?.();
  }
}
