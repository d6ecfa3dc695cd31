/** What a client is told that may keep its connection: for how long it lies there without a request. */
import type { ClientResponse } from "./client_exchange.ts";
import type { ListenerLimits } from "./listener_limits.ts";

/** Clients are told to give a kept connection up this much earlier than the gateway does, so that no request meets its end. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/**
 * Adds `Keep-Alive` to the fields of an answer after which the connection goes on. `Connection` itself is node:http's to say:
 * without a length an answer to HTTP/1.0 ends with its connection, whatever the client asked for.
 */
export function addKeepAlive(
  rawFields: string[],
  { response, limits }: {
    readonly response: Pick<ClientResponse, "shouldKeepAlive"> & { readonly req: { readonly httpVersion: string } };
    readonly limits: Pick<ListenerLimits, "keepAliveTimeoutMs">;
  },
): void {
  const timeoutMs = limits.keepAliveTimeoutMs - KEEP_ALIVE_MARGIN_MS;
  if (!response.shouldKeepAlive || timeoutMs <= 0) return;
  if (response.req.httpVersion === "1.0" && !rawFields.some(isLengthName)) return;
  rawFields.push("keep-alive", `timeout=${Math.floor(timeoutMs / 1_000)}`);
}

/** Names stand at even places. */
function isLengthName(text: string, index: number): boolean {
  return index % 2 === 0 && text === "content-length";
}
