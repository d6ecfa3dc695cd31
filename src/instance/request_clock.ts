/**
 * The time a request has: from its arrival to the head of its answer, then between two pieces of its body, then from the end of the
 * answer to the guest's own end. One timer at a time, and none is moved for each piece: the piece only notes when it was.
 */
import type { Clock } from "../base/clock.ts";
import { type Deadline, DeadlineQueue } from "../base/deadline_queue.ts";
import { ListEntry } from "../base/linked_list.ts";
import type { Waitable } from "../base/waitable.ts";

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

/** Who is told when the time of a request is over. */
export interface TimedRequest {
  /** Called at most once. */
  timeOver(over: TimeOver): void;
}

/** Ready while the client takes something: what it may last when it does not is the server's to say. */
export type AnsweredClient = Pick<Waitable, "isReady">;

/** One for each request; `end` it. */
export class RequestClock implements Deadline {
  /** Of the queue that it waits in. */
  dueMs = 0;
  readonly #deadlines: RequestDeadlines;
  readonly #request: TimedRequest;
  readonly #entry: ListEntry<Deadline>;
  /** Only when the guest got rid of a piece since the idle deadline began. */
  #cancelTimer: (() => void) | undefined;
  /** When the guest got rid of a piece last, or could not since its client takes none. */
  #progressMs = 0;
  #client: AnsweredClient | undefined;
  #isAnswered = false;
  #isOver = false;

  /** Starts with the wait for the head; a request that has waited already, since `arrivedMs`, has less left of it. */
  constructor(deadlines: RequestDeadlines, request: TimedRequest, arrivedMs?: number) {
    this.#deadlines = deadlines;
    this.#request = request;
    this.#entry = new ListEntry<Deadline>(this);
    deadlines.walls.start(this.#entry, arrivedMs);
  }

  /** The head went out. From here on `progressed` says when the guest got rid of a piece. */
  answered(client: AnsweredClient | undefined): void {
    if (this.#isOver) return;
    this.#client = client;
    this.#isAnswered = true;
    const { clock, walls, idles } = this.#deadlines;
    this.#progressMs = clock.monotonicMs();
    walls.cancel(this.#entry);
    idles.start(this.#entry, this.#progressMs);
  }

  progressed(): void {
    this.#progressMs = this.#deadlines.clock.monotonicMs();
  }

  /** The answer is whole, or never will be: the guest has the rest for itself. */
  answerEnded(): void {
    this.#client = undefined;
    this.progressed();
  }

  /** The guest has ended. Idempotent. */
  end(): void {
    this.#isOver = true;
    const { walls, idles } = this.#deadlines;
    walls.cancel(this.#entry);
    idles.cancel(this.#entry);
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Of its queue. */
  fire(): void {
    if (this.#isAnswered) this.#checkIdle();
    else this.#over("wall");
  }

  #checkIdle(): void {
    if (this.#client?.isReady() === false) this.progressed();
    const { clock, idleMs } = this.#deadlines;
    const leftMs = this.#progressMs + idleMs - clock.monotonicMs();
    if (leftMs <= 0) this.#over("idle");
    // Timers may come a little early.
    else this.#cancelTimer = clock.startTimer(Math.max(leftMs, 1), () => this.#checkIdle());
  }

  #over(over: TimeOver): void {
    if (this.#isOver) return;
    this.end();
    this.#request.timeOver(over);
  }
}
