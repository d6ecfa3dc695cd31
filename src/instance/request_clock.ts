/**
 * The time a request has: to the head of its answer, then between two pieces of its body, then from the end of the
 * answer to the guest's own end. One timer at a time, and none is moved for each piece: the piece only notes when it was.
 */
import type { Clock } from "../base/clock.ts";
import { DeadlineQueue } from "../base/deadline_queue.ts";

/** How long each part may take. */
export interface RequestTimes {
  readonly wallMs: number;
  readonly idleMs: number;
}

/** Which limit was met. */
export type TimeOver = "wall" | "idle";

/** What the requests of a route share. */
export class RequestDeadlines {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly walls: DeadlineQueue;
  readonly idles: DeadlineQueue;

  constructor(clock: Clock, { wallMs, idleMs }: RequestTimes) {
    this.clock = clock;
    this.idleMs = idleMs;
    this.walls = new DeadlineQueue(clock, wallMs);
    this.idles = new DeadlineQueue(clock, idleMs);
  }

  /** Leaves no timer behind once no request is left. */
  close(): void {
    this.walls.close();
    this.idles.close();
  }
}

/** What a request's clock needs. */
export interface RequestClockOptions {
  readonly deadlines: RequestDeadlines;
  /** Called at most once. */
  readonly onOver: (over: TimeOver) => void;
}

/** One for each request; `end` it. */
export class RequestClock {
  readonly #options: RequestClockOptions;
  #cancelTimer: (() => void) | undefined;
  /** When the guest got rid of a piece last, or could not since its client takes none. */
  #progressMs = 0;
  /** The client takes nothing now: what that may last is the server's to say. */
  #isClientBusy: () => boolean = () => false;
  #isOver = false;

  /** Starts with the wait for the head. */
  constructor(options: RequestClockOptions) {
    this.#options = options;
    this.#cancelTimer = options.deadlines.walls.start(() => this.#end("wall"));
  }

  /** The head went out. From here on `progressed` says when the guest got rid of a piece. */
  answered(isClientBusy: () => boolean): void {
    if (this.#isOver) return;
    this.#isClientBusy = isClientBusy;
    this.progressed();
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.deadlines.idles.start(() => this.#checkIdle());
  }

  progressed(): void {
    this.#progressMs = this.#options.deadlines.clock.monotonicMs();
  }

  /** The answer is whole, or never will be: the guest has the rest for itself. */
  answerEnded(): void {
    this.#isClientBusy = () => false;
    this.progressed();
  }

  /** The guest has ended. Idempotent. */
  end(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #checkIdle(): void {
    if (this.#isClientBusy()) this.progressed();
    const { clock, idleMs } = this.#options.deadlines;
    const leftMs = this.#progressMs + idleMs - clock.monotonicMs();
    if (leftMs <= 0) this.#end("idle");
    // Timers may come a little early.
    else this.#cancelTimer = clock.startTimer(Math.max(leftMs, 1), () => this.#checkIdle());
  }

  #end(over: TimeOver): void {
    if (this.#isOver) return;
    this.end();
    this.#options.onOver(over);
  }
}
