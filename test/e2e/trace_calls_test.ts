/** Traces of datagrams and lookups, of what services ask by themselves, and over TLS. On real sockets. */
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { closeToNothing, componentBytes, startTestGateway } from "../support/gateway_harness.ts";
import { fixture } from "../support/http_client_bench.ts";
import { eventually } from "../support/http_harness.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver, treeOf } from "../support/otlp_receiver.ts";
import { startTravels } from "../support/traveller.ts";

const CLOUD = [203, 0, 113, 10];
const VARIABLE = "OTEL_EXPORTER_OTLP_CERTIFICATE";

after(() => void delete process.env[VARIABLE]);

/** What a call said of itself, in one line. */
function callText({ name, attributes, status }: ReceivedSpan): string {
  const said = attributes as Readonly<Record<string, string | number | boolean | undefined>>;
  const peer = said["dns.question.name"] ?? `${said["network.peer.address"]}:${said["network.peer.port"]}`;
  const answered = said["loopgate.is_answered"];
  const end = said["error.type"] ?? (answered === undefined ? "ok" : answered === true ? "answered" : "silence");
  assert.equal(status.code ?? 0, said["error.type"] === undefined ? 0 : 2);
  return `${name} ${peer} ${end}`;
}

test("lookups and datagrams of a request's guest belong to its trace", async () => {
  const collector = await startOtlpReceiver();
  const travels = await startTravels({
    main: { net: ["udp://203.0.113.10:53"], dns: ["told.test", "nobody.test"] },
  }, { otlp: collector.endpoint });
  travels.dns.script("told.test", { addresses: ["203.0.113.10"] });
  travels.dns.script("nobody.test", { addresses: [] });
  await travels.go("main", [
    { do: "resolve", name: "told.test" },
    { do: "resolve", name: "nobody.test" },
    { do: "resolve", name: "other.test" },
    { do: "resolve", name: "no name" },
    { do: "udp", address: CLOUD, port: 53 },
    { do: "udp", address: CLOUD, port: 54 },
  ]);
  await travels.close();
  const calls = collector.spans.filter(({ kind }) => kind === 3);
  assert.deepEqual(calls.map(callText).toSorted(), [
    "exchange 203.0.113.10:53 silence",
    "exchange 203.0.113.10:54 access-denied",
    "resolve no name invalid-argument",
    "resolve nobody.test name-unresolvable",
    "resolve other.test permanent-resolver-failure",
    "resolve told.test ok",
  ]);
  const guest = collector.spans.find((span) => span.name === "guest");
  assert.deepEqual([...new Set(calls.map(({ parentSpanId }) => parentSpanId))], [guest?.spanId]);
  await collector.close();
});

test("what a service asks by itself is a trace for each call, with its workload", async () => {
  const collector = await startOtlpReceiver();
  const gateway = await startTestGateway({
    "shop/workload.jsonc": {
      service: { component: "datagrams.wasm", env: { OUTSIDE: "203.0.113.10:53" }, restart: { policy: "never" } },
      net: [],
    },
    "shop/datagrams.wasm": await componentBytes("datagrams"),
  }, { otlp: collector.endpoint });
  await eventually(() => ["completed", "failed"].includes(gateway.gateway.serviceState("shop") ?? ""));
  assert.deepEqual(await closeToNothing(gateway), {});
  const { spans } = collector;
  assert.deepEqual(spans.map(callText), [
    "exchange 127.0.0.1:5353 answered",
    "exchange 127.0.0.1:9 connection-refused",
    "exchange 192.0.2.99:53 access-denied",
    "exchange 203.0.113.10:53 access-denied",
  ]);
  for (const { parentSpanId, kind, attributes } of spans) {
    assert.deepEqual([parentSpanId ?? "", kind], ["", 3]);
    assert.deepEqual([attributes["loopgate.workload"], attributes["loopgate.role"]], ["shop", "service"]);
  }
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, spans.length);
  await collector.close();
});

const OVER_TLS: readonly {
  readonly name: string;
  readonly file: Readonly<Record<string, unknown>>;
  readonly variable?: string;
  readonly isTrusted: boolean;
}[] = [
  { name: "whose root nobody trusts gets nothing", file: {}, isTrusted: false },
  { name: "is trusted by the ca of gateway.jsonc", file: { ca: "ca.pem" }, isTrusted: true },
  {
    name: `is trusted by ${VARIABLE}`,
    file: {},
    variable: fileURLToPath(new URL("../fixtures/tls/ca.pem", import.meta.url)),
    isTrusted: true,
  },
];

for (const { name, file, variable, isTrusted } of OVER_TLS) {
  test(`a collector over https ${name}`, async () => {
    const collector: OtlpReceiver = await startOtlpReceiver({
      tls: { key: fixture("good.key.pem"), cert: fixture("good.pem") },
    });
    if (variable === undefined) delete process.env[VARIABLE];
    else process.env[VARIABLE] = variable;
    const gateway = await startTestGateway({
      "gateway.jsonc": { otlp: collector.endpoint, ...file },
      "ca.pem": fixture("ca.pem"),
      "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
      "probe/probe.wasm": await componentBytes("probe"),
    });
    await (await fetch(`${gateway.url}/x`)).text();
    assert.deepEqual(await closeToNothing(gateway), {});
    assert.deepEqual(treeOf(collector.spans), isTrusted ? ["GET /*", "GET /* > instance", "GET /* > guest"] : []);
    const failing = gateway.events.flatMap((event) => event.kind === "traces" ? [event.detail] : []);
    if (isTrusted) assert.deepEqual(failing, []);
    else assert.match(String(failing[0]), /certificate|UnknownIssuer/i);
    await collector.close();
  });
}
