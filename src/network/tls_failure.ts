/** What went wrong in TLS, by the runtimes' error codes. Deno gives its own TLS errors the names that Node has. */
import type { HttpFailure } from "./http_failure_table.ts";

/** OpenSSL's names of verification results; rustls' have them on Deno as well. */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_CRL",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNABLE_TO_DECRYPT_CRL_SIGNATURE",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "CERT_SIGNATURE_FAILURE",
  "CRL_SIGNATURE_FAILURE",
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "CRL_HAS_EXPIRED",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_CHAIN_TOO_LONG",
  "CERT_REVOKED",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "HOSTNAME_MISMATCH",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_TLS_CERT_ALTNAME_FORMAT",
  "ERR_SSL_CERTIFICATE_VERIFY_FAILED",
]);

/** The registry of TLS alerts (RFC 8446 section 6 and before). */
const ALERTS: ReadonlyMap<number, string> = new Map([
  [0, "close_notify"],
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [21, "decryption_failed"],
  [22, "record_overflow"],
  [30, "decompression_failure"],
  [40, "handshake_failure"],
  [41, "no_certificate"],
  [42, "bad_certificate"],
  [43, "unsupported_certificate"],
  [44, "certificate_revoked"],
  [45, "certificate_expired"],
  [46, "certificate_unknown"],
  [47, "illegal_parameter"],
  [48, "unknown_ca"],
  [49, "access_denied"],
  [50, "decode_error"],
  [51, "decrypt_error"],
  [60, "export_restriction"],
  [70, "protocol_version"],
  [71, "insufficient_security"],
  [80, "internal_error"],
  [86, "inappropriate_fallback"],
  [90, "user_canceled"],
  [100, "no_renegotiation"],
  [109, "missing_extension"],
  [110, "unsupported_extension"],
  [111, "certificate_unobtainable"],
  [112, "unrecognized_name"],
  [113, "bad_certificate_status_response"],
  [114, "bad_certificate_hash_value"],
  [115, "unknown_psk_identity"],
  [116, "certificate_required"],
  [120, "no_application_protocol"],
  [121, "ech_required"],
]);

/** rustls' names: without underscores, in camel case, and one in another spelling. */
const RUSTLS_ALERTS: ReadonlyMap<string, number> = new Map([
  ...[...ALERTS].map(([id, name]) => [name.replaceAll("_", ""), id] as const),
  ["unrecognisedname", 112],
  ["encryptedclienthellorequired", 121],
]);

/** undefined for an error that is none of TLS: the connection below it failed. */
export function tlsFailureOf(error: unknown): HttpFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  if (CERTIFICATE_CODES.has(code)) return { tag: "TLS-certificate-error" };
  const alertId = alertIdOf(error.message);
  if (alertId !== undefined) {
    const alertMessage = ALERTS.get(alertId);
    return {
      tag: "TLS-alert-received",
      val: { alertId, ...(alertMessage === undefined ? {} : { alertMessage }) },
    };
  }
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO") {
    return { tag: "TLS-protocol-error" };
  }
  return undefined;
}

/** "... SSL alert number 40" (OpenSSL); "received fatal alert: HandshakeFailure", "... AlertDescription(0xc8)" (rustls). */
function alertIdOf(message: string): number | undefined {
  const number = /SSL alert number (\d{1,3})|fatal alert: AlertDescription\((0x[0-9a-f]{1,2})\)/.exec(message);
  if (number !== null) return Number(number[1] ?? number[2]);
  const name = /received fatal alert: (\w+)/.exec(message)?.[1];
  return name === undefined ? undefined : RUSTLS_ALERTS.get(name.toLowerCase());
}
