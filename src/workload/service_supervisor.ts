/** Keeps a service running: starts it, says when it is ready, restarts it with a growing delay, stops it. */
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { type Waitable, WaitList } from "../base/waitable.ts";
import { describeEnd, type GuestEnd, isSuccess } from "../instance/guest_end.ts";
import type { ServiceState } from "./service_state.ts";
import type { RestartPolicy } from "./spec.ts";

/** One run of the service, from instantiation to its end. */
export interface ServiceRun {
  /** Never rejects. Everything of the run is released when it resolves. */
  readonly ended: Promise<GuestEnd>;
  /** Ends it from outside; `ended` then resolves soon. */
  kill(cause: Error): void;
}

/** The delays between starts. */
export interface RestartTimes {
  /** Before the first restart. */
  readonly delayMinMs: number;
  /** It doubles up to this. A service that fails at once must not take the processor from its neighbours. */
  readonly delayMaxMs: number;
  /** Ready for so long, the next delay is the first again. */
  readonly healthyMs: number;
}

/** design.md section 5. */
export const RESTART_TIMES: RestartTimes = { delayMinMs: 100, delayMaxMs: 30_000, healthyMs: 60_000 };

/** What a supervisor needs. */
export interface SupervisorOptions {
  readonly startRun: () => ServiceRun;
  /** Ready when the service listens; undefined: ready at once. */
  readonly listening: Waitable | undefined;
  readonly policy: RestartPolicy;
  readonly clock: Clock;
  readonly times?: RestartTimes;
  readonly onState: (state: ServiceState) => void;
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
  #cancelRestart: (() => void) | undefined;
  #nextDelayMs: number;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#times = options.times ?? RESTART_TIMES;
    this.#nextDelayMs = this.#times.delayMinMs;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** Starts the service. Does nothing when it was started or stopped before. */
  start(): void {
    if (this.#state.kind === "idle") this.#startRun();
  }

  /** Ends the service for good; resolves when nothing of it is left. Idempotent. */
  async stop(): Promise<void> {
    if (this.#state.kind !== "stopped") this.#become({ kind: "stopped" });
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    this.#run?.kill(new LoopgateError("ERR_CLOSED", "The service was ended: its workload is being closed"));
    await this.#watching;
  }

  /**
   * Waits until requests can be served, up to `limitMs`: false when they cannot.
   * Answers at once, without a promise, when that is known.
   */
  untilServing(limitMs: number): boolean | Promise<boolean> {
    const known = servesRequests(this.#state);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      const settle = (isServing: boolean): void => {
        cancelTimer();
        withdraw();
        resolve(isServing);
      };
      const look = (): void => {
        const isServing = servesRequests(this.#state);
        if (isServing === undefined) withdraw = this.#changed.add(look);
        else settle(isServing);
      };
      let withdraw = this.#changed.add(look);
      const cancelTimer = this.#options.clock.startTimer(limitMs, () => settle(false));
    });
  }

  #startRun(): void {
    this.#become({ kind: "starting" });
    const run = this.#options.startRun();
    this.#run = run;
    this.#watching = run.ended.then((end) => this.#ended(end));
    this.#awaitListening();
  }

  #awaitListening(): void {
    if (this.#state.kind !== "starting") return;
    const { listening } = this.#options;
    if (listening === undefined || listening.isReady()) {
      this.#become({ kind: "ready", sinceNs: this.#options.clock.monotonicNs() });
    } else {
      this.#withdrawListening = listening.onReady(() => this.#awaitListening());
    }
  }

  #ended(end: GuestEnd): void {
    const before = this.#state;
    this.#run = undefined;
    this.#withdrawListening?.();
    this.#withdrawListening = undefined;
    if (before.kind === "stopped") return;
    const { policy } = this.#options;
    const isWell = isSuccess(end);
    if (policy === "always" || (policy === "on-failure" && !isWell)) {
      this.#restartLater(describeEnd(end), before);
    } else {
      this.#become(isWell ? { kind: "completed" } : { kind: "failed", reason: describeEnd(end) });
    }
  }

  #restartLater(reason: string, before: ServiceState): void {
    const { clock } = this.#options;
    const { delayMinMs, delayMaxMs, healthyMs } = this.#times;
    const wasHealthy = before.kind === "ready" &&
      clock.monotonicNs() - before.sinceNs >= BigInt(healthyMs) * NS_PER_MS;
    const delayMs = wasHealthy ? delayMinMs : this.#nextDelayMs;
    this.#nextDelayMs = Math.min(delayMs * 2, delayMaxMs);
    this.#become({ kind: "restarting", delayMs, reason });
    this.#cancelRestart = clock.startTimer(delayMs, () => {
      this.#cancelRestart = undefined;
      this.#startRun();
    });
  }

  #become(next: ServiceState): void {
    this.#state = next;
    this.#options.onState(next);
    this.#changed.wakeAll();
  }
}

/** Whether requests can be served; undefined when that may still change by waiting. */
function servesRequests(state: ServiceState): boolean | undefined {
  switch (state.kind) {
    case "ready":
    case "completed":
      return true;
    case "failed":
    case "stopped":
      return false;
    case "idle":
    case "starting":
    case "restarting":
      return undefined;
  }
}
