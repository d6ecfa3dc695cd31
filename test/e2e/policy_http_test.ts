/** Real guests on their way out: https, timeouts, loops, guests that are killed meanwhile, and what is counted. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixture } from "../support/http_client_bench.ts";
import { eventually } from "../support/http_harness.ts";
import { startTravels, type Step, type Travels } from "../support/traveller.ts";

const PUBLIC = [203, 0, 113, 10];
const PUBLIC_TEXT = "203.0.113.10";
const DENIED = "at once: HTTP-request-denied";

let travels: Travels;

before(async () => {
  travels = await startTravels({
    default: {},
    all: { net: ["*"], dns: true },
    udp: { net: [`udp://${PUBLIC_TEXT}:53`] },
    secure: { net: ["https://good.test", "https://bad.test", "https://203.0.113.10"] },
  }, { ca: fixture("ca.pem") });
});

after(async () => {
  await travels.close();
});

test("CDN-Loop of the incoming request goes on, and a loop is refused", async () => {
  const step: Step = { do: "http", authority: PUBLIC_TEXT };
  travels.outside.requests.length = 0;
  await travels.go("default", [step], { "cdn-loop": "elsewhere; a=1" });
  const [seen] = travels.outside.requests;
  assert.match(seen?.cdnLoop ?? "", /^elsewhere; a=1, loopgate-[0-9a-f]{16}$/);
  const told = await travels.go("default", [step], { "cdn-loop": seen?.cdnLoop ?? "" });
  assert.deepEqual(told, ["at once: loop-detected"]);
});

test("every denial counts, by workload, route, role and operation", async () => {
  const count = (): number =>
    travels.gateway.metrics().denied.find(({ workload, operation }) =>
      workload === "udp" && operation === "tcp-connect"
    )
      ?.total ?? 0;
  const before = count();
  await travels.go("udp", Array.from({ length: 3 }, (): Step => ({ do: "tcp", address: PUBLIC, port: 53 })));
  assert.equal(count(), before + 3);
});

test("https: the judged address, with the name as SNI and in the certificate check", async () => {
  travels.outside.dialled.length = 0;
  travels.dns.script("good.test", { addresses: [PUBLIC_TEXT] });
  travels.dns.script("bad.test", { addresses: [PUBLIC_TEXT] });
  const told = await travels.go("secure", [
    { do: "http", scheme: "https", authority: "good.test", path: "/s" },
    { do: "http", scheme: "none", authority: "good.test", path: "/s" },
    { do: "http", scheme: "https", authority: "bad.test" },
    { do: "http", scheme: "https", authority: PUBLIC_TEXT },
    { do: "http", scheme: "http", authority: "good.test" },
    { do: "http", scheme: "https", authority: "good.test:444" },
  ]);
  const refused = "later: TLS-certificate-error";
  assert.deepEqual(told, [
    { status: 200, body: "seen /s" },
    { status: 200, body: "seen /s" },
    refused,
    refused,
    DENIED,
    DENIED,
  ]);
  assert.deepEqual(travels.outside.serverNames[0], "good.test");
  assert.deepEqual([...new Set(travels.outside.dialled)], [`http ${PUBLIC_TEXT}:443`]);
});

test("request-options: too long a wait for the head is connection-read-timeout", async () => {
  const step: Step = { do: "http", authority: PUBLIC_TEXT, path: "/silent", firstByteTimeoutMs: 50 };
  assert.deepEqual(await travels.go("default", [step]), ["later: connection-read-timeout"]);
});

test("what a killed guest had under way ends with it", async () => {
  travels.dns.script("slow.test", { drop: true });
  const abort = new AbortController();
  const url = `${travels.gateway.url}/all`;
  const steps: readonly Step[] = [{ do: "http", authority: "slow.test" }];
  const gone = assert.rejects(fetch(url, { method: "POST", body: JSON.stringify(steps), signal: abort.signal }));
  await eventually(() => travels.dns.questions.some(({ name }) => name === "slow.test"));
  abort.abort();
  await gone;
  await eventually(() => travels.gateway.counters().lookups === 0 && travels.gateway.counters().resolverSockets === 0);
  const other = new AbortController();
  const silent = JSON.stringify([{ do: "http", authority: "203.0.113.77", path: "/silent" }]);
  const cut = assert.rejects(fetch(url, { method: "POST", body: silent, signal: other.signal }));
  await eventually(() => travels.outside.requests.some(({ host }) => host === "203.0.113.77"));
  other.abort();
  await cut;
  await eventually(() => travels.gateway.counters().egressConnections === 0);
});
