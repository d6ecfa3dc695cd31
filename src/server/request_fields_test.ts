import assert from "node:assert/strict";
import { test } from "node:test";
import { requestFields, trailerFields } from "./request_fields.ts";

const GATEWAY_NAMES: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-request-id",
]);

function fieldsOf(
  raw: readonly string[],
  remoteAddress: string | undefined = "192.0.2.7",
  authority?: string,
): readonly string[] {
  return requestFields(raw, { remoteAddress, authority, scheme: "http", requestId: "r1" })
    .map(([name, value]) => `${name}: ${String.fromCharCode(...value)}`);
}

function ownFields(raw: readonly string[]): readonly string[] {
  return fieldsOf(raw).filter((line) => !GATEWAY_NAMES.has(line.split(":")[0] ?? ""));
}

test("requestFields keeps order, repetition and bytes", () => {
  const raw = ["Accept", "a", "COOKIE", "b=1", "accept", "\xe9\xff", "X-Empty", ""];
  assert.deepEqual(ownFields(raw), ["accept: a", "cookie: b=1", "accept: \xe9\xff", "x-empty: "]);
});

const DROPPED: readonly (readonly [name: string, value: string])[] = [
  ["Host", "a"],
  ["Expect", "100-continue"],
  ["Connection", "keep-alive"],
  ["Keep-Alive", "1"],
  ["Proxy-Connection", "x"],
  ["Proxy-Authorization", "x"],
  ["Proxy-Authenticate", "x"],
  ["Transfer-Encoding", "chunked"],
  ["Upgrade", "h2c"],
  ["HTTP2-Settings", "x"],
  ["TE", "gzip"],
  ["Forwarded", "for=1.2.3.4"],
  ["X-Forwarded-For", "1.2.3.4"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "evil"],
  ["X-Forwarded-Port", "1"],
  ["X-Forwarded-Anything", "1"],
  ["x_forwarded_for", "1.2.3.4"],
  ["X-Real-IP", "1.2.3.4"],
  ["x_real_ip", "1.2.3.4"],
];

for (const [name, value] of DROPPED) {
  test(`requestFields drops ${name}: ${value}`, () => assert.deepEqual(ownFields([name, value]), []));
}

test("requestFields has one X-Request-Id, whatever the client sent and named in Connection", () => {
  const raw = ["X-Request-Id", "forged", "x_request_id", "forged", "Connection", "x-request-id"];
  assert.deepEqual(fieldsOf(raw).filter((line) => line.includes("request")), ["x-request-id: r1"]);
});

test("requestFields drops what Connection names, but not what belongs to the whole way", () => {
  const raw = [
    "X-One",
    "1",
    "Connection",
    "x-one, TE",
    "X-Two",
    "2",
    "connection",
    "X-Two, cookie",
    "TE",
    "trailers",
    "Cookie",
    "c",
  ];
  assert.deepEqual(ownFields(raw), ["te: trailers", "cookie: c"]);
});

const ORIGINS: readonly (readonly [address: string | undefined, forwarded: string, plain: string])[] = [
  ["192.0.2.7", "for=192.0.2.7;proto=http", "192.0.2.7"],
  ["::ffff:192.0.2.7", "for=192.0.2.7;proto=http", "192.0.2.7"],
  ["2001:db8::1", 'for="[2001:db8::1]";proto=http', "2001:db8::1"],
  ["fe80::1%eth0", 'for="[fe80::1]";proto=http', "fe80::1"],
];

for (const [address, forwarded, plain] of ORIGINS) {
  test(`requestFields says where a request of ${address ?? "nobody"} came from`, () => {
    assert.deepEqual(fieldsOf([], address), [
      `forwarded: ${forwarded}`,
      `x-forwarded-for: ${plain}`,
      "x-forwarded-proto: http",
      "x-request-id: r1",
    ]);
  });
}

test("requestFields says what the client asked for, and that an address is unknown", () => {
  const fields = requestFields([], {
    remoteAddress: undefined,
    authority: "a.example:81",
    scheme: "http",
    requestId: "r1",
  });
  assert.deepEqual(fields.map(([name, value]) => [name, String.fromCharCode(...value)]), [
    ["forwarded", 'for=unknown;proto=http;host="a.example:81"'],
    ["x-forwarded-for", "unknown"],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", "a.example:81"],
    ["x-request-id", "r1"],
  ]);
});

test("trailerFields leaves out what no header of a guest has from its client, and framing", () => {
  const harmful = [...DROPPED, ["X-Request-Id", "forged"], ["Content-Length", "5"]].flat();
  assert.deepEqual(trailerFields(harmful), []);
  const kept = trailerFields(["Grpc-Status", "0", ...harmful, "a", "\xe9", "a", ""]);
  const lines = kept.map(([name, value]) => `${name}: ${String.fromCharCode(...value)}`);
  assert.deepEqual(lines, ["grpc-status: 0", "a: \xe9", "a: "]);
});
