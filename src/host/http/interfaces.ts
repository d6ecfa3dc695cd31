/** What a guest imports from `wasi:http`, for every version 0.2.x. */
import type * as DeclaredHandler from "@bytecodealliance/preview2-shim/interfaces/wasi-http-outgoing-handler";
import type * as DeclaredTypes from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import type { HostInterface } from "../types.ts";
import { httpErrorCode } from "./error_code.ts";
import type { FieldEntries } from "./exchange.ts";
import { Fields } from "./fields.ts";
import { FutureIncomingResponse } from "./future_incoming_response.ts";
import { FutureTrailers } from "./future_trailers.ts";
import { guestClass } from "./guest_class.ts";
import { IncomingBody } from "./incoming_body.ts";
import { IncomingRequest } from "./incoming_request.ts";
import { IncomingResponse } from "./incoming_response.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import { handle } from "./outgoing_handler.ts";
import { OutgoingRequest } from "./outgoing_request.ts";
import { OutgoingResponse } from "./outgoing_response.ts";
import { RequestOptions } from "./request_options.ts";
import { ResponseOutparam } from "./response_outparam.ts";

/** The interfaces of one guest, under their names without version. */
export function httpInterfaces(context: HttpContext): Readonly<Record<string, object>> {
  const types = {
    Fields: Object.assign(guestClass(Fields, () => Fields.create(context)), {
      fromList: (entries: FieldEntries) => Fields.fromList(context, entries),
    }),
    FutureIncomingResponse,
    FutureTrailers,
    IncomingBody,
    IncomingRequest,
    IncomingResponse,
    OutgoingBody,
    OutgoingRequest,
    OutgoingResponse,
    RequestOptions: guestClass(RequestOptions, () => RequestOptions.create(context)),
    ResponseOutparam,
    httpErrorCode,
  } satisfies HostInterface<typeof DeclaredTypes>;
  const outgoingHandler = {
    handle: (request: OutgoingRequest, options: RequestOptions | undefined) => handle(context, request, options),
  } satisfies HostInterface<typeof DeclaredHandler>;
  return { "wasi:http/types": types, "wasi:http/outgoing-handler": outgoingHandler };
}
