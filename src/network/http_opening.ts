/** A connection on its way: judged and resolved by the caller's `dial`, connected, and secured. */
import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { DialFirst, type DialledSocket } from "./dialer.ts";
import { HttpConnection } from "./http_connection.ts";
import { ConnectionDuplex } from "./http_connection_duplex.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import type { DialHttp, DialOutcome, HttpTarget, RecheckHttp } from "./http_message.ts";
import { loadUndici } from "./http_wire_undici.ts";
import { startTls } from "./tls_client.ts";
import type { TlsTrust } from "./tls_trust.ts";

/** Where to, and how. */
export interface HttpOpeningOptions {
  readonly target: HttpTarget;
  readonly dial: DialHttp;
  readonly trust: TlsTrust;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** See `Egress`. */
  readonly locate?: (judged: SocketAddress) => SocketAddress;
  /** Released by the opening when nothing comes of it, else by the connection. */
  readonly releaseSlot: () => void;
  /** Called once, never synchronously, and not after `abandon`. */
  readonly onOutcome: (outcome: HttpConnection | { readonly failed: HttpFailure }) => void;
}

/** Steps: dial, connect, handshake; what a step holds is given up when the opening is. */
export class HttpOpening {
  readonly #options: HttpOpeningOptions;
  readonly #abort = new AbortController();
  #giveUpStep: (() => void) | undefined;
  /** Of the step that knows addresses: lets go of those that are not allowed, and says whether one is left. */
  #retainStep: ((isAllowed: (address: SocketAddress) => boolean) => boolean) | undefined;
  /** What changed while addresses were being looked for: they may have been judged before that. */
  #isAllowedNow: RecheckHttp = () => true;
  #isOver = false;

  constructor(options: HttpOpeningOptions) {
    this.#options = options;
    const loading = loadUndici();
    const dialling = options.dial(options.target, this.#abort.signal);
    const ready = loading === undefined ? dialling : Promise.all([dialling, loading]).then(([outcome]) => outcome);
    ready.then(
      (outcome) => this.#dialled(outcome),
      (error: unknown) => this.#fail({ tag: "internal-error", val: error instanceof Error ? error.name : "dial" }),
    );
  }

  /** Gives it up; does nothing once there was an outcome. Idempotent. */
  abandon(): void {
    if (this.#isOver) return;
    this.#over();
    this.#abort.abort();
    this.#giveUpStep?.();
    this.#options.releaseSlot();
  }

  /** Whether it may go on. Nothing is ended here. */
  recheck(isAllowed: RecheckHttp): boolean {
    const { target } = this.#options;
    this.#isAllowedNow = isAllowed;
    return isAllowed(target, undefined) && (this.#retainStep?.((address) => isAllowed(target, address)) ?? true);
  }

  #dialled(outcome: DialOutcome): void {
    if (this.#isOver) {
      // It came too late: nobody else will end it.
      if ("connection" in outcome) outcome.connection.end("close");
    } else if ("failed" in outcome) {
      this.#fail(outcome.failed);
    } else if ("connection" in outcome) {
      this.#connected(new ConnectionDuplex(outcome.connection), undefined);
    } else {
      const { target, clock, counters, locate } = this.#options;
      const addresses = outcome.addresses.filter((address) => this.#isAllowedNow(target, address));
      if (addresses.length === 0 && outcome.addresses.length > 0) {
        return this.#fail({ tag: "HTTP-request-denied" });
      }
      const dialling = new DialFirst({
        addresses,
        clock,
        counters,
        ...(locate && { locate }),
        onOutcome: (dialled) => this.#connectedOrFailed(dialled),
      });
      this.#giveUpStep = () => dialling.abandon();
      this.#retainStep = (isAllowed) => dialling.retain(isAllowed);
    }
  }

  #connectedOrFailed(dialled: DialledSocket | { readonly failed: HttpFailure }): void {
    if ("failed" in dialled) this.#fail(dialled.failed);
    else this.#connected(dialled.socket, dialled.address);
  }

  #connected(socket: Duplex, address: SocketAddress | undefined): void {
    const { target, trust } = this.#options;
    if (target.scheme === "http") return this.#opened(socket, address);
    socket.on("error", () => {});
    this.#retainStep = (isAllowed) => address === undefined || isAllowed(address);
    const secured = startTls(socket, {
      host: target.host,
      trust,
      onOutcome: (failure) => {
        if (this.#isOver) return;
        if (failure === undefined) return this.#opened(secured, address);
        secured.destroy();
        socket.destroy();
        this.#fail(failure);
      },
    });
    this.#giveUpStep = () => {
      secured.destroy();
      socket.destroy();
    };
  }

  #opened(socket: Duplex, address: SocketAddress | undefined): void {
    const { target, releaseSlot, onOutcome } = this.#options;
    this.#over();
    onOutcome(new HttpConnection({ target, address, socket, releaseSlot }));
  }

  #fail(failure: HttpFailure): void {
    if (this.#isOver) return;
    this.#over();
    this.#options.releaseSlot();
    this.#options.onOutcome({ failed: failure });
  }

  #over(): void {
    this.#isOver = true;
  }
}
