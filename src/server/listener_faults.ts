/** What goes wrong with a listener's sockets, in words of the gateway. Pure. */
import { LoopgateError } from "../base/errors.ts";
import type { GatewayFailure } from "./failure_status.ts";
import type { ListenerLimits } from "./listener_limits.ts";

/** Why an address cannot be listened at. */
export function listenError(
  { host, port }: { readonly host: string; readonly port: number },
  cause: Error,
): LoopgateError {
  const where = `"${host.includes(":") ? `[${host}]` : host}:${port}"`;
  const code = "code" in cause ? cause.code : undefined;
  const isTaken = code === "EADDRINUSE";
  const is = isTaken ? "another program listens there" : code === "EACCES" ? "this user may not" : cause.message;
  const expected = isTaken ? "a free port (0 chooses one)" : "an address and a free port of this machine";
  return new LoopgateError("LG5001", `Cannot listen on ${where}: ${is}, expected ${expected}`, { cause });
}

/** What went wrong with the bytes of a connection; undefined when there is nobody to tell. */
export function parserFailure(error: Error, { headerBytesMax }: ListenerLimits): GatewayFailure | undefined {
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { kind: "header-too-large", bytesMax: headerBytesMax };
    // The client left, in the middle of a request or between two.
    case "ECONNRESET":
    case "EPIPE":
    case "HPE_INVALID_EOF_STATE":
      return undefined;
    default:
      return { kind: "bad-request", detail: `the parser refused it: ${code || error.message}` };
  }
}
