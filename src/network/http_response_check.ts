/** What an answer's fields may be before anybody reads them. */
import { Buffer } from "node:buffer";
import type { HttpFailure } from "./http_failure_table.ts";
import { RESPONSE_FIELDS_MAX, RESPONSE_SECTION_BYTES_MAX } from "./http_limits.ts";
import type { HttpFields } from "./http_message.ts";
import { sectionBytes } from "./http_request_plan.ts";

/** undefined when all is well. */
export function checkHead(status: number, headers: HttpFields): HttpFailure | undefined {
  // Both clients let 0 to 999 through.
  if (status < 200) return { tag: "HTTP-protocol-error" };
  if (isTooLarge(headers)) return { tag: "HTTP-response-header-section-size", val: sectionBytes(headers) };
  const codings = headers.filter(([name]) => name === "transfer-encoding").map(([, value]) =>
    Buffer.from(value).toString("latin1")
  );
  // We sent no TE, so chunked is all that may come; anything else would reach the guest undecoded.
  const others = codings.join(",").split(",").map((coding) => coding.trim()).filter((coding) =>
    coding.toLowerCase() !== "chunked"
  );
  if (codings.length === 0 || (others.length === 0 && codings.length === 1)) return undefined;
  return { tag: "HTTP-response-transfer-coding", val: others.join(", ").slice(0, 64) };
}

/** undefined when all is well. */
export function checkTrailers(trailers: HttpFields): HttpFailure | undefined {
  if (!isTooLarge(trailers)) return undefined;
  return { tag: "HTTP-response-trailer-section-size", val: sectionBytes(trailers) };
}

function isTooLarge(fields: HttpFields): boolean {
  return fields.length > RESPONSE_FIELDS_MAX || sectionBytes(fields) > RESPONSE_SECTION_BYTES_MAX;
}
