/** `wasi:http/outgoing-handler`, as a guest sees it. */
import type { FutureIncomingResponse, OutgoingRequest, RequestOptions } from "./http_types.ts";

/** @throws ErrorCode */
export declare function handle(request: OutgoingRequest, options: RequestOptions | null): FutureIncomingResponse;
