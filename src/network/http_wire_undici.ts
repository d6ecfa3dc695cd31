/**
 * Exchanges over undici: one client for one connection that is already open, so that which connection serves a request,
 * and what happens when it is gone, is decided here and not there. undici's own timers are off: time comes from `Clock`.
 */
import type { Duplex } from "node:stream";
import type { Client, Dispatcher } from "undici";
import { StaleConnection } from "./http_failure.ts";
import { IDLE_MS, IDLE_MS_MAX, RESPONSE_SECTION_BYTES_MAX } from "./http_limits.ts";
import { fieldsFromRaw, type WireEvents, type WireFlow, type WireRequest } from "./http_wire.ts";

/** No name that undici could look up or check: connection, TLS and Host are ours. */
const ORIGIN = "http://connection.invalid";

let clientClass: typeof Client | undefined;

/**
 * Loads the one class of undici that is used; undefined once that is done. All of undici takes a tenth of a second to load,
 * its client alone a third of that, and a gateway whose guests send nothing needs neither: it is loaded when the first
 * connection is dialled.
 */
export function loadUndici(): Promise<void> | undefined {
  return clientClass === undefined ? importClient() : undefined;
}

async function importClient(): Promise<void> {
  // @ts-ignore: undici has types for its main module alone.
  // lazy: see `loadUndici`
  const loaded = await import("undici/lib/dispatcher/client.js") as { readonly default: typeof Client };
  clientClass = loaded.default;
}

/** A keep-alive connection. It takes one exchange at a time. */
export class UndiciWire {
  readonly #client: Client;
  #socketError: Error | undefined;

  constructor(socket: Duplex) {
    let isGiven = false;
    // Before the client's own listener: it takes a reset for the end of a body that has no length (`test/upstream`).
    socket.on("error", (error) => {
      this.#socketError ??= error;
    });
    if (clientClass === undefined) {
      throw new TypeError("Cannot open a wire: undici is not loaded, expected loadUndici before");
    }
    this.#client = new clientClass(ORIGIN, {
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS_MAX,
      maxHeaderSize: RESPONSE_SECTION_BYTES_MAX,
      connect: (_options, done) => {
        // Not synchronously: the client would not notice, and never write the request.
        queueMicrotask(() => {
          if (isGiven) return done(new StaleConnection(), null);
          isGiven = true;
          // undici's types know sockets of the system only; it asks for no more than a duplex stream.
          done(null, socket as Parameters<typeof done>[1] & object);
        });
      },
    });
  }

  /** Sends `request`. */
  send({ plan, body }: WireRequest, events: WireEvents): WireFlow {
    const handler = new Handler(events, () => this.#socketError);
    const headers = [...plan.headers];
    headers.push("host", plan.authority);
    if (plan.contentLength !== undefined && plan.contentLength > 0) {
      headers.push("content-length", String(plan.contentLength));
    }
    this.#client.dispatch({ method: plan.method, path: plan.path, headers, body: body ?? null }, handler);
    return handler;
  }

  /** Ends the connection at once; `onClosed` says when nothing is left of it. */
  destroy(onClosed: () => void): void {
    this.#client.destroy(null, onClosed);
  }
}

class Handler implements Dispatcher.DispatchHandler, WireFlow {
  readonly #events: WireEvents;
  readonly #socketError: () => Error | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;

  constructor(events: WireEvents, socketError: () => Error | undefined) {
    this.#events = events;
    this.#socketError = socketError;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#events.started();
  }

  onRequestSent(): void {
    if (!this.#isOver) this.#events.sent();
  }

  onResponseStarted(): void {
    this.#events.answering();
  }

  onResponseStart({ rawHeaders }: Dispatcher.DispatchController, status: number): void {
    if (status < 200) this.#events.informational();
    else this.#events.head(status, rawFields(rawHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#events.data(chunk);
  }

  onResponseEnd({ rawTrailers }: Dispatcher.DispatchController): void {
    this.#isOver = true;
    const error = this.#socketError();
    if (error === undefined) this.#events.ended(rawFields(rawTrailers));
    else this.#events.failed(error);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.failed(error);
  }
}

/** HTTP/1.1 gives names and values by turns; the object form is HTTP/2's. */
function rawFields(raw: Dispatcher.DispatchController["rawHeaders"]): ReturnType<typeof fieldsFromRaw> {
  return Array.isArray(raw) ? fieldsFromRaw(raw) : [];
}
