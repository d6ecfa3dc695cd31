import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsFailureOf } from "./tls_failure.ts";

for (
  const [code, message, expected] of [
    ["CERT_HAS_EXPIRED", "", { tag: "TLS-certificate-error" }],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "", { tag: "TLS-certificate-error" }],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "", { tag: "TLS-certificate-error" }],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "", { tag: "TLS-protocol-error" }],
    ["EPROTO", "", { tag: "TLS-protocol-error" }],
    ["ERR_SSL_X", "error:0A: SSL alert number 40\n", alert(40, "handshake_failure")],
    ["ERR_SSL_X", "received fatal alert: HandshakeFailure", alert(40, "handshake_failure")],
    ["ERR_SSL_X", "received fatal alert: UnknownCA", alert(48, "unknown_ca")],
    ["ERR_SSL_X", "received fatal alert: UnrecognisedName", alert(112, "unrecognized_name")],
    ["ERR_SSL_X", "received fatal alert: UnknownPSKIdentity", alert(115, "unknown_psk_identity")],
    ["ERR_SSL_X", "received fatal alert: AlertDescription(0xc8)", { tag: "TLS-alert-received", val: { alertId: 200 } }],
    ["ERR_SSL_X", "SSL alert number 200", { tag: "TLS-alert-received", val: { alertId: 200 } }],
    ["ECONNRESET", "", undefined],
    ["", "", undefined],
  ] as const
) {
  test(`tlsFailureOf: ${code} ${message.trim()}`, () => {
    assert.deepEqual(tlsFailureOf(Object.assign(new Error(message), { code })), expected);
  });
}

test("tlsFailureOf: no error, none of TLS", () => {
  assert.equal(tlsFailureOf("SSL alert number 40"), undefined);
});

function alert(alertId: number, alertMessage: string): unknown {
  return { tag: "TLS-alert-received", val: { alertId, alertMessage } };
}
