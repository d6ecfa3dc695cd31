import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { createRouter } from "../router/router.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { type Destination, HttpApp } from "./http_app.ts";
import { LISTENER_LIMITS } from "./listener_limits.ts";
import { RequestIds } from "./request_id.ts";
import { TrustedProxies } from "./trusted_proxies.ts";

const MATCH = { host: "*", path: "/*", methods: undefined } as const;

/** What happens to one request, in order; the next turn of the event loop is one of the things. */
async function happenings({ hasService, fields }: {
  readonly hasService: boolean;
  readonly fields: Readonly<Record<string, string>>;
}): Promise<readonly string[]> {
  const happened: string[] = [];
  const target: Destination = {
    workload: "w",
    route: "r",
    match: MATCH,
    hasService,
    async serve(_exchange, begins) {
      happened.push("inside");
      if (begins !== undefined) await begins;
      happened.push("begins");
      return { kind: "client-gone" };
    },
  };
  const app = new HttpApp({
    router: createRouter([{ match: MATCH, target }]),
    limits: LISTENER_LIMITS,
    clock: systemClock,
    counters: new LiveCounters(),
    emit: () => {},
    requestIds: new RequestIds((length) => new Uint8Array(length)),
    isDraining: () => false,
    beginJob: () => happened.push("job"),
    proxies: new TrustedProxies(),
  });
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: "POST", url: "/", httpVersion: "1.1", headers: fields });
  request.rawHeaders.push("host", "a", ...Object.entries(fields).flat());
  app.serve(request, new ServerResponse(request), {
    holdBody: () => {},
    releaseBody: () => {},
    countPart: () => {},
    cut: () => {},
  });
  happened.push("led");
  await app.settled();
  return happened;
}

const WAITS = ["inside", "led", "job", "begins"];

for (
  const { name, hasService = false, fields = {}, order } of [
    { name: "with a service", hasService: true, order: WAITS },
    { name: "with a body that has not come", fields: { "content-length": "5" }, order: WAITS },
    {
      name: "with a body that its client holds back",
      fields: { "content-length": "5", expect: "100-continue" },
      order: WAITS,
    },
    { name: "with chunks that have not come", fields: { "transfer-encoding": "chunked" }, order: WAITS },
    { name: "with nothing to wait for", order: ["job", "inside", "begins", "led"] },
  ]
) {
  test(`HttpApp: a request ${name} is inside at once, and begins in a job of its own`, async () => {
    assert.deepEqual(await happenings({ hasService, fields }), order);
  });
}
