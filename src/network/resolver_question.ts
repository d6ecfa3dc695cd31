/** One of a lookup's two questions: server after server, round after round, and along aliases, to one outcome. */
import type { Clock } from "../base/clock.ts";
import { formatSocketAddress, type IpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import { readAnswer } from "./dns_answer.ts";
import type { OpenDnsChannel } from "./dns_channel.ts";
import { type ExchangeOutcome, startExchange } from "./dns_exchange.ts";
import type { DnsType } from "./dns_query.ts";

/** How a lookup or one of its questions ended. */
export type LookupOutcome =
  | {
    readonly kind: "answers";
    /** At least one; each once. */
    readonly addresses: readonly IpAddress[];
    /** The smallest of the addresses and of the aliases that led to them. */
    readonly ttlS: number;
  }
  /** There is no such name, or it has no address. */
  | { readonly kind: "not-found" }
  /** No server could say; `reason` is for the operator and names the last server asked. */
  | { readonly kind: "failed"; readonly reason: string }
  /** No server answered in time. */
  | { readonly kind: "timeout" };

/** What all questions of a resolver share. */
export interface QuestionContext {
  readonly servers: readonly SocketAddress[];
  readonly openChannel: OpenDnsChannel;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  readonly timeoutMs: number;
  /** Rounds through all servers, for each name of a chain. */
  readonly attempts: number;
}

/** A question on its way. */
export class ResolverQuestion {
  readonly #context: QuestionContext;
  readonly #type: DnsType;
  readonly #onOutcome: (outcome: LookupOutcome) => void;
  #name: string;
  #aliases = 0;
  #ttlS = Number.POSITIVE_INFINITY;
  /** Of `servers`: where the first try goes. */
  #firstServer = 0;
  #tries = 0;
  #isLastTry = false;
  #failure: string | undefined;
  #cancelExchange: (() => void) | undefined;

  /** `onOutcome` is called once, unless the question is cancelled before, and not before this has returned. */
  constructor(
    context: QuestionContext,
    { name, type, onOutcome }: {
      readonly name: string;
      readonly type: DnsType;
      readonly onOutcome: (outcome: LookupOutcome) => void;
    },
  ) {
    this.#context = context;
    this.#name = name;
    this.#type = type;
    this.#onOutcome = onOutcome;
    this.#ask();
  }

  /** What is under way may still succeed; nothing is tried again. */
  stopRetrying(): void {
    this.#isLastTry = true;
  }

  cancel(): void {
    this.#cancelExchange?.();
  }

  #ask(): void {
    const { servers, openChannel, clock, counters, timeoutMs } = this.#context;
    const server = this.#serverOfTry(this.#tries++);
    if (server === undefined) throw new RangeError("Cannot resolve: there is no name server, expected at least one");
    this.#cancelExchange = startExchange({
      server,
      question: { name: this.#name, type: this.#type },
      openChannel,
      clock,
      counters,
      timeoutMs,
      onOutcome: (outcome) => this.#answered(outcome, servers.indexOf(server)),
    });
  }

  #answered(outcome: ExchangeOutcome, serverAt: number): void {
    if (outcome.kind !== "reply") return this.#tryNext(outcome.kind === "failed" ? outcome.reason : undefined);
    const question = { name: this.#name, type: this.#type, aliases: this.#aliases, ttlS: this.#ttlS };
    const meaning = readAnswer(outcome, question);
    switch (meaning.kind) {
      case "addresses":
        return this.#onOutcome({ kind: "answers", addresses: meaning.addresses, ttlS: meaning.ttlS });
      case "not-found":
        return this.#onOutcome({ kind: "not-found" });
      case "hopeless":
        return this.#onOutcome({ kind: "failed", reason: meaning.reason });
      case "failed":
        return this.#tryNext(meaning.reason);
      case "alias":
        ({ target: this.#name, aliases: this.#aliases, ttlS: this.#ttlS } = meaning);
        this.#firstServer = serverAt;
        this.#tries = 0;
        return this.#ask();
    }
  }

  /** No reason means silence. */
  #tryNext(reason: string | undefined): void {
    const server = this.#serverOfTry(this.#tries - 1);
    if (reason !== undefined && server !== undefined) this.#failure = `${formatSocketAddress(server)}: ${reason}`;
    if (!this.#isLastTry && this.#tries < this.#context.servers.length * this.#context.attempts) return this.#ask();
    this.#onOutcome(this.#failure === undefined ? { kind: "timeout" } : { kind: "failed", reason: this.#failure });
  }

  #serverOfTry(tried: number): SocketAddress | undefined {
    const { servers } = this.#context;
    return servers[(this.#firstServer + tried) % servers.length];
  }
}
