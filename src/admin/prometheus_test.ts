import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { RequestCounts } from "../telemetry/request_counts.ts";
import { PrometheusMetrics } from "./prometheus.ts";

const USAGE = { residentBytes: 1024, heapUsedBytes: 512, cpuSeconds: 1.5 };

async function linesOf(requests: RequestCounts): Promise<readonly string[]> {
  const live = new LiveCounters();
  live.add("requests", 2);
  const metrics = new PrometheusMetrics({
    version: "1.2.3",
    url: "",
    startedWallMs: 7_000,
    readiness: () => ({ isReady: true, leftOut: [] }),
    workloads: () => [],
    faults: () => [
      { state: "kept", sinceWallMs: 0, count: 1, detail: "", diagnostics: [] },
      { workload: "a", state: "left-out", sinceWallMs: 0, count: 12, detail: "", diagnostics: [] },
    ],
    live: () => live.snapshot(),
    totals: () => ({
      requests: requests.snapshot(),
      denied: [{
        workload: "a",
        route: "r",
        role: "component",
        operation: "tcp-connect",
        decision: "no-rule",
        total: 3,
      }],
      limited: [{ limit: "connections", total: 4 }],
      failed: [{ status: 404, code: "LG7002", total: 5 }],
      reloads: [{ outcome: "kept", total: 6 }],
      instances: [{ workload: "a", role: "service", outcome: "created", total: 7 }],
      certificatesEndMs: [9_000, 10_500],
      http2: { streams: 9, resets: [{ reason: "cancel", total: 10 }] },
      spans: [{ outcome: "dropped", total: 8 }],
    }),
    recent: () => [],
  }, () => USAGE);
  // Twice: what is shown does not add up over scrapes.
  await metrics.text();
  return (await metrics.text()).split("\n");
}

test("PrometheusMetrics: durations are cumulative, and above the last bound is +Inf", async () => {
  const requests = new RequestCounts();
  const emit = requests.counting(() => {});
  for (const [durationMs, status] of [[0.5, 200], [0.6, 302], [31_000, 504], [3, 499]] as const) {
    const sizes = { requestId: "i", requestBytes: 0, responseBytes: 0 };
    emit({
      kind: "request",
      ...sizes,
      workload: "a",
      route: "r",
      method: "GET",
      path: "/",
      status,
      durationMs,
    });
    requests.addComputed({ workload: "a", route: "r" }, 250);
  }
  const lines = await linesOf(requests);
  const expected = [
    'loopgate_request_duration_seconds_bucket{le="0.0005",workload="a",route="r"} 1',
    'loopgate_request_duration_seconds_bucket{le="0.001",workload="a",route="r"} 2',
    'loopgate_request_duration_seconds_bucket{le="0.005",workload="a",route="r"} 3',
    'loopgate_request_duration_seconds_bucket{le="30",workload="a",route="r"} 3',
    'loopgate_request_duration_seconds_bucket{le="+Inf",workload="a",route="r"} 4',
    'loopgate_request_duration_seconds_count{workload="a",route="r"} 4',
    'loopgate_guest_cpu_seconds_total{workload="a",route="r"} 1',
    'loopgate_requests_total{workload="a",route="r",status="2xx"} 1',
    'loopgate_requests_total{workload="a",route="r",status="gone"} 1',
    "# TYPE loopgate_request_duration_seconds histogram",
  ];
  const plain = lines.map(withSortedLabels);
  for (const line of expected) assert.ok(plain.includes(withSortedLabels(line)), `${line}\n${lines.join("\n")}`);
});

test("PrometheusMetrics: every family of totals has its line, the second scrape like the first", async () => {
  const lines = (await linesOf(new RequestCounts())).map(withSortedLabels);
  const expected = [
    'loopgate_denied_total{workload="a",route="r",role="component",operation="tcp-connect",decision="no-rule"} 3',
    'loopgate_limited_total{workload="",route="",role="",limit="connections"} 4',
    'loopgate_failures_total{workload="",route="",status="404",code="LG7002"} 5',
    'loopgate_reloads_total{workload="",outcome="kept"} 6',
    'loopgate_instances_total{workload="a",route="",role="service",outcome="created"} 7',
    'loopgate_spans_total{outcome="dropped"} 8',
    "loopgate_http2_streams 9",
    'loopgate_http2_resets_total{reason="cancel"} 10',
    'loopgate_standing_faults{workload="",state="kept"} 1',
    'loopgate_standing_faults{workload="a",state="left-out"} 12',
    'loopgate_certificate_expires_seconds{certificate="1"} 9',
    'loopgate_certificate_expires_seconds{certificate="2"} 10.5',
    'loopgate_live{kind="requests"} 2',
    'loopgate_build_info{version="1.2.3"} 1',
    "process_cpu_seconds_total 1.5",
    "process_resident_memory_bytes 1024",
    "process_start_time_seconds 7",
  ];
  for (const line of expected) assert.ok(lines.includes(withSortedLabels(line)), `${line}\n${lines.join("\n")}`);
});

function withSortedLabels(line: string): string {
  return line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").toSorted().join(",")}}`);
}
