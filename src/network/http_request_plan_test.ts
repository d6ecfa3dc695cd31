import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as assertProperty, property, string, tuple, uint8Array } from "fast-check";
import type { ByteSource } from "../base/byte_stream.ts";
import type { HttpFields, HttpRequest } from "./http_message.ts";
import { planRequest, planTrailers, sectionBytes } from "./http_request_plan.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const fields = (...lines: readonly (readonly [string, string])[]): HttpFields =>
  lines.map(([name, value]) => [name, bytes(value)]);

const BODY: ByteSource = { read: () => "closed", isReady: () => true, onReady: () => () => {}, dispose: () => {} };
const GET: HttpRequest = {
  scheme: "https",
  host: "good.test",
  port: 443,
  method: "GET",
  path: "/",
  headers: [],
  body: undefined,
};

for (
  const [what, change, expected] of [
    ["a blank in the method", { method: "GET /x" }, "HTTP-request-method-invalid"],
    ["no method", { method: "" }, "HTTP-request-method-invalid"],
    ["CONNECT", { method: "CONNECT" }, "HTTP-protocol-error"],
    ["another scheme", { scheme: "ftp" as "http" }, "HTTP-protocol-error"],
    ["no host", { host: "" }, "HTTP-request-URI-invalid"],
    ["a user", { host: "user@good.test" }, "HTTP-request-URI-invalid"],
    ["an encoded user", { host: "user%40good.test" }, "HTTP-request-URI-invalid"],
    ["a path in the host", { host: "good.test/x" }, "HTTP-request-URI-invalid"],
    ["a backslash", { host: "good.test\\x" }, "HTTP-request-URI-invalid"],
    ["a fragment", { host: "good.test#x" }, "HTTP-request-URI-invalid"],
    ["a tab", { host: "good\t.test" }, "HTTP-request-URI-invalid"],
    ["a line end in the host", { host: "good.test\r\nx: 1" }, "HTTP-request-URI-invalid"],
    ["a zone", { host: "[fe80::1%25eth0]" }, "HTTP-request-URI-invalid"],
    ["a bare IPv6 address", { host: "::1" }, "HTTP-request-URI-invalid"],
    ["port 0", { port: 0 }, "HTTP-request-URI-invalid"],
    ["a port too many", { port: 65_536 }, "HTTP-request-URI-invalid"],
    ["half a port", { port: 1.5 }, "HTTP-request-URI-invalid"],
    ["a blank in the path", { path: "/a b" }, "HTTP-request-URI-invalid"],
    ["a line end in the path", { path: "/a\r\nx: 1" }, "HTTP-request-URI-invalid"],
    ["the path *", { method: "OPTIONS", path: "*" }, "HTTP-request-URI-invalid"],
    ["too long a path", { path: `/${"a".repeat(65_536)}` }, "HTTP-request-URI-too-long"],
    ["CR in a field", { headers: fields(["x", "1\r2"]) }, "HTTP-protocol-error"],
    ["LF in a field", { headers: fields(["x", "1\n2"]) }, "HTTP-protocol-error"],
    ["NUL in a field", { headers: fields(["x", "1\0"]) }, "HTTP-protocol-error"],
    ["a blank in a name", { headers: fields(["x y", "1"]) }, "HTTP-protocol-error"],
    ["no name", { headers: fields(["", "1"]) }, "HTTP-protocol-error"],
    ["a colon in a name", { headers: fields(["x:", "1"]) }, "HTTP-protocol-error"],
    ["another Host", { headers: fields(["Host", "evil.test"]) }, "HTTP-protocol-error"],
    ["a transfer coding", { headers: fields(["Transfer-Encoding", "chunked"]) }, "HTTP-protocol-error"],
    ["a connection field", { headers: fields(["connection", "x"]) }, "HTTP-protocol-error"],
    ["an upgrade", { headers: fields(["upgrade", "h2c"]) }, "HTTP-protocol-error"],
    ["a proxy field", { headers: fields(["proxy-authorization", "x"]) }, "HTTP-protocol-error"],
    [
      "two lengths",
      { headers: fields(["content-length", "1"], ["content-length", "1"]), body: BODY },
      "HTTP-protocol-error",
    ],
    ["a list of lengths", { headers: fields(["content-length", "1, 1"]), body: BODY }, "HTTP-protocol-error"],
    ["a signed length", { headers: fields(["content-length", "+1"]), body: BODY }, "HTTP-protocol-error"],
    ["a length beyond all", { headers: fields(["content-length", "9".repeat(16)]), body: BODY }, "HTTP-protocol-error"],
    ["a length and no body", { headers: fields(["content-length", "5"]) }, "HTTP-request-body-size"],
    ["too many fields", { headers: fields(["x", "a".repeat(131_072)]) }, "HTTP-request-header-section-size"],
    ["a loop", { headers: fields(["CDN-Loop", "other, Gateway.TEST; v=1"]) }, "loop-detected"],
    ["a loop that the guest did not pass on", { incomingCdnLoop: [bytes("gateway.test")] }, "loop-detected"],
  ] satisfies readonly (readonly [string, Partial<HttpRequest>, string])[]
) {
  test(`planRequest: ${what}: ${expected}`, () => {
    const plan = planRequest({ ...GET, ...change }, "gateway.test");
    assert.ok("failed" in plan);
    assert.equal(plan.failed.tag, expected);
  });
}

for (
  const [what, change, authority, path] of [
    ["a default port is not written", {}, "good.test", "/"],
    ["another port is", { port: 8443 }, "good.test:8443", "/"],
    ["http's is another", { scheme: "http" }, "good.test:443", "/"],
    ["http's own", { scheme: "http", port: 80 }, "good.test", "/"],
    ["an IPv6 address", { host: "[2001:db8::1]", port: 1 }, "[2001:db8::1]:1", "/"],
    ["no path", { path: "" }, "good.test", "/"],
    ["a query only", { path: "?a=b" }, "good.test", "/?a=b"],
    ["a path that looks like a host", { path: "//evil.test/" }, "good.test", "//evil.test/"],
  ] as const satisfies readonly (readonly [string, Partial<HttpRequest>, string, string])[]
) {
  test(`planRequest: ${what}`, () => {
    const plan = planRequest({ ...GET, ...change }, "gateway.test");
    assert.ok(!("failed" in plan));
    assert.deepEqual([plan.authority, plan.path], [authority, path]);
  });
}

test("planRequest: length and expect leave the fields, CDN-Loop is one line", () => {
  const headers = fields(["Expect", "100-continue"], ["Content-Length", "7"], ["cdn-loop", "a"], ["X-A", "1"], [
    "CDN-Loop",
    "b, c",
  ]);
  const plan = planRequest(
    { ...GET, method: "POST", headers, body: BODY, incomingCdnLoop: [bytes("a, z")] },
    "gateway.test",
  );
  assert.ok(!("failed" in plan));
  assert.equal(plan.contentLength, 7);
  assert.deepEqual(plan.headers, ["X-A", "1", "cdn-loop", "a, z, a, b, c, gateway.test"]);
});

test("planRequest: whatever the fields are, nothing in them ends a line", () => {
  assertProperty(property(array(tuple(string(), uint8Array())), (lines) => {
    const plan = planRequest({ ...GET, headers: lines }, "gateway.test");
    if ("failed" in plan) return;
    // The very thing that is looked for.
    // deno-lint-ignore no-control-regex
    for (const part of plan.headers) assert.doesNotMatch(part, /[\r\n\0]/);
  }));
});

test("planTrailers: as fields, with a code of their own for their size", () => {
  assert.deepEqual(planTrailers(fields(["x", "1"], ["y", "\u00e9"])), ["x", "1", "y", "\u00e9"]);
  assert.deepEqual(planTrailers([]), []);
  assert.deepEqual(planTrailers(fields(["x", "1\r\n"])), { failed: { tag: "HTTP-protocol-error" } });
  assert.deepEqual(planTrailers(fields(["transfer-encoding", "chunked"])), { failed: { tag: "HTTP-protocol-error" } });
  const large = fields(["x", "a".repeat(131_072)]);
  assert.deepEqual(planTrailers(large), {
    failed: { tag: "HTTP-request-trailer-section-size", val: sectionBytes(large) },
  });
});
