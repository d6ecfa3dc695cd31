/**
 * One question to one server, once: over UDP, and over TCP when the answer was cut or looks forged. On a connection
 * nobody who sees none of its packets can get a word in, so there the name's case need not come back.
 */
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { DnsChannel, DnsChannelKind, OpenDnsChannel } from "./dns_channel.ts";
import { decodeAnswer, type DecodedAnswer, type DnsReply } from "./dns_message.ts";
import { type DnsQuestion, encodeQuery } from "./dns_query.ts";

/** What a server made of a question. */
export type ExchangeOutcome =
  | DnsReply
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "timeout" };

/** Whom to ask what. */
export interface ExchangeOptions {
  readonly server: SocketAddress;
  readonly question: DnsQuestion;
  readonly openChannel: OpenDnsChannel;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** For an answer over UDP, and as long again over TCP. */
  readonly timeoutMs: number;
  /** Called once, unless the exchange is cancelled before; never before `startExchange` has returned. */
  readonly onOutcome: (outcome: ExchangeOutcome) => void;
}

/**
 * After so many wrong answers to one socket somebody may be guessing; each guess has a chance of one in 2^16 or less
 * once the port is known, and a handful of tries is all that is given. A late answer to another question is none: it
 * goes to that question's socket.
 */
const FOREIGN_ANSWERS_MAX = 4;

/** Asks, and returns the function that stops asking (harmless after the outcome). */
export function startExchange(options: ExchangeOptions): () => void {
  const exchange = new Exchange(options);
  exchange.ask("udp");
  return () => exchange.release();
}

class Exchange {
  readonly #options: ExchangeOptions;
  #channel: DnsChannel | undefined;
  #cancelTimer: (() => void) | undefined;
  #foreignAnswers = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** With a new id and a new case: an answer to the earlier question answers this one no more. */
  ask(kind: DnsChannelKind): void {
    const { server, question, openChannel, clock, counters, timeoutMs } = this.#options;
    const query = encodeQuery(question);
    this.#cancelTimer = clock.startTimer(timeoutMs, () => this.#settle({ kind: "timeout" }));
    this.#channel = openChannel({
      kind,
      server,
      counters,
      onMessage: (bytes) => this.#received(kind, decodeAnswer(bytes, query, { isCaseExact: kind === "udp" })),
      onFailed: (reason) => this.#settle({ kind: "failed", reason }),
    });
    this.#channel.send(query.bytes);
  }

  release(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#channel?.close();
    this.#channel = undefined;
  }

  #received(kind: DnsChannelKind, answer: DecodedAnswer): void {
    if (answer.kind === "reply") return this.#settle(answer);
    if (answer.kind === "malformed") return this.#settle({ kind: "failed", reason: "its answer is malformed" });
    if (kind === "tcp") return this.#settle({ kind: "failed", reason: `its answer over TCP is ${answer.kind}` });
    if (answer.kind === "foreign" && ++this.#foreignAnswers < FOREIGN_ANSWERS_MAX) return;
    this.release();
    this.ask("tcp");
  }

  #settle(outcome: ExchangeOutcome): void {
    this.release();
    this.#options.onOutcome(outcome);
  }
}
