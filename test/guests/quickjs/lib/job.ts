/**
 * Many things at once in one guest, without threads: a job is a generator that yields the pollable it waits for.
 * `PollLoop` runs many jobs, `runJob` one to its end.
 *
 * @example
 * function* echo(client: Connection): Job<void> {
 *   for (let bytes = yield* client.reader.read(); bytes !== null; bytes = yield* client.reader.read()) {
 *     yield* client.writer.write(bytes);
 *   }
 * }
 */
import { subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.10";
import { poll, type Pollable } from "wasi:io/poll@0.2.10";

/** Work that waits by yielding a pollable. It must stand being resumed early: look again, and yield again. */
export type Job<T> = Generator<Pollable, T, void>;

const NS_PER_MS = 1_000_000;

/** Waits `delayMs`. */
export function* sleep(delayMs: number): Job<void> {
  using timer = subscribeDuration(delayMs * NS_PER_MS);
  while (!timer.ready()) yield timer;
}

/** What `runJob` throws into a job whose time is up. */
export class TimedOut extends Error {}

/** Runs `job` to its end and gives its result. Past `timeoutMs` it is ended where it waits, by throwing `TimedOut` there. */
export function runJob<T>(job: Job<T>, options: { readonly timeoutMs?: number } = {}): T {
  using timer = options.timeoutMs === undefined ? null : subscribeDuration(options.timeoutMs * NS_PER_MS);
  let step = job.next();
  while (step.done !== true) {
    const isReady = timer === null || poll([step.value, timer]).includes(0);
    if (timer === null) step.value.block();
    step = isReady ? job.next() : job.throw(new TimedOut(`No answer after ${options.timeoutMs} ms`));
  }
  return step.value;
}

/** Runs jobs side by side, each until it ends. A job that throws ends alone. */
export class PollLoop {
  // In step: job `i` waits for pollable `i`. Two arrays, because `poll` wants a plain list of pollables.
  readonly #jobs: Job<void>[] = [];
  readonly #pollables: Pollable[] = [];
  readonly #onFailure: (error: unknown) => void;

  /** @param onFailure is told what a job threw. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Runs `job` up to its first wait; `run` does the rest. Jobs may start others. */
  start(job: Job<void>): void {
    const pollable = this.#resume(job);
    if (pollable === null) return;
    this.#jobs.push(job);
    this.#pollables.push(pollable);
  }

  /** Returns when no job is left. */
  run(): void {
    while (this.#jobs.length > 0) {
      const ended: number[] = [];
      for (const place of poll(this.#pollables)) {
        const job = this.#jobs[place];
        const pollable = job === undefined ? null : this.#resume(job);
        if (pollable === null) ended.push(place);
        else this.#pollables[place] = pollable;
      }
      // From the back, so that the last job, which fills the gap, is never one that ended too.
      for (const place of ended.sort((a, b) => b - a)) this.#remove(place);
    }
  }

  /** What the job waits for now; null when it has ended. */
  #resume(job: Job<void>): Pollable | null {
    try {
      const step = job.next();
      return step.done === true ? null : step.value;
    } catch (error) {
      this.#onFailure(error);
      return null;
    }
  }

  #remove(place: number): void {
    const job = this.#jobs.pop();
    const pollable = this.#pollables.pop();
    if (job === undefined || pollable === undefined || place === this.#jobs.length) return;
    this.#jobs[place] = job;
    this.#pollables[place] = pollable;
  }
}
