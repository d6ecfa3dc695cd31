/**
 * The gateway's own stub resolver. It asks the servers that the operator or the system names, over its own sockets,
 * and nothing else: no hosts file, no search list, no multicast DNS, no cache.
 *
 * - The hosts file is the machine's: its names lead to the machine and its neighbours (127.0.1.1 under the machine's
 *   own name), and what a guest can reach must not depend on a file that nobody thinks of as policy.
 * - There is no cache and no sharing between lookups. An answer is judged and used by the one who asked, once: with
 *   nothing remembered, a name that changes its addresses (rebinding) has no second use to win, and one workload
 *   cannot learn from the time of an answer what another one asked. The servers have caches for speed.
 * - Answers are not judged here. Whoever asks gives them to the policy; `localhost` and addresses never come here.
 */
import type { Clock } from "../base/clock.ts";
import type { IpAddress, SocketAddress } from "../base/ip_address.ts";
import { ALWAYS_READY, type Waitable, WaitList } from "../base/waitable.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { OpenDnsChannel } from "./dns_channel.ts";
import { isAskableName } from "./dns_query.ts";
import { FairQueue } from "./fair_queue.ts";
import { type LookupOutcome, type QuestionContext, ResolverQuestion } from "./resolver_question.ts";

export type { LookupOutcome } from "./resolver_question.ts";

/** The bounds of a resolver. */
export interface ResolverLimits {
  /** How long one server has for one answer. Slow enough for a server that has to ask others first. */
  readonly timeoutMs: number;
  /** Rounds through all servers: a lost datagram is one more round, a dead network no more than that. */
  readonly attempts: number;
  /** For a lookup as a whole, from the call on, its time in the queue included. */
  readonly deadlineMs: number;
  /** Lookups that have sockets at once, two each: far below the open files that a process may have. */
  readonly lookupsMax: number;
  /** Of those, for one workload. Stops a few of them whose names never get an answer from having all places. */
  readonly workloadLookupsMax: number;
  /** Lookups that wait for a place. Stops a burst from becoming a backlog that nobody waits for. */
  readonly queueMax: number;
}

/** What a resolver has when nothing else is said. */
export const RESOLVER_LIMITS: ResolverLimits = {
  timeoutMs: 2_000,
  attempts: 2,
  deadlineMs: 10_000,
  lookupsMax: 256,
  workloadLookupsMax: 32,
  queueMax: 4_096,
};

/** What a resolver needs of the world. */
export interface ResolverOptions extends Partial<ResolverLimits> {
  /** At least one; asked in this order. */
  readonly servers: readonly SocketAddress[];
  /** `openDnsChannel`; a test's own in tests. */
  readonly openChannel: OpenDnsChannel;
  readonly clock: Clock;
  readonly counters: LiveCounters;
}

/** A lookup on its way; ready when it has an outcome. */
export interface PendingLookup extends Waitable {
  /** undefined while under way. */
  outcome(): LookupOutcome | undefined;
  /** Nobody waits any more: its sockets are closed now, and its outcome is a failure. Idempotent. */
  cancel(): void;
}

/**
 * Places go to the workloads by turns, and when too many wait, the one with the most gives way. How many lookups a
 * workload may have at all is for the caller to bound:
 *
 * @example
 * if (this.#lookups.size >= LOOKUPS_MAX) return "temporary-resolver-failure";
 * const lookup = resolver.lookup("db.example.com", "demo");
 * this.#lookups.add(lookup);
 * await untilReady(lookup); // or a guest's poll
 * this.#lookups.delete(lookup);
 * const outcome = lookup.outcome();
 */
export class Resolver {
  readonly #context: QuestionContext;
  readonly #limits: ResolverLimits;
  readonly #running = new Set<Lookup>();
  /** How many of those each workload has. */
  readonly #runningOf = new Map<string, number>();
  readonly #queue: FairQueue<Lookup>;
  #isClosed = false;

  /** @throws RangeError without servers. */
  constructor({ servers, openChannel, clock, counters, ...limits }: ResolverOptions) {
    if (servers.length === 0) throw new RangeError("Cannot resolve: there is no name server, expected at least one");
    this.#limits = { ...RESOLVER_LIMITS, ...limits };
    const { timeoutMs, attempts, queueMax } = this.#limits;
    this.#queue = new FairQueue({ lengthMax: queueMax });
    this.#context = { servers: [...servers], openChannel, clock, counters, timeoutMs, attempts };
  }

  /** Lookups that have sockets now. */
  get running(): number {
    return this.#running.size;
  }

  /** Lookups that wait for a place now. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Asks for the IPv4 and the IPv6 addresses of an absolute name, in ASCII and without the root's dot
   * (`judgeLookup` of the policy gives that). `workload` says whose turn it takes.
   *
   * @throws RangeError when `name` is none: the caller has not parsed it.
   */
  lookup(name: string, workload = ""): PendingLookup {
    if (!isAskableName(name)) {
      throw new RangeError(`Cannot look up ${JSON.stringify(name)}: it is no domain name, expected labels and dots`);
    }
    const { deadlineMs } = this.#limits;
    const onSettled = (): void => this.#settled(lookup);
    const lookup = new Lookup({ name, workload, context: this.#context, deadlineMs, onSettled });
    if (this.#isClosed) {
      lookup.fail("the resolver is closed");
      return lookup;
    }
    if (this.#hasPlaceFor(workload)) this.#start(lookup);
    else this.#queue.push(workload, lookup)?.fail(`${this.#queue.length} lookups wait already`);
    return lookup;
  }

  /** Everything under way fails now. Idempotent. */
  close(): void {
    this.#isClosed = true;
    // The queue first: a place that becomes free must not start another one.
    for (const lookup of [...this.#queue.items(), ...this.#running]) lookup.fail("the resolver is closed");
  }

  #settled(lookup: Lookup): void {
    const { workload } = lookup;
    this.#queue.delete(workload, lookup);
    if (!this.#running.delete(lookup)) return;
    const left = (this.#runningOf.get(workload) ?? 1) - 1;
    if (left === 0) this.#runningOf.delete(workload);
    else this.#runningOf.set(workload, left);
    const next = this.#queue.take((whose) => this.#hasPlaceFor(whose));
    if (next !== undefined) this.#start(next);
  }

  #hasPlaceFor(workload: string): boolean {
    const { lookupsMax, workloadLookupsMax } = this.#limits;
    return this.#running.size < lookupsMax && (this.#runningOf.get(workload) ?? 0) < workloadLookupsMax;
  }

  #start(lookup: Lookup): void {
    this.#running.add(lookup);
    this.#runningOf.set(lookup.workload, (this.#runningOf.get(lookup.workload) ?? 0) + 1);
    lookup.start();
  }
}

interface LookupOptions {
  readonly name: string;
  readonly workload: string;
  readonly context: QuestionContext;
  readonly deadlineMs: number;
  readonly onSettled: () => void;
}

/** Both questions of a name, until each has an outcome or the time is over. */
class Lookup implements PendingLookup {
  readonly workload: string;
  readonly #options: LookupOptions;
  readonly #waiters = new WaitList();
  readonly #cancelDeadline: () => void;
  #questions: readonly ResolverQuestion[] = [];
  #outcomes: (LookupOutcome | undefined)[] = [undefined, undefined];
  #outcome: LookupOutcome | undefined;

  constructor(options: LookupOptions) {
    this.#options = options;
    this.workload = options.workload;
    const { clock, counters } = options.context;
    counters.add("lookups", 1);
    this.#cancelDeadline = clock.startTimer(options.deadlineMs, () => this.#timeOut());
  }

  start(): void {
    const { context, name } = this.#options;
    this.#questions = (["A", "AAAA"] as const).map((type, at) =>
      new ResolverQuestion(context, { name, type, onOutcome: (outcome) => this.#answered(at, outcome) })
    );
  }

  outcome(): LookupOutcome | undefined {
    return this.#outcome;
  }

  isReady(): boolean {
    return this.#outcome !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  cancel(): void {
    this.fail("the lookup was cancelled");
  }

  fail(reason: string): void {
    this.#settle({ kind: "failed", reason });
  }

  #answered(at: number, outcome: LookupOutcome): void {
    this.#outcomes[at] = outcome;
    const other = this.#outcomes[1 - at];
    if (other !== undefined) return this.#settle(mergeOutcomes(this.#outcomes));
    // Name servers that ignore one of the two exist; whoever has addresses to try does not wait for all retries.
    if (outcome.kind === "answers") this.#questions[1 - at]?.stopRetrying();
  }

  /** Addresses that came in time count. */
  #timeOut(): void {
    this.#settle(mergeOutcomes(this.#outcomes.map((outcome) => outcome ?? { kind: "timeout" })));
  }

  #settle(outcome: LookupOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#cancelDeadline();
    for (const question of this.#questions) question.cancel();
    this.#options.context.counters.add("lookups", -1);
    this.#options.onSettled();
    this.#waiters.wakeAll();
  }
}

/**
 * Addresses of either family are an answer, IPv4 first. "Not found" is said only when both questions were answered:
 * it is lasting, and half an answer is not.
 */
function mergeOutcomes(outcomes: readonly (LookupOutcome | undefined)[]): LookupOutcome {
  const addresses: IpAddress[] = [];
  let ttlS = Number.POSITIVE_INFINITY;
  let worst: LookupOutcome = { kind: "not-found" };
  for (const outcome of outcomes) {
    if (outcome?.kind === "answers") {
      addresses.push(...outcome.addresses);
      ttlS = Math.min(ttlS, outcome.ttlS);
    } else if (outcome?.kind === "failed" || (outcome?.kind === "timeout" && worst.kind === "not-found")) {
      worst = outcome;
    }
  }
  return addresses.length > 0 ? { kind: "answers", addresses, ttlS } : worst;
}
