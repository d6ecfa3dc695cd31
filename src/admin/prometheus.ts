/** `/metrics`: what the gateway has counted, in Prometheus' text format. Labels are names of files and words of the gateway, never what a client or a guest wrote. */
import { Counter, type CounterConfiguration, Gauge, Histogram, Registry } from "prom-client";
import { DURATION_BUCKETS_S, type RequestCount } from "../telemetry/request_counts.ts";
import type { AdminSource, ServiceStatus } from "./admin_source.ts";

/** Labels and value of one line. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What the process itself has used; injected, because it is the machine's. */
export interface ProcessUsage {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly cpuSeconds: number;
}

/** The text of all metrics, made anew at every call of `text`. */
export class PrometheusMetrics {
  readonly #registry = new Registry();

  constructor(source: AdminSource, processUsage: () => ProcessUsage) {
    for (const family of counterFamilies(source)) this.#addCounter(family);
    this.#addGauge("loopgate_live", "Things that are alive now.", ["kind"], () => {
      return Object.entries(source.live()).map(([kind, value]) => ({ labels: { kind }, value }));
    });
    this.#addGauge("loopgate_requests_inside", "Requests inside a route, in its queue too.", ROUTE_LABELS, () => {
      return source.workloads().flatMap(({ name: workload, routes }) =>
        routes.map(({ name: route, inside: value }) => ({ labels: { workload, route }, value }))
      );
    });
    this.#addGauge(
      "loopgate_service_up",
      "1 when the service of a workload is ready or has completed.",
      ["workload"],
      () => ofServices(source, ({ state }) => UP_STATES.has(state) ? 1 : 0),
    );
    this.#addGauge(
      "loopgate_certificate_expires_seconds",
      "When a certificate of the listener ends, since 1970.",
      ["certificate"],
      () => {
        return source.totals().certificatesEndMs.map((endMs, index) => (
          { labels: { certificate: String(index + 1) }, value: endMs / 1000 }
        ));
      },
    );
    this.#addGauge(
      "loopgate_standing_faults",
      "Faults of files that stand now; left-out: nothing of the workload is served, kept: what was before is.",
      ["workload", "state"],
      () => source.faults().map(({ workload = "", state, count: value }) => ({ labels: { workload, state }, value })),
    );
    this.#addGauge("loopgate_http2_streams", "Streams of HTTP/2 that clients have open.", [], () => {
      return [{ labels: {}, value: source.totals().http2.streams }];
    });
    this.#addGauge("loopgate_build_info", "1, with the version.", ["version"], () => {
      return [{ labels: { version: source.version }, value: 1 }];
    });
    this.#addProcess(source, processUsage);
    this.#registry.registerMetric(new DurationHistogram(() => source.totals().requests));
  }

  /** Of the answer to a scrape. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The lines of a scrape. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addCounter({ name, help, labelNames, samples }: CounterFamily): void {
    const counter: Counter = new Counter(
      {
        name,
        help,
        labelNames: [...labelNames],
        registers: [this.#registry],
        collect() {
          this.reset();
          for (const { labels, value } of samples()) this.inc(labels, value);
        },
      } satisfies CounterConfiguration<string>,
    );
    void counter;
  }

  #addGauge(name: string, help: string, labelNames: readonly string[], samples: () => readonly Sample[]): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of samples()) this.set(labels, value);
      },
    });
    void gauge;
  }

  #addProcess({ startedWallMs }: AdminSource, usage: () => ProcessUsage): void {
    const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
    this.#addGauge(
      "process_start_time_seconds",
      "When the gateway started, since 1970.",
      [],
      () => one(startedWallMs / 1000),
    );
    this.#addGauge("process_resident_memory_bytes", "Resident memory.", [], () => one(usage().residentBytes));
    this.#addGauge("loopgate_heap_used_bytes", "JavaScript heap in use.", [], () => one(usage().heapUsedBytes));
    this.#addCounter({
      name: "process_cpu_seconds_total",
      help: "User and system time.",
      labelNames: [],
      samples: () => one(usage().cpuSeconds),
    });
  }
}

const UP_STATES: ReadonlySet<string> = new Set(["ready", "completed"]);
const ROUTE_LABELS = ["workload", "route"] as const;
const GUEST_LABELS = [...ROUTE_LABELS, "role"] as const;

interface CounterFamily {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: () => readonly Sample[];
}

function counterFamilies(source: AdminSource): readonly CounterFamily[] {
  return [...requestFamilies(source), ...guestFamilies(source), ...fileFamilies(source)];
}

function requestFamilies(source: AdminSource): readonly CounterFamily[] {
  return [
    {
      name: "loopgate_requests_total",
      help: "Requests by class of status; gone: the client left first.",
      labelNames: [...ROUTE_LABELS, "status"],
      samples: () =>
        source.totals().requests.flatMap((count) =>
          Object.entries(count.byClass).map(([status, value]) => ({ labels: { ...routeOf(count), status }, value }))
        ),
    },
    {
      name: "loopgate_guest_cpu_seconds_total",
      help: "What the guests of a route have computed for requests.",
      labelNames: ROUTE_LABELS,
      samples: () =>
        source.totals().requests.map((count) => ({ labels: routeOf(count), value: count.cpuSecondsTotal })),
    },
    totals({
      name: "loopgate_failures_total",
      help: "Requests that ended otherwise than by a whole answer of their guest.",
      labelNames: [...ROUTE_LABELS, "status", "code"],
      counts: () => source.totals().failed,
    }),
  ];
}

function guestFamilies(source: AdminSource): readonly CounterFamily[] {
  return [
    totals({
      name: "loopgate_denied_total",
      help: "What the policy kept guests from.",
      labelNames: [...GUEST_LABELS, "operation", "decision"],
      counts: () => source.totals().denied,
    }),
    totals({
      name: "loopgate_limited_total",
      help: "Limits that were met; without a workload: by clients, at the listener.",
      labelNames: [...GUEST_LABELS, "limit"],
      counts: () => source.totals().limited,
    }),
    totals({
      name: "loopgate_instances_total",
      help: "What became of instances.",
      labelNames: [...GUEST_LABELS, "outcome"],
      counts: () => source.totals().instances,
    }),
  ];
}

function fileFamilies(source: AdminSource): readonly CounterFamily[] {
  return [
    totals({
      name: "loopgate_reloads_total",
      help: "Changes of files; kept: with a fault, so that the former version serves on.",
      labelNames: ["workload", "outcome"],
      counts: () => source.totals().reloads,
    }),
    totals({
      name: "loopgate_http2_resets_total",
      help: "Streams of HTTP/2 that ended by a code of either side.",
      labelNames: ["reason"],
      counts: () => source.totals().http2.resets,
    }),
    totals({
      name: "loopgate_spans_total",
      help: "Spans of traces that were exported, or dropped because the collector did not take them in time.",
      labelNames: ["outcome"],
      counts: () => source.totals().spans,
    }),
    {
      name: "loopgate_service_restarts_total",
      help: "Runs of a workload's service after the first, of the version that is served.",
      labelNames: ["workload"],
      samples: () => ofServices(source, ({ restarts }) => restarts),
    },
    {
      name: "loopgate_service_cpu_seconds_total",
      help: "What a workload's service has computed, of the version that is served.",
      labelNames: ["workload"],
      samples: () => ofServices(source, ({ cpuMs }) => cpuMs / 1000),
    },
  ];
}

/** A line for each workload that has a service. */
function ofServices(source: AdminSource, valueOf: (service: ServiceStatus) => number): readonly Sample[] {
  return source.workloads().flatMap(({ name: workload, service }) =>
    service === undefined ? [] : [{ labels: { workload }, value: valueOf(service) }]
  );
}

/** Counts whose fields have the names of their labels; one that is not there (a request that came to no route) is an empty label. */
function totals<Name extends string>({ name, help, labelNames, counts }: {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Name[];
  readonly counts: () => readonly (Readonly<Partial<Record<Name, string | number>>> & { readonly total: number })[];
}): CounterFamily {
  return {
    name,
    help,
    labelNames,
    samples: () =>
      counts().map((count) => ({
        labels: Object.fromEntries(labelNames.map((label) => [label, String(count[label] ?? "")])),
        value: count.total,
      })),
  };
}

/** Empty for a request that came to no route: Prometheus takes an empty label for none. */
function routeOf({ workload = "", route = "" }: { readonly workload?: string; readonly route?: string }): {
  readonly workload: string;
  readonly route: string;
} {
  return { workload, route };
}

/** The gateway counts into its own buckets, with or without an admin listener; this only shows them. */
class DurationHistogram extends Histogram {
  readonly #requests: () => readonly RequestCount[];

  constructor(requests: () => readonly RequestCount[]) {
    super({
      name: "loopgate_request_duration_seconds",
      help: "From a request's header to the end of its answer.",
      registers: [],
    });
    this.#requests = requests;
  }

  /** What the registry asks for before `get`, which would have its own counts. */
  getForPromString(): Promise<unknown> {
    const name = "loopgate_request_duration_seconds";
    const values = this.#requests().flatMap((count) => {
      const labels = routeOf(count);
      let sum = 0;
      const buckets = count.buckets.map((value, index) => {
        sum += value;
        const bound = DURATION_BUCKETS_S[index];
        return {
          labels: { ...labels, le: bound === undefined ? "+Inf" : bound },
          value: sum,
          metricName: `${name}_bucket`,
        };
      });
      return [
        ...buckets,
        { labels, value: count.secondsTotal, metricName: `${name}_sum` },
        { labels, value: count.total, metricName: `${name}_count` },
      ];
    });
    return Promise.resolve({
      name,
      help: "From a request's header to the end of its answer.",
      type: "histogram",
      values,
    });
  }
}
