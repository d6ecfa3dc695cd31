/** Each kind of script, as a guest meets it and as attempts tell it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HTTP_FAILURES, type HttpErrorTag } from "../../src/network/http_failure_table.ts";
import { type Attempt, http, names, tcp, type TestComponentOptions, udp } from "../../src/testing/mod.ts";
import { openTraveller, SEVEN, type Step, travel } from "./traveller_component.ts";

interface Row {
  readonly name: string;
  readonly options: TestComponentOptions;
  readonly step: Step;
  /** What the guest says of it. */
  readonly came: unknown;
  readonly attempts: readonly Attempt[];
  /** The guest's time that it took. */
  readonly tookMs?: number;
}

const CONNECT: Step = { do: "tcp", address: SEVEN, port: 5432 };
const TARGET = { operation: "tcp-connect", target: "192.0.2.7:5432" } as const;
const GET: Step = { do: "http", scheme: "https", authority: "api.example.com", path: "/users/7?full" };
const URL_TARGET = { operation: "http-request", target: "GET https://api.example.com/users/7?full" } as const;
const POST: Step = { ...GET, method: "post", body: "payload" };
const ASK: Step = { do: "resolve", name: "db.example.com" };
const LOOKUP = { operation: "resolve-addresses", target: "db.example.com" } as const;

const ROWS: readonly Row[] = [
  {
    name: "tcp.answers: the connect is answered",
    options: { network: { "192.0.2.7:5432": tcp.answers("hello") } },
    step: CONNECT,
    came: "connected",
    attempts: [{ ...TARGET, verdict: "answered" }],
  },
  {
    name: "tcp.refuses",
    options: { network: { "192.0.2.7:5432": tcp.refuses() } },
    step: CONNECT,
    came: "connection-refused",
    attempts: [{ ...TARGET, verdict: "failed", detail: "connection-refused" }],
  },
  {
    name: "tcp.fails: the code is the guest's",
    options: { network: { "tcp://192.0.2.7:5432": tcp.fails("remote-unreachable") } },
    step: CONNECT,
    came: "remote-unreachable",
    attempts: [{ ...TARGET, verdict: "failed", detail: "remote-unreachable" }],
  },
  {
    name: "tcp.after: the guest's time passes, not the test's",
    options: { network: { "192.0.2.7:5432": tcp.after(4_000, tcp.refuses()) } },
    step: CONNECT,
    came: "connection-refused",
    attempts: [{ ...TARGET, verdict: "failed", detail: "connection-refused" }],
    tookMs: 4_000,
  },
  {
    name: "a name stands for an address of its own",
    options: { network: { "db.example.com:5432": tcp.answers("x") }, dns: ["db.example.com"], allowUnused: true },
    step: ASK,
    came: ["192.0.2.1"],
    attempts: [{ ...LOOKUP, verdict: "answered", detail: "192.0.2.1" }],
  },
  {
    name: "udp.answers",
    options: { network: { "udp://192.0.2.7:5432": udp.answers("pong") }, net: ["udp://192.0.2.7"] },
    step: { do: "udp", address: SEVEN, port: 5432 },
    came: "sent",
    attempts: [{
      operation: "udp-send",
      target: "192.0.2.7:5432",
      verdict: "answered",
      sent: "hello",
      received: "pong",
    }],
  },
  {
    name: "http.json answers a URL with its query",
    options: { http: { "GET https://api.example.com/users/7?full": http.json({ name: "Ada" }, { status: 201 }) } },
    step: GET,
    came: { status: 201, body: '{"name":"Ada"}' },
    attempts: [{ ...URL_TARGET, verdict: "answered", detail: "201", received: '{"name":"Ada"}' }],
  },
  {
    name: "http: a function gets the whole request, and * stands for what follows",
    options: {
      http: {
        "POST https://api.example.com/*": (request) =>
          new Response(`${request.method} ${request.url} ${request.text()} ${request.headers.get("cdn-loop")}`),
      },
    },
    step: POST,
    came: { status: 200, body: "POST https://api.example.com/users/7?full payload loopgate-test" },
    attempts: [{
      operation: "http-request",
      target: "POST https://api.example.com/users/7?full",
      verdict: "answered",
      detail: "200",
      sent: "payload",
      received: "POST https://api.example.com/users/7?full payload loopgate-test",
    }],
  },
  {
    name: "http.fails: the code is the guest's",
    options: { http: { "https://api.example.com/*": http.fails("TLS-certificate-error") } },
    step: GET,
    came: "later: TLS-certificate-error",
    attempts: [{ ...URL_TARGET, verdict: "failed", detail: "TLS-certificate-error" }],
  },
  {
    name: "http.hangs: the guest's own timeout ends it",
    options: { http: { "https://api.example.com/*": http.hangs() } },
    step: { ...GET, firstByteTimeoutMs: 1_500 },
    came: "later: connection-read-timeout",
    attempts: [{ ...URL_TARGET, verdict: "failed", detail: "connection-read-timeout" }],
    tookMs: 1_500,
  },
  {
    name: "http.after: in time",
    options: { http: { "https://api.example.com/*": http.after(1_000, http.answers("late")) } },
    step: { ...GET, firstByteTimeoutMs: 1_500 },
    came: { status: 200, body: "late" },
    attempts: [{ ...URL_TARGET, verdict: "answered", detail: "200", received: "late" }],
    tookMs: 1_000,
  },
  {
    name: "http: a script on the private loopback",
    options: { http: { "http://127.0.0.1:8000/*": http.answers("inside") } },
    step: { do: "http", authority: "127.0.0.1:8000", path: "/x" },
    came: { status: 200, body: "inside" },
    attempts: [{
      operation: "http-request",
      target: "GET http://127.0.0.1:8000/x",
      verdict: "answered",
      detail: "200",
      received: "inside",
    }],
  },
  {
    name: "network: a service on the private loopback that speaks HTTP gets the real client's bytes",
    options: {
      network: {
        "127.0.0.1:8000": tcp.talks(async (peer) => {
          const line = await peer.readLine();
          while (await peer.readLine() !== "");
          await peer.write(`HTTP/1.1 200 OK\r\ncontent-length: ${line?.length ?? 0}\r\n\r\n${line}`);
        }),
      },
    },
    step: { do: "http", authority: "127.0.0.1:8000", path: "/x" },
    came: { status: 200, body: "GET /x HTTP/1.1" },
    attempts: [{
      operation: "tcp-connect",
      target: "127.0.0.1:8000",
      verdict: "answered",
      sent: "GET /x HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nconnection: keep-alive\r\ncdn-loop: loopgate-test\r\n\r\n",
      received: "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\nGET /x HTTP/1.1",
    }],
  },
  {
    name: "names: addresses",
    options: { names: { "db.example.com": ["192.0.2.7", "2001:db8::7"] }, dns: true },
    step: ASK,
    came: ["192.0.2.7", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 7].join(".")],
    attempts: [{ ...LOOKUP, verdict: "answered", detail: "192.0.2.7 2001:db8::7" }],
  },
  {
    name: "names.notFound",
    options: { names: { "db.example.com": names.notFound() }, dns: true },
    step: ASK,
    came: "name-unresolvable",
    attempts: [{ ...LOOKUP, verdict: "failed", detail: "not-found" }],
  },
  {
    name: "names.fails",
    options: { names: { "db.example.com": names.fails() }, dns: true },
    step: ASK,
    came: "temporary-resolver-failure",
    attempts: [{ ...LOOKUP, verdict: "failed", detail: "failed" }],
  },
];

for (const { name, options, step, came, attempts, tookMs = 0 } of ROWS) {
  test(`testComponent: ${name}`, async () => {
    await using component = await openTraveller(options);
    const startedMs = component.now.getTime();
    const [outcome] = await travel(component, step) as unknown[];
    assert.deepEqual(outcome, came);
    assert.deepEqual(component.attempts(), attempts);
    assert.equal(component.now.getTime() - startedMs, tookMs);
  });
}

test("http.fails: every code of wasi:http reaches the guest, those with a payload too", async () => {
  const codes = Object.keys(HTTP_FAILURES) as HttpErrorTag[];
  const scripts = Object.fromEntries(
    codes.map((code) => [`https://api.example.com/${code}`, http.fails(code)]),
  );
  await using component = await openTraveller({ http: scripts });
  const steps = codes.map((code): Step => ({ ...GET, path: `/${code}` }));
  assert.deepEqual(await travel(component, ...steps), codes.map((code) => `later: ${code}`));
});

const DENIED: readonly {
  readonly name: string;
  readonly options: TestComponentOptions;
  readonly step: Step;
  readonly came: string;
  readonly operation: string;
}[] = [
  {
    name: "the policy is asked before a TCP script",
    options: { network: { "192.0.2.7:5432": tcp.answers("x") }, net: [] },
    step: CONNECT,
    came: "access-denied",
    operation: "tcp-connect",
  },
  {
    name: "UDP is denied unless a rule allows it",
    options: { network: { "udp://192.0.2.7:5432": udp.answers("x") } },
    step: { do: "udp", address: SEVEN, port: 5432 },
    came: "access-denied",
    operation: "udp-send",
  },
  {
    name: "names are denied unless dns allows them",
    options: { names: { "db.example.com": ["192.0.2.7"] } },
    step: ASK,
    came: "permanent-resolver-failure",
    operation: "resolve-addresses",
  },
  {
    name: "the policy is asked before an HTTP script",
    options: { http: { "https://api.example.com/*": http.answers("x") }, net: ["https://other.example.com"] },
    step: GET,
    came: "at once: HTTP-request-denied",
    operation: "http-request",
  },
  {
    name: "what a name resolves to is judged",
    options: {
      http: { "https://api.example.com/*": http.answers("x") },
      names: { "api.example.com": ["169.254.169.254"] },
    },
    step: GET,
    came: "later: HTTP-request-denied",
    operation: "http-request",
  },
];

for (const { name, options, step, came, operation } of DENIED) {
  test(`testComponent: ${name}`, async () => {
    await using component = await openTraveller({ ...options, allowUnused: true });
    const [outcome] = await travel(component, step) as unknown[];
    assert.deepEqual(outcome, came);
    const [attempt] = component.attempts();
    assert.equal(attempt?.operation, operation);
    assert.equal(attempt.verdict, "denied");
    assert.ok(attempt.detail !== undefined && attempt.detail !== "", "the rule is told");
    assert.equal(component.attempts().length, 1);
  });
}
