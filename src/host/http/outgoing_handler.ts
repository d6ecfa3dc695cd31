/** `wasi:http/outgoing-handler`: a guest's request is checked in full, judged, and sent by its component's client. */
import type { SendOutcome } from "../egress/guest_egress.ts";
import { HttpBodyWindow } from "../../network/http_body_window.ts";
import { mayHaveTrailers } from "../../network/http_client.ts";
import { parseAuthority } from "../../policy/judge_authority.ts";
import type { HttpContext } from "./http_context.ts";
import { errorCode, knownCode } from "./error_code.ts";
import { FutureIncomingResponse } from "./future_incoming_response.ts";
import { methodName } from "./method.ts";
import { onTheWire } from "./outgoing_body.ts";
import type { OutgoingRequest, RequestDraft } from "./outgoing_request.ts";
import { endAtAnswer, endFailed, startSendSpan } from "./request_span.ts";
import type { RequestOptions, RequestTimeouts } from "./request_options.ts";

/** What the log says where nobody sends requests. */
export const NO_EGRESS_RULE = "there is no way out for requests here";

const NS_PER_MS = 1_000_000n;

/** Where a request goes, as its guest wrote it. */
interface WrittenTarget {
  readonly scheme: "http" | "https";
  readonly authority: string;
}

// WIT handle: func(request: outgoing-request, options: option<request-options>) -> result<future-incoming-response, error-code>
/** Sends the request, or says at once why not. Request and options are the guest's no more, whatever the answer. */
export function handle(
  context: HttpContext,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): FutureIncomingResponse {
  const timeouts = options?.take();
  const draft = request.take();
  try {
    return start(context, draft, timeouts);
  } catch (error) {
    // Nobody will read the body: a guest that goes on writing it is told.
    draft.message.lose();
    throw error;
  }
}

function start(
  context: HttpContext,
  draft: RequestDraft,
  timeouts: RequestTimeouts | undefined,
): FutureIncomingResponse {
  const target = checkedTarget(draft);
  const { pipe } = draft.message;
  const window = pipe === undefined ? undefined : new HttpBodyWindow();
  const outcome = send(context, { target, draft, timeouts, window });
  if (outcome === "malformed") throw errorCode({ tag: "HTTP-request-URI-invalid" });
  if (outcome === "denied") throw errorCode({ tag: "HTTP-request-denied" });
  const known = outcome.result();
  if (known !== undefined && "failed" in known) {
    outcome.dispose();
    throw errorCode(knownCode(known.failed));
  }
  if (window !== undefined) pipe?.join(window);
  return new FutureIncomingResponse(outcome, context);
}

function send(
  context: HttpContext,
  { target, draft, timeouts, window }: {
    readonly target: WrittenTarget;
    readonly draft: RequestDraft;
    readonly timeouts: RequestTimeouts | undefined;
    readonly window: HttpBodyWindow | undefined;
  },
): SendOutcome {
  const { egress, label, emit, incomingCdnLoop, trace } = context;
  if (egress === undefined) {
    const where = `${target.scheme}://${target.authority}`;
    emit({ kind: "denied", guest: label, operation: "http-request", target: where, rule: NO_EGRESS_RULE });
    return "denied";
  }
  const written = {
    ...target,
    method: methodName(draft.method),
    path: draft.pathWithQuery ?? "",
    headers: onTheWire(draft.message.entries),
  };
  const traced = trace && startSendSpan(trace, written);
  const request = { ...written, headers: traced?.headers ?? written.headers, body: window?.source };
  const outcome = egress.send({
    ...request,
    ...(window !== undefined && mayHaveTrailers(request) && { trailers: () => window.trailers }),
    ...(incomingCdnLoop !== undefined && { incomingCdnLoop }),
    connectTimeoutMs: msOf(timeouts?.connectTimeoutNs),
    firstByteTimeoutMs: msOf(timeouts?.firstByteTimeoutNs),
    betweenBytesTimeoutMs: msOf(timeouts?.betweenBytesTimeoutNs),
  });
  if (traced !== undefined) {
    if (typeof outcome === "string") endFailed(traced.span, outcome);
    else endAtAnswer(traced.span, outcome);
  }
  return outcome;
}

/** The codes of a request that nobody could send: one per cause, and before any rule is asked. */
function checkedTarget(draft: RequestDraft): WrittenTarget {
  // No scheme means https, as in wasmtime.
  const scheme = draft.scheme ?? { tag: "HTTPS" as const };
  if (scheme.tag === "other" || draft.method.tag === "connect") throw errorCode({ tag: "HTTP-protocol-error" });
  if (draft.authority === undefined) throw errorCode({ tag: "HTTP-request-URI-invalid" });
  const target = { scheme: scheme.tag === "HTTP" ? "http" : "https", authority: draft.authority } as const;
  if (parseAuthority(target.authority, target.scheme) === undefined) {
    throw errorCode({ tag: "HTTP-request-URI-invalid" });
  }
  if (draft.message.lengthBytes === "invalid") throw errorCode({ tag: "HTTP-protocol-error" });
  return target;
}

/** Rounded up: no timeout is shorter than its guest asked for. */
function msOf(ns: bigint | undefined): number | undefined {
  return ns === undefined ? undefined : Number((ns + NS_PER_MS - 1n) / NS_PER_MS);
}
