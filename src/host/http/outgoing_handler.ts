/**
 * `wasi:http/outgoing-handler`. Requests are checked in full, and then denied: this gateway does not send any yet.
 */
import type { HttpContext } from "./http_context.ts";
import { errorCode } from "./error_code.ts";
import type { FutureIncomingResponse } from "./future_incoming_response.ts";
import type { OutgoingRequest, RequestDraft } from "./outgoing_request.ts";
import { parseTargetAuthority, type TargetAuthority } from "./request_target.ts";
import type { RequestOptions } from "./request_options.ts";

/** What the log says about every denied request. */
export const NO_EGRESS_RULE = "outgoing HTTP is not offered yet";

/** Where a request goes: what rules judge. */
export interface RequestTarget {
  readonly scheme: "http" | "https";
  readonly authority: TargetAuthority;
}

// WIT handle: func(request: outgoing-request, options: option<request-options>) -> result<future-incoming-response, error-code>
/** Checks the request, and denies it. Request and options are the guest's no more, whatever the answer. */
export function handle(
  context: HttpContext,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): FutureIncomingResponse {
  options?.take();
  const draft = request.take();
  // Nobody will read the body: a guest that goes on writing it is told.
  draft.message.lose();
  const { scheme, authority } = checkedTarget(draft);
  const port = authority.port === undefined ? "" : `:${authority.port}`;
  context.emit({
    kind: "denied",
    guest: context.label,
    operation: "wasi:http/outgoing-handler.handle",
    target: `${scheme}://${authority.host}${port}`,
    rule: NO_EGRESS_RULE,
  });
  throw errorCode({ tag: "HTTP-request-denied" });
}

/** The codes of a request that nobody could send: one per cause, and before any rule is asked. */
export function checkedTarget(draft: RequestDraft): RequestTarget {
  // No scheme means https, as in wasmtime.
  const scheme = draft.scheme ?? { tag: "HTTPS" as const };
  if (scheme.tag === "other" || draft.method.tag === "connect") throw errorCode({ tag: "HTTP-protocol-error" });
  const authority = draft.authority === undefined ? undefined : parseTargetAuthority(draft.authority);
  if (authority === undefined) throw errorCode({ tag: "HTTP-request-URI-invalid" });
  if (draft.message.lengthBytes === "invalid") throw errorCode({ tag: "HTTP-protocol-error" });
  return { scheme: scheme.tag === "HTTP" ? "http" : "https", authority };
}
