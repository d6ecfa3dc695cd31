/**
 * One scheduler for all guests of a gateway that compute: one of them goes on in each turn of the event loop, and others only
 * while that takes no time, so that everybody else waits for one slice and not for as many as there are guests. Round robin over workloads, then over
 * the guests of one: a workload with sixty-three spinners gets no more than its neighbour with one.
 */
import type { Clock } from "../base/clock.ts";
import { RoundRobin } from "./round_robin.ts";

/**
 * How long requests go on beginning in one turn of the event loop while connections come. A turn accepts one connection
 * (libuv), so with 320 clients that come at once, each turn serving all who are there already, the last one waited 1.5 s.
 */
export const CROWDED_STARTS_MS_MAX = 0.5;

/**
 * How long guests may have had a job for themselves when another request begins in it. Less than guests may hold one for
 * (`HELD_MS_MAX`): those that began later gave their turns away before they were through, and then went on one by one in later
 * turns, in each of which as many more began. With 320 connections on Deno, which reads all of them in one job, 250 guests
 * waited that way all the time, each for more than a second and in an instance of its own.
 */
export const STARTS_MS_MAX = 3;

/**
 * How long guests that wait for a turn go on one after the other in it. Those that had little left to do (others had used up
 * the time that guests may hold a job for) are through in a moment: with a turn for each, 30 of them that waited behind those of 64
 * connections were answered after 100 ms. One that computes has a slice, and is the last of its turn.
 */
export const TURN_MS_MAX = 2;

/** What a scheduler needs. */
export interface TurnSchedulerOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Calls `fire` in a later turn of the event loop (`nextEventLoopTurn`). */
  readonly nextTurn: (fire: () => void) => void;
}

/** One guest that may ask for turns; waits at most once at a time. */
export interface ScheduledGuest {
  /** True between `wait` and its turn. */
  readonly isWaiting: boolean;
  /** Resolves when it is the guest's turn. `sliceMs` is how long it has just run: what a share is counted by. */
  wait(sliceMs: number): Promise<void>;
  /** Gives its place in the queue up (it was ended): its wait never resolves. */
  withdraw(): void;
  /** Says that its stretch of computing begins, or has ended. */
  computes(isComputing: boolean): void;
  /** Says that the guest computes, now. How long guests, this one or others, have had a job of the event loop for themselves. */
  heldMs(nowMs: number): number;
}

/** How a guest is scheduled. */
export interface GuestShare {
  /** Of one core, 0 to 1, while others wait; default: a turn whenever the round comes to it. */
  readonly cpuShare?: number;
}

/** A guest and when it may go on, were others waiting. */
interface Seat extends ScheduledGuest {
  readonly workload: string;
  /** False for somebody who is to have one: instances of those who are through are free a few jobs later. */
  hasComputed: boolean;
  dueMs: number;
  resume: (() => void) | undefined;
}

/** The queue and its turns. */
export class TurnScheduler {
  readonly #options: TurnSchedulerOptions;
  /** Guests that wait. */
  readonly #waiting = new RoundRobin<Seat>();
  /** The one turn that was asked for, for whoever waits and for those who ask how long guests have held the loop. */
  #isTurnComing = false;
  /** When the last one began. */
  #turnSinceMs = -Infinity;
  /** Who goes on in it, and has not begun to compute. */
  #going: Seat | undefined;
  /** Guests between two waits: one, or those of one turn of the event loop whose ends nobody has heard of yet. */
  #computing = 0;
  /** Who waits for quiet: a workload with a thousand requests leaves its neighbours every second beginning. */
  readonly #starting = new RoundRobin<() => void>();
  #isStartComing = false;
  /** When those of this turn began to go on. */
  #startsSinceMs = 0;
  /** A connection came in this turn of the event loop or the one before. */
  #isCrowded = false;
  #hasComeInTurn = false;
  /** When a guest was first seen to compute in this turn of the event loop. */
  #heldSinceMs: number | undefined;
  /** The same for the job that runs, of which a turn has many. */
  #jobSinceMs: number | undefined;

  constructor(options: TurnSchedulerOptions) {
    this.#options = options;
  }

  /** Guests that wait for their turn. */
  get waitingCount(): number {
    return this.#waiting.count;
  }

  /**
   * True while who begins has to wait: a guest is between two waits, and another one would have to be made where this one is free
   * in a moment; or connections come; or guests have had this job for long enough, or left others waiting that came before.
   */
  get isBusy(): boolean {
    return this.#computing > 0 || this.#isCrowded || !this.#starting.isEmpty || this.#isSpent();
  }

  /** Says that a connection came: where there was one there may be a hundred, and the event loop takes them one by one. */
  connectionCame(): void {
    this.#hasComeInTurn = true;
    if (this.#isCrowded) return;
    this.#isCrowded = true;
    this.#watchCrowd();
  }

  /**
   * Resolves when no guest computes, for one after the other of those who wait, round robin over workloads; at the latest they go on
   * one by one in the next turns, and so they do while connections come. Deno reads what all connections have sent before any promise goes on: without this as many instances would be
   * made as there are requests, and each guest's time would count for all of them.
   */
  untilQuiet(workload: string): Promise<void> {
    return new Promise((resolve) => {
      this.#starting.add(workload, resolve);
      this.#askForStart();
    });
  }

  /** Says that who waited for quiet does not begin: of hundreds of clients that have gone, each would have a turn of those behind them. */
  passOn(): void {
    this.#starting.takeFirst()?.();
  }

  /** How long guests have had the event loop for themselves in this turn of it; begins to count when it is first asked. */
  heldMs(): number {
    return this.#heldMs(this.#options.clock.monotonicMs());
  }

  /**
   * Says that the event loop calls from outside (it has read a request), so that all jobs of promises are done: guests that
   * wake each other from here on have not done so before.
   */
  beginJob(): void {
    this.#jobSinceMs = undefined;
  }

  /** Resolves when it is the turn of somebody who has no guest yet: as one of the workload's that compute. */
  untilTurn(workload: string): Promise<void> {
    return this.openGuest(workload).wait(0);
  }

  /** A place for one guest, for all its life. Nothing is held while it does not wait. */
  openGuest(workload: string, { cpuShare }: GuestShare = {}): ScheduledGuest {
    // A guest with half a core stands back for as long as it ran, one with a quarter for three times that.
    const restFactor = cpuShare === undefined ? 0 : 1 / Math.min(cpuShare, 1) - 1;
    const seat: Seat = {
      workload,
      hasComputed: false,
      dueMs: 0,
      resume: undefined,
      get isWaiting() {
        return seat.resume !== undefined;
      },
      wait: (sliceMs) => {
        if (restFactor > 0) seat.dueMs = this.#options.clock.monotonicMs() + sliceMs * restFactor;
        return this.#enqueue(seat);
      },
      withdraw: () => this.#remove(seat),
      computes: (isComputing) => this.#computes(seat, isComputing),
      heldMs: (nowMs) => this.#jobHeldMs(nowMs),
    };
    return seat;
  }

  #computes(seat: Seat, isComputing: boolean): void {
    this.#computing += isComputing ? 1 : -1;
    if (isComputing) {
      seat.hasComputed = true;
      if (this.#going === seat) this.#going = undefined;
    }
    if (this.#computing > 0) return;
    if (!this.#waiting.isEmpty) this.#goOnInTurn();
    if (this.#starting.isEmpty) return;
    const { clock } = this.#options;
    if (this.#isCrowded && clock.monotonicMs() - this.#startsSinceMs >= CROWDED_STARTS_MS_MAX) return;
    if (this.#isSpent()) return;
    this.#starting.takeFirst()?.();
  }

  /** On Node each request is read in a job of its own, so there is hardly a clock to look at. */
  #isSpent(): boolean {
    const sinceMs = this.#jobSinceMs;
    return sinceMs !== undefined && this.#options.clock.monotonicMs() - sinceMs >= STARTS_MS_MAX;
  }

  /** Somebody is through: the next one need not wait for a turn of its own if this one has only just begun. */
  #goOnInTurn(): void {
    if (this.#going !== undefined || this.#options.clock.monotonicMs() - this.#turnSinceMs >= TURN_MS_MAX) return;
    const seat = this.#next(true);
    if (seat !== undefined) this.#resume(seat);
  }

  #watchCrowd(): void {
    this.#options.nextTurn(() => {
      this.#isCrowded = this.#hasComeInTurn;
      this.#hasComeInTurn = false;
      if (this.#isCrowded) this.#watchCrowd();
    });
  }

  /** Who waits for quiet does not depend on somebody's end being heard of. */
  #askForStart(): void {
    if (this.#isStartComing) return;
    this.#isStartComing = true;
    this.#options.nextTurn(() => {
      this.#isStartComing = false;
      if (this.#isCrowded) this.#startsSinceMs = this.#options.clock.monotonicMs();
      this.#starting.takeFirst()?.();
      if (!this.#starting.isEmpty) this.#askForStart();
    });
  }

  #enqueue(seat: Seat): Promise<void> {
    this.#waiting.add(seat.workload, seat);
    this.#askForTurn();
    return new Promise((resolve) => {
      seat.resume = resolve;
    });
  }

  /**
   * Guests that wake each other (a handler and its service, over the loopback) wait all the time and never compute for long,
   * and no turn of the event loop ever comes between them: promises have their jobs done first. Counted by the turn and not
   * by the job, thirty-two requests that came at once gave their turns away in the middle and a fifth of their time with them.
   */
  #jobHeldMs(nowMs: number): number {
    this.#heldMs(nowMs);
    this.#jobSinceMs ??= nowMs;
    return nowMs - this.#jobSinceMs;
  }

  #heldMs(nowMs: number): number {
    if (this.#heldSinceMs !== undefined) return nowMs - this.#heldSinceMs;
    this.#heldSinceMs = nowMs;
    this.#askForTurn();
    return 0;
  }

  #remove(seat: Seat): void {
    if (this.#waiting.delete(seat.workload, seat)) seat.resume = undefined;
  }

  #askForTurn(): void {
    if (this.#isTurnComing) return;
    this.#isTurnComing = true;
    this.#options.nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#isTurnComing = false;
    this.#heldSinceMs = undefined;
    this.#jobSinceMs = undefined;
    if (this.#waiting.isEmpty) return;
    this.#turnSinceMs = this.#options.clock.monotonicMs();
    const seat = this.#next(false);
    if (seat !== undefined) this.#resume(seat);
    if (!this.#waiting.isEmpty) this.#askForTurn();
  }

  #resume(seat: Seat): void {
    const { resume } = seat;
    this.#going = seat;
    this.#waiting.take(seat.workload, seat);
    seat.resume = undefined;
    resume?.();
  }

  /**
   * The first whose rest is over; when all who wait are resting nobody gains by waiting, and the first goes on. One that is to share
   * a turn of others has rested, for who comes with the next turn is not there yet, and has computed.
   */
  #next(isShared: boolean): Seat | undefined {
    let first: Seat | undefined;
    let nowMs: number | undefined;
    for (const seats of this.#waiting.groups()) {
      for (const seat of seats) {
        const isRested = seat.dueMs === 0 || seat.dueMs <= (nowMs ??= this.#options.clock.monotonicMs());
        if (!isRested) first ??= seat;
        else if (!isShared || seat.hasComputed) return seat;
        // Nobody of its workload goes before it, or the workload would come last again and it would never have its own.
        else break;
      }
    }
    return isShared ? undefined : first;
  }
}
