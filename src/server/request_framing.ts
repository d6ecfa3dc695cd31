/** Which requests the listener takes at all, by version and transfer coding (RFC 9112 sections 2.5 and 6.1, RFC 9113 section 8.2.2). Pure. */
import type { GatewayFailure } from "./failure_status.ts";

/** The part of a request that says how it is framed. */
export interface FramingInput {
  readonly httpVersion: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
}

/** Of a request over HTTP/2. The parser of HTTP/1 gives two numbers always, so nobody gets to be one by a line of text. */
export const HTTP2 = "2";

const TRANSFER_ENCODING = "transfer-encoding";

/**
 * Why a request cannot be taken; undefined when it can. The parser below is more liberal, and a proxy in front that
 * reads the body's end differently could be made to smuggle a request.
 */
export function framingFailure({ httpVersion, rawHeaders }: FramingInput): GatewayFailure | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0" && httpVersion !== HTTP2) {
    return { kind: "version", version: httpVersion };
  }
  const codings: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    // Lengths first: lower-casing makes a string.
    if (name.length === TRANSFER_ENCODING.length && name.toLowerCase() === TRANSFER_ENCODING) {
      codings.push(rawHeaders[index + 1] ?? "");
    }
  }
  if (codings.length === 0) return undefined;
  if (httpVersion !== "1.1") return { kind: "bad-request", detail: `Transfer-Encoding in HTTP/${httpVersion}` };
  // Names of codings know no case (RFC 9112 section 7).
  if (codings.length === 1 && codings[0]?.toLowerCase() === "chunked") return undefined;
  return { kind: "not-implemented", detail: "a transfer coding other than chunked" };
}
