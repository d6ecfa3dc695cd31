/** `wasi:http/types.error-code` and `header-error`: what the host says when something went wrong. */
import type { ErrorCode, HeaderError } from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { StreamFailure } from "../../base/byte_stream.ts";
import { WitError } from "../../base/errors.ts";
import { IoError } from "../io/error.ts";
import type { HttpErrorCode } from "./exchange.ts";

/** The longest string of a guest that travels with an error; it ends in a log line. */
export const ERROR_TEXT_LENGTH_MAX = 1_024;

/** Every case of the variant, and whether it has a payload. */
const HAS_PAYLOAD: Readonly<Record<ErrorCode["tag"], boolean>> = {
  "DNS-timeout": false,
  "DNS-error": true,
  "destination-not-found": false,
  "destination-unavailable": false,
  "destination-IP-prohibited": false,
  "destination-IP-unroutable": false,
  "connection-refused": false,
  "connection-terminated": false,
  "connection-timeout": false,
  "connection-read-timeout": false,
  "connection-write-timeout": false,
  "connection-limit-reached": false,
  "TLS-protocol-error": false,
  "TLS-certificate-error": false,
  "TLS-alert-received": true,
  "HTTP-request-denied": false,
  "HTTP-request-length-required": false,
  "HTTP-request-body-size": true,
  "HTTP-request-method-invalid": false,
  "HTTP-request-URI-invalid": false,
  "HTTP-request-URI-too-long": false,
  "HTTP-request-header-section-size": true,
  "HTTP-request-header-size": true,
  "HTTP-request-trailer-section-size": true,
  "HTTP-request-trailer-size": true,
  "HTTP-response-incomplete": false,
  "HTTP-response-header-section-size": true,
  "HTTP-response-header-size": true,
  "HTTP-response-body-size": true,
  "HTTP-response-trailer-section-size": true,
  "HTTP-response-trailer-size": true,
  "HTTP-response-transfer-coding": true,
  "HTTP-response-content-coding": true,
  "HTTP-response-timeout": false,
  "HTTP-upgrade-failed": false,
  "HTTP-protocol-error": false,
  "loop-detected": false,
  "configuration-error": false,
  "internal-error": true,
};

/** The `err` side of a `result` with an error-code. */
export function errorCode(code: ErrorCode): WitError<ErrorCode> {
  return new WitError(code);
}

/** The `err` side of a `result` with a header-error. */
export function headerError(tag: HeaderError["tag"]): WitError<HeaderError> {
  return new WitError({ tag });
}

/** The `err` side of a `result` without a payload. */
export function plainError(): WitError<undefined> {
  return new WitError(undefined);
}

/** A code from below as the guest may have it: a tag that WASI does not know would end the guest while lowering. */
export function knownCode(code: HttpErrorCode): ErrorCode {
  return isErrorCode(code) ? code : { tag: "internal-error", val: undefined };
}

/** What a failed stream means in HTTP; a failure that says nothing about it is the host's own. */
export function codeOfFailure(failure: StreamFailure): ErrorCode {
  return knownCode(failure.httpCode ?? { tag: "internal-error", val: undefined });
}

/** The code with its strings cut: a guest may have given it megabytes. */
export function boundedCode(code: ErrorCode): HttpErrorCode {
  return "val" in code ? { tag: code.tag, val: boundedPayload(code.val) } : { tag: code.tag };
}

// WIT http-error-code: func(err: borrow<io-error>) -> option<error-code>
/** What a failed stream operation was in HTTP. */
export function httpErrorCode(err: IoError): ErrorCode | undefined {
  const code = err.failure.httpCode;
  return code === undefined ? undefined : knownCode(code);
}

function isErrorCode(code: HttpErrorCode): code is ErrorCode {
  if (!Object.hasOwn(HAS_PAYLOAD, code.tag)) return false;
  const tag = code.tag as ErrorCode["tag"];
  return HAS_PAYLOAD[tag] || code.val === undefined;
}

function boundedPayload(val: unknown): unknown {
  if (typeof val === "string") return val.slice(0, ERROR_TEXT_LENGTH_MAX);
  if (typeof val !== "object" || val === null) return val;
  return Object.fromEntries(Object.entries(val).map(([key, part]) => [key, boundedPayload(part)]));
}
