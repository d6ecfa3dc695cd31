/** From failure to status: the one table of what the gateway answers by itself, and the words a client gets to read. */
import type { FaultCode } from "../base/fault_codes.ts";
import { formatByteSize, formatDuration } from "../base/quantity.ts";
import { describeFailure, FAILURE_FAULTS, type RequestFailure } from "../instance/request_failure.ts";
import { listenerPlace } from "../telemetry/limit_place.ts";

/** Everything that the gateway answers by itself. */
export type GatewayFailure =
  | RequestFailure
  | { readonly kind: "bad-request"; readonly detail: string }
  | { readonly kind: "not-found" }
  | { readonly kind: "method-not-allowed"; readonly allow: readonly string[] }
  /** `limitMs` is what the listener has for the key. */
  | {
    readonly kind: "request-timeout";
    readonly key: "headersTimeout" | "requestTimeout";
    readonly limitMs: number;
  }
  | { readonly kind: "expectation" }
  | { readonly kind: "misdirected" }
  | { readonly kind: "header-too-large"; readonly bytesMax: number }
  | { readonly kind: "not-implemented"; readonly detail: string }
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "draining" };

/** A row of the table. `detail` is fixed text: what happened inside is for the log only. */
interface StatusRow {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const ROWS: Readonly<Record<GatewayFailure["kind"], StatusRow>> = {
  "bad-request": { status: 400, title: "Bad Request", detail: "The request is malformed." },
  "not-found": { status: 404, title: "Not Found", detail: "No route matches this host and path." },
  "method-not-allowed": {
    status: 405,
    title: "Method Not Allowed",
    detail: "No route of this path takes this method.",
  },
  "request-timeout": { status: 408, title: "Request Timeout", detail: "The request did not arrive in time." },
  "request-body-limit": {
    status: 413,
    title: "Content Too Large",
    detail: "The body is longer than this route takes.",
  },
  "expectation": { status: 417, title: "Expectation Failed", detail: "Only 100-continue can be expected." },
  "misdirected": { status: 421, title: "Misdirected Request", detail: "This listener does not serve https targets." },
  "overloaded": { status: 429, title: "Too Many Requests", detail: "The route is at its limit." },
  "header-too-large": { status: 431, title: "Request Header Fields Too Large", detail: "The header is too large." },
  "header-limit": {
    status: 431,
    title: "Request Header Fields Too Large",
    detail: "The header is larger than this route takes.",
  },
  "client-gone": { status: 499, title: "Client Closed Request", detail: "The client went away." },
  "trapped": { status: 500, title: "Internal Server Error", detail: "The handler failed." },
  "no-answer": { status: 500, title: "Internal Server Error", detail: "The handler gave no answer." },
  "fault": { status: 500, title: "Internal Server Error", detail: "The gateway failed." },
  "not-implemented": {
    status: 501,
    title: "Not Implemented",
    detail: "CONNECT, Upgrade and transfer codings other than chunked are not supported.",
  },
  "error-code": { status: 502, title: "Bad Gateway", detail: "The handler reported an error." },
  "response-limit": { status: 502, title: "Bad Gateway", detail: "The handler's answer is past a limit." },
  "unavailable": { status: 503, title: "Service Unavailable", detail: "The workload is not ready." },
  "left-out": { status: 503, title: "Service Unavailable", detail: "The workload is not ready." },
  "draining": { status: 503, title: "Service Unavailable", detail: "The gateway is shutting down." },
  "wall-limit": { status: 504, title: "Gateway Timeout", detail: "The handler did not answer in time." },
  "cpu-limit": { status: 504, title: "Gateway Timeout", detail: "The handler did not answer in time." },
  "version": { status: 505, title: "HTTP Version Not Supported", detail: "Only HTTP/1.1 and HTTP/1.0 are supported." },
};

/** The code of each: the log has it, clients read none. */
const GATEWAY_FAULTS: Readonly<Record<GatewayFailure["kind"], FaultCode>> = {
  ...FAILURE_FAULTS,
  "bad-request": "LG7001",
  "not-found": "LG7002",
  "method-not-allowed": "LG7003",
  "request-timeout": "LG7004",
  "expectation": "LG7006",
  "misdirected": "LG7006",
  "not-implemented": "LG7006",
  "version": "LG7006",
  "header-too-large": "LG7007",
  "draining": "LG7010",
};

/** How long a client shall wait after a 429: a queue of 1,024 short requests is gone by then. */
const OVERLOADED_RETRY_AFTER_S = 1;
/** How long after a 503 of a gateway that ends: long enough for its successor to start. */
const DRAINING_RETRY_AFTER_S = 5;

/** How long after a 503 because of a file: somebody has to mend it. */
const LEFT_OUT_RETRY_AFTER_S = 30;

/** An answer of the gateway itself. */
export interface FailureAnswer {
  readonly status: number;
  readonly title: string;
  /** Without content-length and content-type. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** RFC 9457, `application/problem+json`. */
  readonly body: string;
}

/** Looks `failure` up in the table. */
export function failureAnswer(failure: GatewayFailure): FailureAnswer {
  const { status, title, detail } = ROWS[failure.kind];
  const body = JSON.stringify({ type: "about:blank", title, status, detail });
  return { status, title, fields: extraFields(failure), body };
}

function extraFields(failure: GatewayFailure): readonly (readonly [string, string])[] {
  if (failure.kind === "method-not-allowed") return [["allow", failure.allow.join(", ")]];
  const retryAfterS = retryAfter(failure);
  return retryAfterS === undefined ? [] : [["retry-after", String(retryAfterS)]];
}

function retryAfter(failure: GatewayFailure): number | undefined {
  if (failure.kind === "unavailable") return failure.retryAfterS;
  if (failure.kind === "left-out") return LEFT_OUT_RETRY_AFTER_S;
  if (failure.kind === "overloaded") return OVERLOADED_RETRY_AFTER_S;
  return failure.kind === "draining" ? DRAINING_RETRY_AFTER_S : undefined;
}

/** Why a request ended otherwise than by a whole answer of its guest: for the log, clients read none of it. */
export interface RequestCause {
  readonly code: FaultCode;
  /** One line. */
  readonly text: string;
}

/** The cause of an answer of the gateway itself. */
export function causeOf(failure: GatewayFailure): RequestCause {
  return { code: GATEWAY_FAULTS[failure.kind], text: causeText(failure) };
}

/** Of an answer that is cut because its client does not take it. */
export function stallCause(limitMs: number): RequestCause {
  const text = `the client read nothing for ${formatDuration(limitMs)}; ${listenerPlace("responseStallTimeout")}`;
  return { code: "LG7019", text };
}

function causeText(failure: GatewayFailure): string {
  switch (failure.kind) {
    case "bad-request":
    case "not-implemented":
      return failure.detail;
    case "not-found":
      return "no route has this host and path";
    case "method-not-allowed":
      return `the routes of this path take ${failure.allow.join(", ")}`;
    case "request-timeout":
      return `the request did not arrive within ${formatDuration(failure.limitMs)}; ${listenerPlace(failure.key)}`;
    case "expectation":
      return "the client expects something else than 100-continue";
    case "misdirected":
      return "the target is https";
    case "header-too-large":
      return `the request line and header are longer than ${formatByteSize(failure.bytesMax)}; ${
        listenerPlace("headerBytes")
      }`;
    case "version":
      return `the version is HTTP/${failure.version}`;
    case "draining":
      return "the gateway is being closed";
    case "overloaded":
    case "unavailable":
    case "left-out":
    case "trapped":
    case "no-answer":
    case "error-code":
    case "wall-limit":
    case "cpu-limit":
    case "request-body-limit":
    case "header-limit":
    case "response-limit":
    case "client-gone":
    case "fault":
      return describeFailure(failure);
  }
}
