import assert from "node:assert/strict";
import { test } from "node:test";
import type { Method, Scheme } from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import { fakeHttpContext, fieldEntries } from "../../../test/support/fake_exchange.ts";
import { errOf, trapOf } from "../../../test/support/wit_errors.ts";
import { fieldBudgetOf } from "./field_budget.ts";
import { Fields } from "./fields.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import { handle, NO_EGRESS_RULE } from "./outgoing_handler.ts";
import { OutgoingRequest } from "./outgoing_request.ts";
import { RequestOptions } from "./request_options.ts";

interface RequestParts {
  readonly method?: Method;
  readonly scheme?: Scheme;
  readonly authority?: string | undefined;
  readonly headers?: readonly (readonly [string, string])[];
}

const context = fakeHttpContext();

function requestOf(parts: RequestParts): OutgoingRequest {
  const request = new OutgoingRequest(Fields.fromList(context, fieldEntries(parts.headers ?? [])));
  if (parts.method !== undefined) request.setMethod(parts.method);
  if (parts.scheme !== undefined) request.setScheme(parts.scheme);
  request.setAuthority("authority" in parts ? parts.authority : "example.test");
  return request;
}

const INVALID: readonly (readonly [why: string, parts: RequestParts, tag: string])[] = [
  ["another scheme", { scheme: { tag: "other", val: "ftp" } }, "HTTP-protocol-error"],
  ["CONNECT", { method: { tag: "connect" } }, "HTTP-protocol-error"],
  ["two lengths", { headers: [["content-length", "1"], ["content-length", "2"]] }, "HTTP-protocol-error"],
  ["no authority", { authority: undefined }, "HTTP-request-URI-invalid"],
  ["an empty authority", { authority: "" }, "HTTP-request-URI-invalid"],
  ["a user", { authority: "user@example.test" }, "HTTP-request-URI-invalid"],
  ["an encoded host", { authority: "%65xample.test" }, "HTTP-request-URI-invalid"],
  ["port 0", { authority: "example.test:0" }, "HTTP-request-URI-invalid"],
];

for (const [why, parts, tag] of INVALID) {
  test(`handle refuses ${why} before any rule is asked`, () => {
    const before = context.events.length;
    assert.deepEqual(errOf(() => handle(context, requestOf(parts), undefined)), { tag });
    assert.equal(context.events.length, before);
  });
}

const DENIED: readonly (readonly [what: string, parts: RequestParts, target: string])[] = [
  ["no scheme", {}, "https://example.test"],
  ["http and a port", { scheme: { tag: "HTTP" }, authority: "Example.test:81" }, "http://Example.test:81"],
  ["an address", { scheme: { tag: "HTTPS" }, authority: "[::1]:8443" }, "https://[::1]:8443"],
];

for (const [what, parts, target] of DENIED) {
  test(`handle denies a request with ${what}, and says so`, () => {
    const guest = fakeHttpContext();
    const options = RequestOptions.create(guest);
    const request = requestOf(parts);
    assert.deepEqual(errOf(() => handle(guest, request, options)), { tag: "HTTP-request-denied" });
    const operation = "http-request";
    assert.deepEqual(guest.events, [{ kind: "denied", guest: guest.label, operation, target, rule: NO_EGRESS_RULE }]);
    assert.equal(request.isDropped, true);
    assert.equal(options.isDropped, true);
  });
}

test("handle closes the body of a denied request, and gives its fields back", () => {
  const request = requestOf({ headers: [["content-length", "5"]] });
  const body = request.body();
  const stream = body.write();
  errOf(() => handle(context, request, undefined));
  assert.deepEqual(errOf(() => stream.checkWrite()), { tag: "closed" });
  stream[Symbol.dispose]();
  assert.deepEqual(errOf(() => OutgoingBody.finish(body, undefined)), { tag: "HTTP-request-body-size", val: 0n });
  assert.equal(fieldBudgetOf(context).usedBytes, 0);
});

test("handle traps while the request's headers are alive", () => {
  const request = requestOf({});
  request.headers();
  assert.match(trapOf(() => handle(context, request, undefined)), /children/);
});

const SETTERS: readonly (readonly [what: string, action: (request: OutgoingRequest) => unknown])[] = [
  ["a method that is no token", (request) => request.setMethod({ tag: "other", val: "A B" })],
  ["a path with a line end", (request) => request.setPathWithQuery("/\r\n")],
  ["a scheme that is none", (request) => request.setScheme({ tag: "other", val: "1" })],
  ["an authority with a path", (request) => request.setAuthority("a/b")],
];

for (const [what, action] of SETTERS) {
  test(`OutgoingRequest refuses ${what}, and keeps what it had`, () => {
    const request = requestOf({ method: { tag: "put" }, scheme: { tag: "HTTP" } });
    request.setPathWithQuery("/a?b");
    assert.equal(errOf(() => action(request)), undefined);
    assert.deepEqual(request.method(), { tag: "put" });
    assert.equal(request.pathWithQuery(), "/a?b");
    assert.deepEqual(request.scheme(), { tag: "HTTP" });
    assert.equal(request.authority(), "example.test");
  });
}

test("OutgoingRequest starts as GET without a target, and gives one body", () => {
  const request = new OutgoingRequest(Fields.create(context));
  assert.deepEqual(request.method(), { tag: "get" });
  assert.equal(request.pathWithQuery(), undefined);
  assert.equal(request.scheme(), undefined);
  assert.equal(request.authority(), undefined);
  request.body();
  assert.equal(errOf(() => request.body()), undefined);
});

test("RequestOptions keeps each timeout by itself, and takes it back", () => {
  const options = RequestOptions.create(context);
  options.setConnectTimeout(1n);
  options.setFirstByteTimeout(2n);
  options.setBetweenBytesTimeout(0xffff_ffff_ffff_ffffn);
  assert.deepEqual([options.connectTimeout(), options.firstByteTimeout()], [1n, 2n]);
  options.setFirstByteTimeout(undefined);
  assert.deepEqual(options.take(), {
    connectTimeoutNs: 1n,
    firstByteTimeoutNs: undefined,
    betweenBytesTimeoutNs: 0xffff_ffff_ffff_ffffn,
  });
  assert.equal(options.isDropped, true);
});
