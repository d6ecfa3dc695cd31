/** Keeps a service running: starts it, says when it is ready, restarts it with a growing delay, stops it. */
import { formatDuration } from "../base/quantity.ts";
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { type Waitable, WaitList } from "../base/waitable.ts";
import { describeEnd, type GuestEnd, isSuccess } from "../instance/guest_end.ts";
import { type ServiceState, type Unavailability, unavailability } from "./service_state.ts";
import type { RestartPolicy } from "./spec.ts";

/** One run of the service, from instantiation to its end. */
export interface ServiceRun {
  /** Never rejects. Everything of the run is released when it resolves. */
  readonly ended: Promise<GuestEnd>;
  /** What it has computed so far, in milliseconds; after its end, all of it. */
  readonly cpuMs: () => number;
  /** Ends it from outside; `ended` then resolves soon. */
  kill(cause: Error): void;
}

/** The delays between starts. */
export interface RestartTimes {
  /** Before the first restart. */
  readonly delayMinMs: number;
  /** It doubles up to this. A service that fails at once must not take the processor from its neighbours. */
  readonly delayMaxMs: number;
  /** Ready for so long, the next delay is the first again, and no restart counts against the limit. */
  readonly healthyMs: number;
}

/** design.md section 5. */
export const RESTART_TIMES: RestartTimes = { delayMinMs: 100, delayMaxMs: 30_000, healthyMs: 60_000 };

/** Ready when the service listens where its file says. */
export interface ServiceListening extends Waitable {
  /** Where that is: the end of a sentence. */
  readonly where: string;
  /** Where it listens now instead, as `on 7778`; undefined: nowhere. */
  readonly elsewhere: () => string | undefined;
}

/**
 * How often a service that starts is looked at: one that listens elsewhere by then may mean the wrong port, and who changed a
 * file should not wait for the start limit to hear of it. It may open its ports one after the other too, so no fault is told.
 */
export const START_LOOK_MS = 2_000;

/** What a supervisor needs. */
export interface SupervisorOptions {
  readonly startRun: () => ServiceRun;
  /** Undefined: ready at once. */
  readonly listening: ServiceListening | undefined;
  /** How long a start may take until the service listens; past it the run is killed, and the start has failed. */
  readonly startMs: number;
  readonly policy: RestartPolicy;
  /** Restarts in a row without a time of health, after which it has failed; undefined: as many as it takes. */
  readonly restartsMax: number | undefined;
  readonly clock: Clock;
  readonly times?: RestartTimes;
  readonly onState: (state: ServiceState) => void;
  /** A start took too long. */
  readonly onStartLimit: (detail: string) => void;
  /** A run listens elsewhere, and is waited for all the same; once for each run. */
  readonly onListeningElsewhere: (detail: string) => void;
}

const NS_PER_MS = 1_000_000n;

/** The one owner of a service's runs. */
export class ServiceSupervisor {
  readonly #options: SupervisorOptions;
  readonly #times: RestartTimes;
  readonly #changed = new WaitList();
  #state: ServiceState = { kind: "idle" };
  #run: ServiceRun | undefined;
  #watching: Promise<void> | undefined;
  #withdrawListening: (() => void) | undefined;
  /** Of the one timer: the start limit while starting, the delay while restarting. */
  #cancelTimer: (() => void) | undefined;
  /** Why the run was ended from here, which says more than how it ended. */
  #startFault: string | undefined;
  #lastReason: string | undefined;
  #nextDelayMs: number;
  #restartsInRow = 0;
  #starts = 0;
  /** Of the runs before this one. */
  #endedCpuMs = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#times = options.times ?? RESTART_TIMES;
    this.#nextDelayMs = this.#times.delayMinMs;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** Runs after the first. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** What all runs together have computed, in milliseconds. */
  get cpuMs(): number {
    return this.#endedCpuMs + (this.#run?.cpuMs() ?? 0);
  }

  /** How the last run ended that has ended; undefined: none has. */
  get lastEnd(): string | undefined {
    return this.#lastReason;
  }

  /** Starts the service. Does nothing when it was started or stopped before. */
  start(): void {
    if (this.#state.kind === "idle") this.#startRun();
  }

  /** Ends the service for good; resolves when nothing of it is left. Idempotent. */
  async stop(): Promise<void> {
    if (this.#state.kind !== "stopped") {
      this.#stopWaiting();
      this.#become({ kind: "stopped" });
    }
    this.#run?.kill(new LoopgateError("LG7010", "The service was ended: its workload is being closed"));
    await this.#watching;
  }

  /**
   * Waits until requests can be served, up to `limitMs`: false when they cannot, at once when the next start is later.
   * Answers without a promise when that is known.
   */
  untilServing(limitMs: number): boolean | Promise<boolean> {
    const { clock } = this.#options;
    const deadlineNs = clock.monotonicNs() + BigInt(Math.ceil(limitMs)) * NS_PER_MS;
    const known = servesRequests(this.#state, deadlineNs);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      const settle = (isServing: boolean): void => {
        cancelTimer();
        withdraw();
        resolve(isServing);
      };
      const look = (): void => {
        const isServing = servesRequests(this.#state, deadlineNs);
        if (isServing === undefined) withdraw = this.#changed.add(look);
        else settle(isServing);
      };
      let withdraw = this.#changed.add(look);
      const cancelTimer = clock.startTimer(limitMs, () => settle(false));
    });
  }

  /** Why a request that needs the service cannot be served now. */
  unavailability(): Unavailability {
    return unavailability(this.#state, this.#options.clock.monotonicNs());
  }

  #startRun(): void {
    const { listening, startMs } = this.#options;
    this.#startFault = undefined;
    this.#become({ kind: "starting", lastReason: this.#lastReason });
    // Who heard of the start may have stopped it.
    if (this.#state.kind !== "starting") return;
    this.#starts++;
    const run = this.#options.startRun();
    this.#run = run;
    this.#watching = run.ended.then((end) => this.#ended(end));
    if (listening !== undefined) this.#watchStart(listening, startMs);
    this.#awaitListening();
  }

  /** Looks in steps until the start is over, and tells once where it listens instead. */
  #watchStart(listening: ServiceListening, leftMs: number, isTold = false): void {
    const stepMs = isTold ? leftMs : Math.min(leftMs, START_LOOK_MS);
    this.#cancelTimer = this.#options.clock.startTimer(stepMs, () => {
      if (stepMs === leftMs) return this.#startTooLong(listening);
      const ports = listening.elsewhere();
      this.#watchStart(listening, leftMs - stepMs, isTold || ports !== undefined);
      if (isTold || ports === undefined) return;
      const limit = `it is waited for up to ${formatDuration(this.#options.startMs)}`;
      this.#options.onListeningElsewhere(`it listens ${ports}, and not yet ${listening.where}; ${limit}`);
    });
  }

  #awaitListening(): void {
    if (this.#state.kind !== "starting") return;
    const { listening, clock } = this.#options;
    if (listening === undefined || listening.isReady()) {
      this.#stopWaiting();
      this.#become({ kind: "ready", sinceNs: clock.monotonicNs() });
    } else {
      this.#withdrawListening = listening.onReady(() => this.#awaitListening());
    }
  }

  #startTooLong({ where, elsewhere }: ServiceListening): void {
    this.#stopWaiting();
    const limit = formatDuration(this.#options.startMs);
    const detail = `it did not listen within ${limit} ${where}; it listens ${elsewhere() ?? "nowhere"}`;
    this.#startFault = detail;
    this.#options.onStartLimit(detail);
    this.#run?.kill(new LoopgateError("LG8002", `The service was ended: ${detail}`));
  }

  #ended(end: GuestEnd): void {
    const before = this.#state;
    this.#endedCpuMs = this.cpuMs;
    this.#run = undefined;
    this.#stopWaiting();
    if (before.kind === "stopped") return;
    const { policy, listening } = this.#options;
    // Only what was ready can have done its work: who depends on it would find nobody.
    const early = before.kind === "starting" && listening !== undefined && isSuccess(end)
      ? ` before it listened ${listening.where}`
      : "";
    const isWell = this.#startFault === undefined && isSuccess(end) && early === "";
    const reason = this.#startFault ?? `${describeEnd(end)}${early}`;
    this.#lastReason = reason;
    if (policy === "always" || (policy === "on-failure" && !isWell)) this.#restartLater(reason, before);
    else this.#become(isWell ? { kind: "completed" } : { kind: "failed", reason });
  }

  #restartLater(reason: string, before: ServiceState): void {
    const { clock, restartsMax } = this.#options;
    const { delayMinMs, delayMaxMs, healthyMs } = this.#times;
    const nowNs = clock.monotonicNs();
    if (before.kind === "ready" && nowNs - before.sinceNs >= BigInt(healthyMs) * NS_PER_MS) {
      this.#nextDelayMs = delayMinMs;
      this.#restartsInRow = 0;
    }
    if (restartsMax !== undefined && this.#restartsInRow >= restartsMax) {
      const budget = `it was restarted ${restartsMax === 1 ? "once" : `${restartsMax} times`} in a row`;
      this.#become({ kind: "failed", reason: `${reason}; ${budget}, and that is its limit` });
      return;
    }
    this.#restartsInRow++;
    const delayMs = this.#nextDelayMs;
    this.#nextDelayMs = Math.min(delayMs * 2, delayMaxMs);
    this.#cancelTimer = clock.startTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#startRun();
    });
    this.#become({ kind: "restarting", delayMs, dueNs: nowNs + BigInt(delayMs) * NS_PER_MS, reason });
  }

  #stopWaiting(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#withdrawListening?.();
    this.#withdrawListening = undefined;
  }

  #become(next: ServiceState): void {
    this.#state = next;
    this.#options.onState(next);
    this.#changed.wakeAll();
  }
}

/** Whether requests can be served; undefined when that may still change by waiting until the deadline. */
function servesRequests(state: ServiceState, deadlineNs: bigint): boolean | undefined {
  switch (state.kind) {
    case "ready":
    case "completed":
      return true;
    case "failed":
    case "stopped":
      return false;
    case "restarting":
      return state.dueNs > deadlineNs ? false : undefined;
    case "idle":
    case "starting":
      return undefined;
  }
}
