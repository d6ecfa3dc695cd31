/**
 * `wasi:http/types.error-code`, each case with the one cause it stands for: the table that answers "what went wrong?"
 * for whoever reads a code, and "which code?" for whoever meets a fault. A case that nothing here means says why.
 */

/** Who finds the fault. `nobody`: the case is never used, and the cause says why. */
type FoundBy = "host" | "dial" | "client" | "nobody";

interface FailureRow {
  readonly foundBy: FoundBy;
  readonly cause: string;
}

/** `dial` is the caller's judgement and name resolution; `client` is the transport of this folder. */
export const HTTP_FAILURES = {
  "DNS-timeout": { foundBy: "dial", cause: "no resolver answered in time" },
  "DNS-error": { foundBy: "dial", cause: "the name has no address, or its resolver failed" },
  "destination-not-found": { foundBy: "nobody", cause: "a name without an address is DNS-error" },
  "destination-unavailable": { foundBy: "nobody", cause: "a destination that does not answer is a timeout or refused" },
  "destination-IP-prohibited": { foundBy: "client", cause: "the machine's own firewall forbids the address" },
  "destination-IP-unroutable": { foundBy: "client", cause: "there is no route to any address" },
  "connection-refused": { foundBy: "client", cause: "nothing listens there" },
  "connection-terminated": { foundBy: "client", cause: "the connection was cut before the head of the answer" },
  "connection-timeout": { foundBy: "client", cause: "no connection, or no finished TLS handshake, in time" },
  "connection-read-timeout": { foundBy: "client", cause: "too long a wait for the head, or for more of the body" },
  "connection-write-timeout": { foundBy: "client", cause: "the server took no more of the request for too long" },
  "connection-limit-reached": { foundBy: "client", cause: "the workload, or the process, has no connection left" },
  "TLS-protocol-error": { foundBy: "client", cause: "what came is not TLS, or not TLS as it should be" },
  "TLS-certificate-error": { foundBy: "client", cause: "the certificate is not trusted, or names somebody else" },
  "TLS-alert-received": { foundBy: "client", cause: "the server ended TLS with an alert" },
  "HTTP-request-denied": { foundBy: "dial", cause: "the policy denies it" },
  "HTTP-request-length-required": { foundBy: "nobody", cause: "411 is an answer like any other" },
  "HTTP-request-body-size": {
    foundBy: "client",
    cause: "the body differs from its content-length, or was left unfinished",
  },
  "HTTP-request-method-invalid": { foundBy: "client", cause: "the method is no token" },
  "HTTP-request-URI-invalid": { foundBy: "client", cause: "there is no authority, or it or the path cannot be sent" },
  "HTTP-request-URI-too-long": { foundBy: "client", cause: "the path is over its limit" },
  "HTTP-request-header-section-size": { foundBy: "client", cause: "the fields of the request are over their limit" },
  "HTTP-request-header-size": { foundBy: "nobody", cause: "only the whole section has a limit" },
  "HTTP-request-trailer-section-size": { foundBy: "client", cause: "the trailers of the request are over their limit" },
  "HTTP-request-trailer-size": { foundBy: "nobody", cause: "only the whole section has a limit" },
  "HTTP-response-incomplete": { foundBy: "client", cause: "the connection was cut after the head of the answer" },
  "HTTP-response-header-section-size": { foundBy: "client", cause: "the fields of the answer are over their limit" },
  "HTTP-response-header-size": { foundBy: "nobody", cause: "only the whole section has a limit" },
  "HTTP-response-body-size": {
    foundBy: "host",
    cause: "the rest of a body is too long to be thrown away for its trailers",
  },
  "HTTP-response-trailer-section-size": { foundBy: "client", cause: "the trailers of the answer are over their limit" },
  "HTTP-response-trailer-size": { foundBy: "nobody", cause: "only the whole section has a limit" },
  "HTTP-response-transfer-coding": { foundBy: "client", cause: "the answer has another transfer coding than chunked" },
  "HTTP-response-content-coding": { foundBy: "nobody", cause: "content is passed on as it is, never decoded" },
  "HTTP-response-timeout": { foundBy: "nobody", cause: "a wait for the answer is connection-read-timeout" },
  "HTTP-upgrade-failed": { foundBy: "client", cause: "the server switched protocols unasked" },
  "HTTP-protocol-error": { foundBy: "client", cause: "the answer is no HTTP/1.1, or the request cannot be said in it" },
  "loop-detected": { foundBy: "client", cause: "the request has been through this gateway before (RFC 8586)" },
  "configuration-error": { foundBy: "nobody", cause: "a wrong configuration does not start" },
  "internal-error": { foundBy: "client", cause: "a fault of the gateway itself, or of its machine" },
} as const satisfies Readonly<Record<string, FailureRow>>;

/** A case of the variant. */
export type HttpErrorTag = keyof typeof HTTP_FAILURES;

/** A case with its payload, as the host's classes and WIT have it. */
export interface HttpFailure {
  readonly tag: HttpErrorTag;
  readonly val?: unknown;
}

/** Payloads that WIT does not let be left out, with nothing in them. */
const EMPTY_PAYLOADS: Partial<Record<HttpErrorTag, unknown>> = {
  "DNS-error": { rcode: undefined, infoCode: undefined },
  "TLS-alert-received": { alertId: undefined, alertMessage: undefined },
  "HTTP-request-trailer-size": { fieldName: undefined, fieldSize: undefined },
  "HTTP-response-header-size": { fieldName: undefined, fieldSize: undefined },
  "HTTP-response-trailer-size": { fieldName: undefined, fieldSize: undefined },
};

/** The code of `tag`, of which nothing more is known: optional payloads are left out, the others are empty. */
export function httpFailure(tag: HttpErrorTag): HttpFailure {
  const val = EMPTY_PAYLOADS[tag];
  return val === undefined ? { tag } : { tag, val };
}

/** How many bytes there were: of the request's body (u64). */
export function bodySizeFailure(bytes: number): HttpFailure {
  return { tag: "HTTP-request-body-size", val: BigInt(bytes) };
}

/** How many bytes there were, of a section of fields (u32). */
export function sectionSizeFailure(
  tag: "HTTP-request-header-section-size" | "HTTP-request-trailer-section-size",
  bytes: number,
): HttpFailure {
  return { tag, val: Math.min(bytes, 0xffff_ffff) };
}
