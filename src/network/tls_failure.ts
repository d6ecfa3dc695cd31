/** What went wrong in TLS, by the runtimes' error codes. Deno gives its own TLS errors the names that Node has. */
import type { HttpFailure } from "./http_failure_table.ts";

/** OpenSSL's names of verification results; rustls' are mapped to them by Deno. */
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

/** RFC 8446 section 6, by the names that OpenSSL (lower case, blanks) and rustls (camel case) use. */
const ALERT_IDS: Readonly<Record<string, number>> = {
  closenotify: 0,
  unexpectedmessage: 10,
  badrecordmac: 20,
  decryptionfailed: 21,
  recordoverflow: 22,
  decompressionfailure: 30,
  handshakefailure: 40,
  nocertificate: 41,
  badcertificate: 42,
  unsupportedcertificate: 43,
  certificaterevoked: 44,
  certificateexpired: 45,
  certificateunknown: 46,
  illegalparameter: 47,
  unknownca: 48,
  accessdenied: 49,
  decodeerror: 50,
  decrypterror: 51,
  exportrestriction: 60,
  protocolversion: 70,
  insufficientsecurity: 71,
  internalerror: 80,
  inappropriatefallback: 86,
  usercanceled: 90,
  norenegotiation: 100,
  missingextension: 109,
  unsupportedextension: 110,
  certificateunobtainable: 111,
  unrecognizedname: 112,
  badcertificatestatusresponse: 113,
  badcertificatehashvalue: 114,
  unknownpskidentity: 115,
  certificaterequired: 116,
  noapplicationprotocol: 120,
};

const ALERT_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(ALERT_IDS).map(([name, id]) => [id, name]));

/** undefined for an error that is none of TLS: the connection below it failed. */
export function tlsFailureOf(error: unknown): HttpFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  if (CERTIFICATE_CODES.has(code)) return { tag: "TLS-certificate-error" };
  const alertId = alertIdOf(error.message);
  if (alertId !== undefined) {
    const alertMessage = ALERT_NAMES.get(alertId);
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

/** "... SSL alert number 40" (OpenSSL), "received fatal alert: HandshakeFailure" (rustls). */
function alertIdOf(message: string): number | undefined {
  const number = /SSL alert number (\d{1,3})/.exec(message)?.[1];
  if (number !== undefined) return Number(number);
  const name = /received fatal alert: (?:the server )?([A-Za-z]+)/.exec(message)?.[1];
  return name === undefined ? undefined : ALERT_IDS[name.toLowerCase()];
}
