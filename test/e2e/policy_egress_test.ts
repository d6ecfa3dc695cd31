/**
 * Real guests that try to get out, on every surface: what each is told, what was dialled, and what the name server was
 * asked. Lines of network.md, "Egress policy" and "Name resolution".
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTravels, type Step, type Travels } from "../support/traveller.ts";

const PUBLIC = [203, 0, 113, 10];
const PUBLIC_TEXT = "203.0.113.10";
const PRIVATE = [10, 0, 0, 5];

let travels: Travels;

before(async () => {
  travels = await startTravels({
    off: { net: false, dns: true },
    closed: { net: [] },
    default: {},
    named: {
      net: ["http://api.test", "rebind.test:80", "http://mixed.test", "http://inside.test", "http://gone.test"],
      dns: true,
      routes: {
        private: { net: ["http://mixed.test", "private"], dns: ["mixed.test"] },
        other: { net: ["rebind.test:80"], dns: ["other.test"] },
      },
    },
    udp: { net: [`udp://${PUBLIC_TEXT}:53`] },
    web: { service: true, net: [] },
  });
});

after(async () => {
  await travels.close();
});

/** Nothing was dialled and nobody was asked since the last call. */
function assertSilent(): void {
  assert.deepEqual(travels.outside.dialled.splice(0), []);
  assert.equal(travels.dns.contacts, 0);
}

/** What was dialled since the last call. */
function dialled(): string[] {
  return travels.outside.dialled.splice(0);
}

const TRY_ALL: readonly Step[] = [
  { do: "http", authority: "api.test" },
  { do: "http", authority: PUBLIC_TEXT },
  { do: "tcp", address: PUBLIC, port: 80 },
  { do: "udp", address: PUBLIC, port: 53 },
  { do: "resolve", name: "api.test" },
  { do: "resolve", name: "localhost" },
  { do: "resolve", name: "127.0.0.1" },
];
const DENIED = "at once: HTTP-request-denied";
const NO_NAMES = Array<string>(3).fill("permanent-resolver-failure");

test('"net": false: no sockets, no requests, no names, and no packet', async () => {
  const told = await travels.go("off", [...TRY_ALL, { do: "http", authority: "localhost:8080" }]);
  assert.deepEqual(told, [DENIED, DENIED, "access-denied", "access-denied", ...NO_NAMES, DENIED]);
  assertSilent();
});

test('"net": []: the private loopback only, and off means no packet', async () => {
  assert.deepEqual(await travels.go("closed", TRY_ALL), [
    DENIED,
    DENIED,
    "access-denied",
    "access-denied",
    ...NO_NAMES,
  ]);
  const nobody = await travels.go("closed", [
    { do: "http", authority: "localhost:8080" },
    { do: "tcp", address: [127, 0, 0, 1], port: 8080 },
  ]);
  assert.deepEqual(nobody, ["later: connection-refused", "connection-refused"]);
  assertSilent();
  assert.ok(travels.denials.includes("http-request http://api.test:80"), travels.denials.join("\n"));
});

test("a denial names the rule and the line to add", async () => {
  await travels.go("closed", [{ do: "http", scheme: "https", authority: "line.test" }]);
  const denial = travels.events.find((event) => event.kind === "denied" && event.target === "https://line.test:443");
  assert.ok(denial?.kind === "denied", travels.denials.join("\n"));
  assert.match(
    denial.rule,
    /nothing in "net" of .*workload\.jsonc admits the name; to allow: add "https:\/\/line\.test"/,
  );
});

for (
  const [why, address] of [
    ["metadata", [169, 254, 169, 254]],
    ["this network", [0, 0, 0, 1]],
    ["mapped metadata", [0, 0, 0, 0, 0, 0xffff, 0xa9fe, 0xa9fe]],
    ["NAT64 of the loopback", [0x64, 0xff9b, 0, 0, 0, 0, 0x7f00, 1]],
  ] as const
) {
  test(`the default reaches public and private addresses, never ${why}`, async () => {
    const [told] = await travels.go("default", [{ do: "tcp", address, port: 80 }]);
    assert.match(String(told), /^(?:access-denied|invalid-argument)$/);
    assertSilent();
  });
}

test("the default reaches public and private addresses, by TCP and HTTP, not by UDP", async () => {
  const told = await travels.go("default", [
    { do: "tcp", address: PUBLIC, port: 80 },
    { do: "tcp", address: PRIVATE, port: 81 },
    { do: "http", authority: `${PUBLIC_TEXT}:8080`, path: "/a" },
    { do: "udp", address: PUBLIC, port: 53 },
  ]);
  assert.deepEqual(told, ["connected", "connected", { status: 200, body: "seen /a" }, "access-denied"]);
  assert.deepEqual(dialled(), [`tcp ${PUBLIC_TEXT}:80`, "tcp 10.0.0.5:81", `http ${PUBLIC_TEXT}:8080`]);
});

test("UDP leaves only for a rule with its scheme, and each datagram is judged", async () => {
  const told = await travels.go("udp", [
    { do: "udp", address: PUBLIC, port: 53 },
    { do: "udp", address: PUBLIC, port: 54 },
    { do: "tcp", address: PUBLIC, port: 53 },
  ]);
  assert.deepEqual(told, ["sent", "access-denied", "access-denied"]);
  assert.deepEqual(dialled(), [`udp ${PUBLIC_TEXT}:53`]);
});

for (
  const authority of [
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fe80::1]",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "255.255.255.255",
  ]
) {
  test(`wasi:http: no spelling of a closed address opens it: ${authority}`, async () => {
    assert.deepEqual(await travels.go("default", [{ do: "http", authority }]), [DENIED]);
    assertSilent();
  });
}

for (
  const authority of [
    "user@api.test",
    "api.test:0",
    "api.test:",
    "a b",
    "api.test\\@x",
    "%61pi.test",
    "[fe80::1%25eth0]",
  ]
) {
  test(`wasi:http: no authority: ${authority}`, async () => {
    const [told] = await travels.go("default", [{ do: "http", authority }]);
    assert.match(String(told), /^(?:no authority|at once: HTTP-request-URI-invalid)$/);
    assertSilent();
  });
}

test("a name is resolved once, dialled as judged and sent as Host", async () => {
  travels.dns.script("api.test", { addresses: [PUBLIC_TEXT] });
  const body = "x".repeat(200_000);
  const told = await travels.go("named", [
    { do: "http", authority: "API.test.", path: "/one?q" },
    { do: "http", authority: "api.test:80", path: "/two", method: "post", body, trailers: [["x-end", "1"]] },
    { do: "http", authority: "api.test", path: "/redirect" },
  ]);
  assert.deepEqual(told, [
    { status: 200, body: "seen /one?q" },
    { status: 200, body: `seen /two with ${body}` },
    { status: 302, body: "seen /redirect" },
  ]);
  const seen = travels.outside.requests.splice(0);
  assert.deepEqual(seen.map(({ host }) => host).slice(-3), ["api.test", "api.test", "api.test"]);
  assert.deepEqual([...new Set(dialled())], [`http ${PUBLIC_TEXT}:80`]);
});

/** An HTTP request on a connection of its own, so that each is a lookup: rules without a scheme cover http. */
const alone = (authority: string): Step => ({
  do: "http",
  authority,
  method: "post",
  body: "x",
  trailers: [["x-a", "b"]],
});

test("a rebinding name cannot win: wasi:http", async () => {
  travels.dns.script("rebind.test", { addresses: [PUBLIC_TEXT] }, { addresses: ["10.0.0.5"] }, {
    addresses: ["127.0.0.1"],
  });
  const told = await travels.go("named", [alone("rebind.test"), alone("rebind.test"), alone("rebind.test")]);
  assert.deepEqual(told, [
    { status: 200, body: "seen / with x" },
    "later: HTTP-request-denied",
    "later: HTTP-request-denied",
  ]);
  assert.deepEqual(dialled(), [`http ${PUBLIC_TEXT}:80`]);
  assert.ok(travels.denials.includes("http-request http://rebind.test:80"), travels.denials.join("\n"));
});

test("a rebinding name cannot win: resolve-addresses, then TCP and UDP by what it said", async () => {
  travels.dns.script("rebind.test", { addresses: [PUBLIC_TEXT] }, { addresses: ["10.0.0.5"] }, {
    addresses: ["127.0.0.1"],
  });
  const resolve: Step = { do: "resolve", name: "rebind.test" };
  const told = await travels.go("named", [
    { do: "tcp", address: PUBLIC, port: 80 },
    resolve,
    { do: "tcp", address: PUBLIC, port: 80 },
    { do: "tcp", address: PUBLIC, port: 81 },
    { do: "udp", address: PUBLIC, port: 80 },
    resolve,
    { do: "tcp", address: PRIVATE, port: 80 },
    resolve,
    { do: "tcp", address: [127, 0, 0, 1], port: 80 },
  ]);
  assert.deepEqual(told, [
    "access-denied",
    [PUBLIC_TEXT],
    "connected",
    "access-denied",
    "access-denied",
    ["10.0.0.5"],
    "access-denied",
    "name-unresolvable",
    "connection-refused",
  ]);
  assert.deepEqual(dialled(), [`tcp ${PUBLIC_TEXT}:80`]);
});

test("a grant is its component's alone, and each route has its own dns", async () => {
  travels.dns.script("rebind.test", { addresses: ["203.0.113.20"] });
  await travels.go("named", [{ do: "resolve", name: "rebind.test" }]);
  const told = await travels.go("named-other", [
    { do: "tcp", address: [203, 0, 113, 20], port: 80 },
    { do: "resolve", name: "rebind.test" },
  ]);
  assert.deepEqual(told, ["access-denied", "permanent-resolver-failure"]);
  assert.deepEqual(dialled(), []);
});

test("mixed answers keep only the allowed ones", async () => {
  travels.dns.script("mixed.test", {
    addresses: ["127.0.0.1", "10.0.0.5", "169.254.169.254", "0.0.0.0", PUBLIC_TEXT, "::1", "::ffff:169.254.169.254"],
  });
  const steps: Step[] = [alone("mixed.test"), { do: "resolve", name: "mixed.test" }];
  assert.deepEqual(await travels.go("named", steps), [
    { status: 200, body: "seen / with x" },
    ["10.0.0.5", PUBLIC_TEXT],
  ]);
  assert.deepEqual(dialled(), [`http ${PUBLIC_TEXT}:80`]);
  assert.deepEqual((await travels.go("named-private", steps))[1], ["10.0.0.5", PUBLIC_TEXT]);
  assert.deepEqual(dialled(), ["http 10.0.0.5:80"]);
});

test("a name that is not found, that no server knows, and whose every answer is denied", async () => {
  travels.dns.script("inside.test", { addresses: ["10.0.0.5"] });
  travels.dns.script("gone.test", { rcode: "SERVFAIL" });
  const told = await travels.go("named", [
    alone("inside.test"),
    alone("gone.test"),
    alone("other.test"),
    { do: "resolve", name: "gone.test" },
    { do: "resolve", name: "nowhere.test" },
    { do: "resolve", name: "localhost" },
    { do: "resolve", name: "10.0.0.5" },
    { do: "resolve", name: "http://api.test" },
  ]);
  assert.deepEqual(told, [
    "later: HTTP-request-denied",
    "later: DNS-error",
    DENIED,
    "temporary-resolver-failure",
    "name-unresolvable",
    ["127.0.0.1", "0.0.0.0.0.0.0.1"],
    ["10.0.0.5"],
    "invalid-argument",
  ]);
  assert.deepEqual(dialled(), []);
});

test("wasi:http to localhost is the workload's own service, never the machine", async () => {
  const told = await travels.go("web", [
    { do: "http", authority: "localhost:8080", path: "/x" },
    { do: "http", authority: "a.localhost:8080", path: "/y" },
    { do: "http", authority: "127.0.0.1:8080", path: "/z" },
    { do: "http", authority: "127.7.7.7:8080" },
    { do: "http", authority: "[::1]:8080" },
    { do: "http", authority: `127.0.0.1:${travels.gateway.address.port}` },
  ]);
  assert.deepEqual(told, [
    { status: 200, body: "GET /x HTTP/1.1 for localhost:8080" },
    { status: 200, body: "GET /y HTTP/1.1 for a.localhost:8080" },
    { status: 200, body: "GET /z HTTP/1.1 for 127.0.0.1:8080" },
    { status: 200, body: "GET / HTTP/1.1 for 127.7.7.7:8080" },
    "later: connection-refused",
    "later: connection-refused",
  ]);
  // The same port of another workload is another one.
  const other = await travels.go("default", [{ do: "http", authority: "localhost:8080" }]);
  assert.deepEqual(other, ["later: connection-refused"]);
  assert.deepEqual(dialled(), []);
});
