/** Why a request got no answer from its guest. The server has one table from these to statuses; nothing in here reaches a client. */
import type { FaultCode } from "../base/fault_codes.ts";
import { formatByteSize, formatDuration } from "../base/quantity.ts";
import type { HttpErrorCode } from "../host/http/exchange.ts";
import type { LimitName } from "../telemetry/limit_counts.ts";
import { limitPlace } from "../telemetry/limit_place.ts";

/** What can go wrong from the moment a route was found. */
export type RequestFailure =
  /** Concurrency and queue of the route are full, or the wait in the queue was too long. */
  | { readonly kind: "overloaded"; readonly detail: string }
  /** The service of the workload is starting, down or being drained; or there is no room for one more guest (`limit`). */
  | { readonly kind: "unavailable"; readonly detail: string; readonly retryAfterS: number; readonly limit?: LimitName }
  /** Files have faults, and the start left out what the request is meant for. */
  | { readonly kind: "left-out"; readonly detail: string }
  /** The guest trapped before the head of its answer. */
  | { readonly kind: "trapped"; readonly cause: unknown }
  /** `handle` returned and the outparam was never set. */
  | { readonly kind: "no-answer"; readonly detail: string }
  /** The guest set the outparam to an error. */
  | { readonly kind: "error-code"; readonly code: HttpErrorCode }
  /** No head in time. */
  | { readonly kind: "wall-limit"; readonly wallLimitMs: number }
  /** It computed for longer than one request may. */
  | { readonly kind: "cpu-limit"; readonly cpuMs: number }
  /** The request's body is longer than the route takes: by its content-length, or by what has arrived of it. */
  | { readonly kind: "request-body-limit"; readonly bytesMax: number }
  /** The request's fields are more than the route takes. */
  | { readonly kind: "header-limit"; readonly bytesMax: number }
  /** The guest's answer is past a limit: its fields, or the length that it announces for its body. */
  | { readonly kind: "response-limit"; readonly limit: "headerBytes" | "responseBody"; readonly detail: string }
  /** The client went away; there is nobody to answer. */
  | { readonly kind: "client-gone" }
  /** A fault of the gateway itself. */
  | { readonly kind: "fault"; readonly error: unknown };

/** The code of each. */
export const FAILURE_FAULTS: Readonly<Record<RequestFailure["kind"], FaultCode>> = {
  "overloaded": "LG7008",
  "unavailable": "LG7015",
  "left-out": "LG7020",
  "trapped": "LG7011",
  "no-answer": "LG7012",
  "error-code": "LG7013",
  "wall-limit": "LG7016",
  "cpu-limit": "LG7017",
  "request-body-limit": "LG7005",
  "header-limit": "LG7007",
  "response-limit": "LG7014",
  "client-gone": "LG7009",
  "fault": "LG9001",
};

/** One line for the log. */
export function describeFailure(failure: RequestFailure): string {
  switch (failure.kind) {
    case "overloaded":
    case "unavailable":
    case "left-out":
    case "no-answer":
      return failure.detail;
    case "response-limit":
      return `${failure.detail}${setBy(failure.limit)}`;
    case "trapped":
      return `the guest trapped: ${describeError(failure.cause)}`;
    case "error-code":
      return `the guest answered with the error-code ${describeCode(failure.code)}`;
    case "wall-limit":
      return `the guest sent no head within ${formatDuration(failure.wallLimitMs)}${setBy("wall")}`;
    case "cpu-limit":
      return `the guest computed for more than ${formatDuration(failure.cpuMs)}${setBy("cpu")}`;
    case "request-body-limit":
      return `the request's body is longer than ${formatByteSize(failure.bytesMax)}${setBy("requestBody")}`;
    case "header-limit":
      return `the request's fields are more than ${formatByteSize(failure.bytesMax)}${setBy("headerBytes")}`;
    case "client-gone":
      return "the client went away";
    case "fault":
      return `a fault of the gateway: ${describeError(failure.error)}`;
  }
}

function setBy(limit: LimitName): string {
  return `; ${limitPlace(limit, "component")}`;
}

/** The limit that a request met, to be counted; undefined when it failed for another reason, or its limit counts itself. */
export function limitOf(failure: RequestFailure): LimitName | undefined {
  switch (failure.kind) {
    case "cpu-limit":
      return "cpu";
    case "wall-limit":
      return "wall";
    case "request-body-limit":
      return "requestBody";
    case "header-limit":
      return "headerBytes";
    case "response-limit":
    case "unavailable":
      return failure.limit;
    case "overloaded":
    case "left-out":
    case "trapped":
    case "no-answer":
    case "error-code":
    case "client-gone":
    case "fault":
      return undefined;
  }
}

/** A trap with its reason: `unreachable (caused by: ...)`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const reason: unknown = error.cause;
  // What the host ends a guest with is the trap's own text already.
  const isMore = reason instanceof Error && reason.message !== error.message;
  return isMore ? `${error.message} (caused by: ${reason.message})` : error.message;
}

function describeCode(code: HttpErrorCode): string {
  return typeof code.val === "string" ? `${code.tag}: ${code.val}` : code.tag;
}
