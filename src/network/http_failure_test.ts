import assert from "node:assert/strict";
import { test } from "node:test";
import { errors } from "undici";
import { connectFailureOf, exchangeFailureOf, HttpFault } from "./http_failure.ts";
import { HTTP_FAILURES } from "./http_failure_table.ts";

/** The variant in the order of WIT 0.2, written out: the table must be complete, and have nothing else. */
const WIT_ERROR_CODES = `DNS-timeout DNS-error destination-not-found destination-unavailable destination-IP-prohibited
  destination-IP-unroutable connection-refused connection-terminated connection-timeout connection-read-timeout
  connection-write-timeout connection-limit-reached TLS-protocol-error TLS-certificate-error TLS-alert-received
  HTTP-request-denied HTTP-request-length-required HTTP-request-body-size HTTP-request-method-invalid
  HTTP-request-URI-invalid HTTP-request-URI-too-long HTTP-request-header-section-size HTTP-request-header-size
  HTTP-request-trailer-section-size HTTP-request-trailer-size HTTP-response-incomplete
  HTTP-response-header-section-size HTTP-response-header-size HTTP-response-body-size
  HTTP-response-trailer-section-size HTTP-response-trailer-size HTTP-response-transfer-coding
  HTTP-response-content-coding HTTP-response-timeout HTTP-upgrade-failed HTTP-protocol-error loop-detected
  configuration-error internal-error`.split(/\s+/);

test("HTTP_FAILURES: every case of the variant once, each with a cause of its own", () => {
  assert.deepEqual(Object.keys(HTTP_FAILURES), WIT_ERROR_CODES);
  const used = Object.values(HTTP_FAILURES).filter(({ foundBy }) => foundBy !== "nobody");
  assert.equal(new Set(used.map(({ cause }) => cause)).size, used.length);
});

const coded = (code: string): Error => Object.assign(new Error("of the machine: /secret"), { code });

for (
  const [code, expected] of [
    ["ECONNREFUSED", "connection-refused"],
    ["ECONNRESET", "connection-terminated"],
    ["ETIMEDOUT", "connection-timeout"],
    ["EHOSTUNREACH", "destination-IP-unroutable"],
    ["ENETUNREACH", "destination-IP-unroutable"],
    ["EADDRNOTAVAIL", "destination-IP-unroutable"],
    ["EACCES", "destination-IP-prohibited"],
    ["EPERM", "destination-IP-prohibited"],
    ["EMFILE", "connection-limit-reached"],
    ["ENFILE", "connection-limit-reached"],
    ["ESOMETHING", "internal-error"],
  ] as const
) {
  test(`connectFailureOf: ${code}: ${expected}`, () => {
    const failure = connectFailureOf(coded(code));
    assert.deepEqual(failure, expected === "internal-error" ? { tag: expected, val: code } : { tag: expected });
  });
}

for (
  const [what, error, before, after] of [
    ["a reset", coded("ECONNRESET"), "connection-terminated", "HTTP-response-incomplete"],
    ["a broken pipe", coded("EPIPE"), "connection-terminated", "HTTP-response-incomplete"],
    ["a network gone", coded("ENETDOWN"), "connection-terminated", "HTTP-response-incomplete"],
    [
      "undici: the end",
      new errors.SocketError("other side closed"),
      "connection-terminated",
      "HTTP-response-incomplete",
    ],
    ["undici: unasked bytes", new errors.SocketError("bad response"), "HTTP-protocol-error", "HTTP-protocol-error"],
    ["undici: 101", new errors.SocketError("bad upgrade"), "HTTP-upgrade-failed", "HTTP-upgrade-failed"],
    [
      "undici: too large",
      new errors.HeadersOverflowError(),
      "HTTP-response-header-section-size",
      "HTTP-response-trailer-section-size",
    ],
    [
      "undici: a length",
      new errors.ResponseContentLengthMismatchError(),
      "HTTP-protocol-error",
      "HTTP-response-incomplete",
    ],
    [
      "undici: the parser",
      new errors.HTTPParserError("... (Invalid method)"),
      "HTTP-protocol-error",
      "HTTP-protocol-error",
    ],
    [
      "undici: a cut",
      new errors.HTTPParserError("... (Invalid EOF state)"),
      "connection-terminated",
      "HTTP-response-incomplete",
    ],
    ["undici: an assertion", coded("ERR_ASSERTION"), "HTTP-protocol-error", "HTTP-protocol-error"],
    ["node: the parser", coded("HPE_INVALID_CONSTANT"), "HTTP-protocol-error", "HTTP-protocol-error"],
    ["node: a cut", coded("HPE_INVALID_EOF_STATE"), "connection-terminated", "HTTP-response-incomplete"],
    [
      "node: too large",
      coded("HPE_HEADER_OVERFLOW"),
      "HTTP-response-header-section-size",
      "HTTP-response-trailer-section-size",
    ],
    ["TLS", coded("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), "TLS-protocol-error", "TLS-protocol-error"],
    ["our own", new HttpFault({ tag: "loop-detected" }), "loop-detected", "loop-detected"],
    ["no error", "what", "internal-error", "internal-error"],
    ["an unknown one", coded("EWHAT"), "internal-error", "internal-error"],
  ] as const
) {
  test(`exchangeFailureOf: ${what}`, () => {
    assert.equal(exchangeFailureOf(error, false).tag, before);
    assert.equal(exchangeFailureOf(error, true).tag, after);
  });
}

test("exchangeFailureOf: no text of the machine reaches a guest", () => {
  assert.deepEqual(exchangeFailureOf(coded("EWHAT"), false), { tag: "internal-error", val: "EWHAT" });
  assert.deepEqual(exchangeFailureOf(new Error("/secret"), false), { tag: "internal-error" });
});
