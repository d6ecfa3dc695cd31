/**
 * The one poll loop of a guest: everything that waits for the host waits here, and timers too. Promise jobs run
 * between its turns (see `engine/`), so async code runs as it does elsewhere, many things at once on one thread.
 */
import { u64 } from "./engine/quickjs.ts";
import { now, subscribeDuration } from "./wasi/clocks_monotonic_clock.ts";
import { poll, type Pollable } from "./wasi/io_poll.ts";
import { TimerQueue } from "./timer_queue.ts";

const NS_PER_MS = 1_000_000;
/** What a turn may do without asking the host who else is ready: it keeps a fast peer from starving the others. */
const AT_ONCE_MAX = 64;

// In step: `wakers[i]` waits for `pollables[i]`. Two arrays, because `poll` wants a plain list of pollables.
const pollables: Pollable[] = [];
const wakers: (() => void)[] = [];
/** The guest's timers. */
export const timers = new TimerQueue();
let atOnce = 0;

/** Resolves when `pollable` is ready, or at `wake` or `forget`: look again, and wait again. */
export function ready(pollable: Pollable): Promise<void> {
  return new Promise((resolve) => {
    pollables.push(pollable);
    wakers.push(resolve);
  });
}

/** Wakes what waits for `pollable`, ready or not. */
export function wake(pollable: Pollable): void {
  const place = pollables.indexOf(pollable);
  if (place >= 0) take(place)();
}

/** Wakes what waits for `pollable` and drops it. */
export function forget(pollable: Pollable): void {
  wake(pollable);
  pollable[Symbol.dispose]();
}

/** Whether to try without waiting first; false once in a while, so that everybody gets a turn. */
export function mayGoOn(): boolean {
  atOnce += 1;
  return atOnce <= AT_ONCE_MAX;
}

/** Milliseconds from an arbitrary start. */
export function nowMs(): number {
  return Number(now()) / NS_PER_MS;
}

/** Waits for the host once, wakes what is ready and fires at most one timer; false when there is nothing to wait for. */
export function turn(): boolean {
  atOnce = 0;
  const dueMs = timers.nextDueMs();
  if (dueMs === undefined) {
    if (pollables.length === 0) return false;
    wakeAll(poll(pollables));
    return true;
  }
  const waitNs = Math.ceil(Math.max(0, dueMs - nowMs()) * NS_PER_MS);
  using timer = subscribeDuration(u64(waitNs));
  wakeAll(poll([...pollables, timer]));
  timers.fireOne(nowMs());
  return true;
}

/** From the back, so that the one that fills a gap is never one that is ready too. */
function wakeAll(places: ArrayLike<number>): void {
  const due: (() => void)[] = [];
  for (const place of Array.from(places).sort((a, b) => b - a)) {
    if (place < pollables.length) due.push(take(place));
  }
  // In the order in which they came to wait, as far as that is known.
  for (let index = due.length - 1; index >= 0; index--) due[index]?.();
}

/** Removes the wait at `place` and gives its waker; the last one fills the gap. */
function take(place: number): () => void {
  const waker = wakers[place];
  const lastPollable = pollables.pop();
  const lastWaker = wakers.pop();
  if (waker === undefined || lastPollable === undefined || lastWaker === undefined) {
    throw new RangeError(`Cannot wake wait ${place}: there is none`);
  }
  if (place < pollables.length) {
    pollables[place] = lastPollable;
    wakers[place] = lastWaker;
  }
  return waker;
}
