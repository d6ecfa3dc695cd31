/** Keeps N replicas running on one port: the first finds the port, the others join it, and one that ends is started again. */
import type { Clock } from "../base/clock.ts";
import type { ListenAddress } from "../server/http_listener.ts";
import { OPERATOR_EXIT_CODE, SYSTEM_EXIT_CODE } from "./exit_codes.ts";
import type { LastWords } from "./command_voice.ts";
import type { ReplicaEnd, ReplicaProcess, ReplicaReport, StartReplica } from "./replica_link.ts";

/** What a line of the log says about a replica. */
export interface ReplicaEvent {
  readonly index: number;
  readonly state: "listening" | "restarting" | "killed";
  /** While it listens. */
  readonly pid?: number;
  readonly detail?: string;
}

/** What a set needs. */
export interface ReplicaSetOptions {
  readonly count: number;
  readonly startReplica: StartReplica;
  readonly clock: Clock;
  readonly onEvent: (event: ReplicaEvent) => void;
  /** A replica's last words, whole; or why there are none. */
  readonly onFault: (fault: string | LastWords) => void;
}

/** Before the first restart, and the most it doubles to: as for services. */
const DELAY_MIN_MS = 100;
const DELAY_MAX_MS = 30_000;
/** Listening for so long, the next delay is the first again. */
const HEALTHY_NS = 60_000_000_000n;
/** How often a replica that listens is asked whether its event loop turns. */
const PING_MS = 5_000;
/** So many pings without an answer, 30 s: compiling a large component holds a loop up for seconds, never for that long. */
const UNANSWERED_MAX = 6;
/** For what a replica does after its drain limit: it stops services and flushes its log. */
const DRAIN_MARGIN_MS = 5_000;
/** A drain limit for replicas that have not said theirs yet. */
const DRAIN_DEFAULT_MS = 10_000;

/** One of them: `process` while it runs, `cancelRestart` while it waits for the next start, neither when it ended for good. */
interface Replica {
  readonly index: number;
  process: ReplicaProcess | undefined;
  cancelRestart: (() => void) | undefined;
  /** Of the next ping, and from a drain on of its limit. */
  cancelWatch: (() => void) | undefined;
  /** Pings since its last word. */
  unanswered: number;
  drainMs: number;
  delayMs: number;
  /** Of the run; undefined until it listens. */
  listeningSinceNs: bigint | undefined;
  /** Whether any run of it ever listened. */
  hasListened: boolean;
  /** Of the run; undefined as long as it has none. */
  fault: string | undefined;
}

/** The one owner of the replicas. */
export class ReplicaSet {
  readonly #options: ReplicaSetOptions;
  readonly #replicas: readonly Replica[];
  readonly #over = Promise.withResolvers<number>();
  /** What the port is, once the first replica has it. */
  #listen: ListenAddress | undefined;
  #isEnding = false;
  /** The worst of what was met. */
  #exitCode = 0;

  constructor(options: ReplicaSetOptions) {
    this.#options = options;
    this.#replicas = Array.from({ length: options.count }, (_, at) => ({
      index: at + 1,
      process: undefined,
      cancelRestart: undefined,
      cancelWatch: undefined,
      unanswered: 0,
      drainMs: DRAIN_DEFAULT_MS,
      delayMs: DELAY_MIN_MS,
      listeningSinceNs: undefined,
      hasListened: false,
      fault: undefined,
    }));
  }

  /** Starts the replicas; resolves to the exit code when none is left, after `drain` or because they cannot start. */
  run(): Promise<number> {
    const [first] = this.#replicas;
    if (first === undefined) throw new RangeError("Cannot run no replica, expected one or more");
    this.#start(first);
    return this.#over.promise;
  }

  /** Lets every replica finish, and starts none any more. Idempotent. */
  drain(): void {
    const isFirst = !this.#isEnding;
    this.#isEnding = true;
    for (const replica of this.#replicas) {
      replica.cancelRestart?.();
      replica.cancelRestart = undefined;
      replica.process?.drain();
      if (isFirst) this.#limitDrain(replica);
    }
    this.#endIfEmpty();
  }

  /** Ends every replica now. */
  kill(): void {
    this.drain();
    for (const { process } of this.#replicas) process?.kill();
  }

  #start(replica: Replica): void {
    replica.listeningSinceNs = undefined;
    replica.fault = undefined;
    replica.unanswered = 0;
    const isTableShown = replica.index === 1 && !replica.hasListened;
    const process = this.#options.startReplica({ index: replica.index, listen: this.#listen, isTableShown }, {
      // One that was given up may still speak, or end, when its successor runs.
      onReport: (report) => {
        if (replica.process === process) this.#reported(replica, report);
      },
      onEnd: (end) => {
        if (replica.process === process) this.#ended(replica, end);
      },
    });
    replica.process = process;
    if (!this.#isEnding) return;
    process.drain();
    this.#limitDrain(replica);
  }

  /** Asks a replica that listens again and again whether it is there; one that says nothing is killed. */
  #watch(replica: Replica): void {
    replica.cancelWatch = this.#options.clock.startTimer(PING_MS, () => {
      if (replica.unanswered >= UNANSWERED_MAX) {
        this.#giveUp(replica, `it did not answer for ${UNANSWERED_MAX * PING_MS} ms`);
        return;
      }
      replica.unanswered++;
      replica.process?.ping();
      this.#watch(replica);
    });
  }

  #limitDrain(replica: Replica): void {
    replica.cancelWatch?.();
    replica.cancelWatch = undefined;
    if (replica.process === undefined) return;
    const limitMs = replica.drainMs + DRAIN_MARGIN_MS;
    replica.cancelWatch = this.#options.clock.startTimer(limitMs, () => {
      this.#giveUp(replica, `it had not ended ${limitMs} ms after it was told to`);
    });
  }

  /** Kills it and counts it as gone: the system may take its time to tell. */
  #giveUp(replica: Replica, detail: string): void {
    const given = replica.process;
    replica.cancelWatch = undefined;
    if (given === undefined) return;
    given.kill();
    const pid = given.pid === undefined ? {} : { pid: given.pid };
    this.#options.onEvent({ index: replica.index, state: "killed", ...pid, detail });
    this.#ended(replica, { exitCode: null, detail });
  }

  #reported(replica: Replica, report: ReplicaReport): void {
    if (report.kind === "fault") {
      replica.fault = report.text;
      return;
    }
    replica.unanswered = 0;
    if (report.kind === "alive") return;
    replica.drainMs = report.drainMs;
    replica.listeningSinceNs = this.#options.clock.monotonicNs();
    replica.hasListened = true;
    const pid = replica.process?.pid;
    this.#options.onEvent({ index: replica.index, state: "listening", ...(pid !== undefined && { pid }) });
    if (this.#isEnding) this.#limitDrain(replica);
    else this.#watch(replica);
    if (this.#listen !== undefined) return;
    this.#listen = { host: report.host, port: report.port };
    if (this.#isEnding) return;
    for (const other of this.#replicas.slice(1)) this.#start(other);
  }

  #ended(replica: Replica, end: ReplicaEnd): void {
    replica.process = undefined;
    replica.cancelWatch?.();
    replica.cancelWatch = undefined;
    const { fault } = replica;
    if (this.#isEnding) {
      // What a replica says that was told to end while it started, or what others said already, is news to nobody.
      if (end.exitCode !== 0) this.#exitCode ||= SYSTEM_EXIT_CODE;
      this.#endIfEmpty();
    } else if (this.#listen === undefined || (!replica.hasListened && end.exitCode === OPERATOR_EXIT_CODE)) {
      // Nobody serves yet, or what is wrong is wrong for all of them.
      const message = `Cannot start replica ${replica.index}: ${end.detail}`;
      this.#options.onFault(fault ?? { code: "LG5007", message });
      this.#exitCode = end.exitCode === null || end.exitCode === 0 ? SYSTEM_EXIT_CODE : end.exitCode;
      this.drain();
    } else {
      if (fault !== undefined) this.#options.onFault(fault);
      this.#restartLater(replica, end);
    }
  }

  #restartLater(replica: Replica, { detail }: ReplicaEnd): void {
    const { clock, onEvent } = this.#options;
    const { listeningSinceNs } = replica;
    if (listeningSinceNs !== undefined && clock.monotonicNs() - listeningSinceNs >= HEALTHY_NS) {
      replica.delayMs = DELAY_MIN_MS;
    }
    const { delayMs } = replica;
    replica.delayMs = Math.min(delayMs * 2, DELAY_MAX_MS);
    replica.cancelRestart = clock.startTimer(delayMs, () => {
      replica.cancelRestart = undefined;
      this.#start(replica);
    });
    onEvent({ index: replica.index, state: "restarting", detail: `${detail}; the next start is in ${delayMs} ms` });
  }

  #endIfEmpty(): void {
    if (this.#replicas.every(({ process }) => process === undefined)) this.#over.resolve(this.#exitCode);
  }
}
