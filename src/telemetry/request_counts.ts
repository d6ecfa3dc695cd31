/** Requests of each route since the gateway started: how many of each class of status, how long they took, what their guests computed. */
import type { EmitEvent, GatewayEvent } from "./events.ts";

/** Upper bounds of the histogram's buckets, in seconds; the last one is above the default limit for an answer's head. */
export const DURATION_BUCKETS_S: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
];

/** The first digit of a status. */
export type StatusClass = "2xx" | "3xx" | "4xx" | "5xx" | "gone";

/** What was counted for one route. */
export interface RequestCount {
  /** Undefined: the requests came to no route. */
  readonly workload?: string;
  /** Its name within the workload. */
  readonly route?: string;
  /** "gone": the client left before there was a status. */
  readonly byClass: Readonly<Partial<Record<StatusClass, number>>>;
  /** How many took at most the bound of the same index and more than the one before; the last one has those above all. */
  readonly buckets: readonly number[];
  /** How many there were. */
  readonly total: number;
  /** How long they took together, in seconds. */
  readonly secondsTotal: number;
  /** What their guests computed, in seconds of processor time. */
  readonly cpuSecondsTotal: number;
}

type RequestEvent = Extract<GatewayEvent, { readonly kind: "request" }>;
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Entry extends Mutable<Omit<RequestCount, "byClass" | "buckets">> {
  readonly byClass: Partial<Record<StatusClass, number>>;
  readonly buckets: number[];
}

/** The status of a client that left, as the log has it. */
const STATUS_GONE = 499;

/** One for a gateway. It grows with routes, not with requests or with what clients send. */
export class RequestCounts {
  readonly #byWorkload = new Map<string | undefined, Map<string | undefined, Entry>>();

  /** An `emit` that counts what passes. */
  counting(emit: EmitEvent): EmitEvent {
    return (event) => {
      if (event.kind === "request") this.#add(event);
      emit(event);
    };
  }

  /** A guest has computed for a request. Its line may have been written before: a guest can go on after its answer. */
  addComputed(guest: Pick<RequestEvent, "workload" | "route">, cpuMs: number): void {
    this.#entryOf(guest).cpuSecondsTotal += cpuMs / 1000;
  }

  /** Copies, in the order of the first request of each. */
  snapshot(): readonly RequestCount[] {
    return [...this.#byWorkload.values()].flatMap((routes) =>
      [...routes.values()].map((entry) => ({ ...entry, byClass: { ...entry.byClass }, buckets: [...entry.buckets] }))
    );
  }

  #add(event: RequestEvent): void {
    const entry = this.#entryOf(event);
    const seconds = event.durationMs / 1000;
    const statusClass = classOf(event.status);
    entry.byClass[statusClass] = (entry.byClass[statusClass] ?? 0) + 1;
    const at = DURATION_BUCKETS_S.findIndex((bound) => seconds <= bound);
    const bucket = at < 0 ? DURATION_BUCKETS_S.length : at;
    entry.buckets[bucket] = (entry.buckets[bucket] ?? 0) + 1;
    entry.total++;
    entry.secondsTotal += seconds;
  }

  #entryOf({ workload, route }: Pick<RequestEvent, "workload" | "route">): Entry {
    let routes = this.#byWorkload.get(workload);
    if (routes === undefined) {
      routes = new Map();
      this.#byWorkload.set(workload, routes);
    }
    let entry = routes.get(route);
    if (entry === undefined) {
      entry = {
        ...(workload !== undefined && { workload }),
        ...(route !== undefined && { route }),
        byClass: {},
        buckets: [...DURATION_BUCKETS_S, Infinity].map(() => 0),
        total: 0,
        secondsTotal: 0,
        cpuSecondsTotal: 0,
      };
      routes.set(route, entry);
    }
    return entry;
  }
}

function classOf(status: number): StatusClass {
  if (status === STATUS_GONE) return "gone";
  if (status < 300) return "2xx";
  if (status < 400) return "3xx";
  return status < 500 ? "4xx" : "5xx";
}
