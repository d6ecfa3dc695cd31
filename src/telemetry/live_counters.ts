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
  readonly #counts: Record<LiveKind, number> = Object.fromEntries(LIVE_KINDS.map((kind) => [kind, 0])) as Record<
    LiveKind,
    number
  >;

  /** Adds `change` (usually 1 or -1). A count below zero is a bug and throws. */
  add(kind: LiveKind, change: number): void {
    const next = this.#counts[kind] + change;
    if (next < 0) throw new RangeError(`Cannot count ${kind} below zero: ${next}, expected each close after its open`);
    this.#counts[kind] = next;
  }

  get(kind: LiveKind): number {
    return this.#counts[kind];
  }

  /** A plain copy, for tests, logs and the admin page. */
  snapshot(): Readonly<Record<LiveKind, number>> {
    return { ...this.#counts };
  }
}
