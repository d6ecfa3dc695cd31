/**
 * How many of each limited thing are alive now. Every owner adds when it opens and subtracts when it closes;
 * after each test and each request they are back where they were.
 */
export const LIVE_KINDS = [
  "workloads",
  /** That serve somebody. */
  "instances",
  /** That wait for the next request. */
  "idleInstances",
  "pollables",
  "streams",
  "tcpSockets",
  "udpSockets",
  "loopbackConnections",
  "egressConnections",
  /** Files and directories of volumes, and streams on them. */
  "openFiles",
  /** Of clients on ports that lead into a private loopback. */
  "publishedConnections",
  "requests",
  "lookups",
  "resolverSockets",
  "timers",
] as const;

/** One of the counted kinds. */
export type LiveKind = (typeof LIVE_KINDS)[number];

/** The counts of one gateway; workloads share it. */
export class LiveCounters {
  /** In the order of the kinds. By name, V8 would look the property up anew each time: a request counts fifty things. */
  readonly #counts: number[] = LIVE_KINDS.map(() => 0);

  /** Adds `change` (usually 1 or -1). A count below zero is a bug and throws. */
  add(kind: LiveKind, change: number): void {
    const index = indexOf(kind);
    const next = (this.#counts[index] ?? 0) + change;
    if (next < 0) throw new RangeError(`Cannot count ${kind} below zero: ${next}, expected each close after its open`);
    this.#counts[index] = next;
  }

  get(kind: LiveKind): number {
    return this.#counts[indexOf(kind)] ?? 0;
  }

  /** A plain copy, for tests, logs and the admin page. */
  snapshot(): Readonly<Record<LiveKind, number>> {
    return Object.fromEntries(LIVE_KINDS.map((kind) => [kind, this.get(kind)])) as Record<LiveKind, number>;
  }
}

/** Of a few names that V8 compares by their places, those that are counted most are among the first. */
function indexOf(kind: LiveKind): number {
  let index = 0;
  while (LIVE_KINDS[index] !== kind) index++;
  return index;
}
