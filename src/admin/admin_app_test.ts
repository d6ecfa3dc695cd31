import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { AdminApp } from "./admin_app.ts";
import type { AdminSource, Readiness } from "./admin_source.ts";

const SOURCE: AdminSource = {
  version: "1.2.3",
  url: "http://127.0.0.1:8080",
  startedWallMs: 0,
  readiness: () => ({ isReady: true, leftOut: [] }),
  workloads: () => [],
  faults: () => [],
  live: () => new LiveCounters().snapshot(),
  totals: () => ({
    requests: [],
    denied: [],
    limited: [],
    failed: [],
    reloads: [],
    instances: [],
    certificatesEndMs: [],
    http2: { streams: 0, resets: [] },
    spans: [],
  }),
  recent: () => [],
};

function appOf(source: Partial<AdminSource> = {}, listenHost = "127.0.0.1"): AdminApp {
  return new AdminApp({
    source: { ...SOURCE, ...source },
    metrics: { contentType: "text/plain; version=0.0.4", text: () => Promise.resolve("metrics\n") },
    pageFile: (name) => {
      return Promise.resolve(name === "index.html" ? { contentType: "text/html", text: "<html>" } : undefined);
    },
    listenHost,
  });
}

const HOST = "127.0.0.1:8081";

test("AdminApp: hosts that a web page could use are refused, with every path", async () => {
  const refused = [
    "evil.example",
    "evil.example:8081",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8081",
    "",
    "[::1].x",
  ];
  for (const host of refused) {
    for (const target of ["/", "/workloads", "/metrics", "/healthz"]) {
      const { status, body } = await appOf().answer({ method: "GET", target, host });
      assert.equal(status, 421, `${host} ${target}`);
      assert.match(body, /^Cannot answer under this Host/);
    }
  }
});

test("AdminApp: addresses, localhost and the listener's own name are answered", async () => {
  for (const host of [HOST, "[::1]:8081", "[::1]", "10.1.2.3:8081", "LOCALHOST:8081", "localhost", undefined]) {
    assert.equal((await appOf().answer({ method: "GET", target: "/healthz", host })).status, 200, host ?? "none");
  }
  assert.equal(
    (await appOf({}, "Admin.internal").answer({ method: "GET", target: "/", host: "admin.internal:1" })).status,
    200,
  );
});

test("AdminApp: nothing can be changed", async () => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"]) {
    const { status, fields } = await appOf().answer({ method, target: "/workloads", host: HOST });
    assert.deepEqual([status, fields?.["allow"]], [405, "GET, HEAD"], method);
  }
});

test("AdminApp: a path is a name of the table, never a file's", async () => {
  for (
    const target of [
      "/../admin_app.ts",
      "/%2e%2e/x",
      "//",
      "/page/index.html",
      "/healthz/",
      "*",
      "http://a/healthz",
      "/WORKLOADS",
    ]
  ) {
    assert.equal((await appOf().answer({ method: "GET", target, host: HOST })).status, 404, target);
  }
});

test("AdminApp: every answer forbids scripts of others, frames and caches", async () => {
  for (const target of ["/", "/workloads", "/nothing"]) {
    const { fields } = await appOf().answer({ method: "GET", target, host: HOST });
    assert.match(fields?.["content-security-policy"] ?? "", /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(fields?.["cache-control"], "no-store");
    assert.equal(fields?.["x-content-type-options"], "nosniff");
  }
});

test("AdminApp: /readyz says what it waits for", async () => {
  const rows: readonly (readonly [Readiness, number, string])[] = [
    [{ isReady: true, leftOut: [] }, 200, "ready\n"],
    [
      { isReady: false, waitsFor: ["The service of a is starting", "The service of b is starting"] },
      503,
      "The service of a is starting\nThe service of b is starting\n",
    ],
  ];
  for (const [readiness, status, body] of rows) {
    const answer = await appOf({ readiness: () => readiness }).answer({
      method: "GET",
      target: "/readyz?x",
      host: HOST,
    });
    assert.deepEqual([answer.status, answer.body], [status, body]);
  }
});

test("AdminApp: /workloads shows a fault's sentence and not its stack", async () => {
  const error = new Error("broken");
  const source = { recent: () => [{ wallMs: 1_000, event: { kind: "fault", where: "listener", error } as const }] };
  const { body } = await appOf(source).answer({ method: "GET", target: "/workloads", host: HOST });
  const { recent } = JSON.parse(body) as { recent: unknown };
  assert.deepEqual(recent, [{
    time: "1970-01-01T00:00:01.000Z",
    kind: "fault",
    where: "listener",
    detail: "Error: broken",
  }]);
});
