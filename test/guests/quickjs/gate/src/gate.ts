/** A middleware: answers what is forbidden itself, and hands everything else to the handler it is composed with. */
import { handle } from "wasi:http/incoming-handler@0.2.10";
import { Fields, type IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.10";

export const incomingHandler = {
  handle(request: IncomingRequest, out: ResponseOutparam): void {
    if ((request.pathWithQuery() ?? "").startsWith("/forbidden")) {
      const response = new OutgoingResponse(new Fields());
      response.setStatusCode(403);
      const body = response.body();
      ResponseOutparam.set(out, { tag: "ok", val: response });
      OutgoingBody.finish(body, null);
      return;
    }
    handle(request, out);
  },
};
