/** A request that can be sent: everything checked, the target written out, our own fields added. */
import { Buffer } from "node:buffer";
import { CDN_LOOP, nextCdnLoop } from "./http_cdn_loop.ts";
import { bodySizeFailure, type HttpFailure, httpFailure, sectionSizeFailure } from "./http_failure_table.ts";
import { PATH_LENGTH_MAX, REQUEST_SECTION_BYTES_MAX } from "./http_limits.ts";
import type { HttpFields, HttpRequest, HttpTarget } from "./http_message.ts";

/** What goes on the wire. Strings are latin1: one character is one byte. */
export interface RequestPlan {
  readonly target: HttpTarget;
  readonly method: string;
  readonly path: string;
  /** The Host field. */
  readonly authority: string;
  /** Names and values by turns, without Host, framing and connection fields. */
  readonly headers: readonly string[];
  /** undefined: chunked, when there is a body. */
  readonly contentLength: number | undefined;
  /** No harm is done when it arrives twice (RFC 9110 section 9.2.2). */
  readonly isRepeatable: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PATH = /^\/[\x21-\x7e\x80-\xff]*$/;
/** A name in ASCII, an IPv4 address, or an IPv6 address in brackets without a zone. */
const HOST = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]+|\[[0-9A-Fa-f:.]+\])$/;

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** What the connection and the framing write. Whoever sets one has not checked; nothing of it may reach the wire. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Checks `request`; the code says what cannot be sent. */
export function planRequest(request: HttpRequest, cdnId: string): RequestPlan | { readonly failed: HttpFailure } {
  const { scheme, host, port, method } = request;
  if (!TOKEN.test(method)) return { failed: httpFailure("HTTP-request-method-invalid") };
  const isHttp = scheme === "http" || scheme === "https";
  if (!isHttp || method === "CONNECT") return { failed: httpFailure("HTTP-protocol-error") };
  if (!HOST.test(host) || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return { failed: httpFailure("HTTP-request-URI-invalid") };
  }
  const path = request.path.startsWith("/") ? request.path : `/${request.path}`;
  if (path.length > PATH_LENGTH_MAX) return { failed: httpFailure("HTTP-request-URI-too-long") };
  // Also "*": undici cannot send it.
  if (!PATH.test(path) || request.path === "*") return { failed: httpFailure("HTTP-request-URI-invalid") };
  const fields = planFields(request, cdnId);
  if ("failed" in fields) return fields;
  const authority = port === DEFAULT_PORTS[scheme] ? host : `${host}:${port}`;
  const isRepeatable = request.body === undefined && SAFE_METHODS.has(method);
  return { target: { scheme, host, port }, method, path, authority, isRepeatable, ...fields };
}

/** Names and values by turns for the wire; undefined when one of them cannot stand in a message. */
export function planTrailers(trailers: HttpFields): string[] | { readonly failed: HttpFailure } {
  const bytes = sectionBytes(trailers);
  if (bytes > REQUEST_SECTION_BYTES_MAX) {
    return { failed: sectionSizeFailure("HTTP-request-trailer-section-size", bytes) };
  }
  const lines = trailers.flatMap(([name, value]) => [name, latin1Of(value)]);
  const isSound = trailers.every(([name], at) => isSoundField(name, lines[2 * at + 1] ?? ""));
  return isSound ? lines : { failed: httpFailure("HTTP-protocol-error") };
}

function planFields(
  request: HttpRequest,
  cdnId: string,
): Pick<RequestPlan, "headers" | "contentLength"> | { readonly failed: HttpFailure } {
  const bytes = sectionBytes(request.headers);
  if (bytes > REQUEST_SECTION_BYTES_MAX) {
    return { failed: sectionSizeFailure("HTTP-request-header-section-size", bytes) };
  }
  const headers: string[] = [];
  const ownCdnLoop: Uint8Array[] = [];
  let contentLength: number | undefined;
  for (const [name, value] of request.headers) {
    const text = latin1Of(value);
    if (!isSoundField(name, text)) return { failed: httpFailure("HTTP-protocol-error") };
    switch (name.toLowerCase()) {
      case CDN_LOOP:
        ownCdnLoop.push(value);
        break;
      // The body is sent at once, so there is nothing to expect (RFC 9110 section 10.1.1).
      case "expect":
        break;
      case "content-length":
        if (contentLength !== undefined || !/^\d{1,15}$/.test(text)) {
          return { failed: httpFailure("HTTP-protocol-error") };
        }
        contentLength = Number(text);
        break;
      default:
        headers.push(name, text);
    }
  }
  if (request.body === undefined && (contentLength ?? 0) > 0) return { failed: bodySizeFailure(0) };
  const cdnLoop = nextCdnLoop(cdnId, request.incomingCdnLoop ?? [], ownCdnLoop);
  if (cdnLoop === undefined) return { failed: httpFailure("loop-detected") };
  headers.push(CDN_LOOP, cdnLoop);
  return { headers, contentLength };
}

function isSoundField(name: string, value: string): boolean {
  return TOKEN.test(name) && FIELD_VALUE.test(value) && !CONNECTION_FIELDS.has(name.toLowerCase());
}

/** As RFC 9113 section 6.5.2 counts without its overhead: names, values, and ": " CR LF. */
export function sectionBytes(fields: HttpFields): number {
  return fields.reduce((bytes, [name, value]) => bytes + name.length + value.length + 4, 0);
}

function latin1Of(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1");
}
