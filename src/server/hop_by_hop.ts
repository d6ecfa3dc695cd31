/**
 * Fields that belong to one connection and are never passed on (RFC 9110 section 7.6.1).
 * `te` is one too, but `te: trailers` says something about the client that gRPC guests insist on.
 */

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** True for a field of the connection itself; `name` is lower case. */
export function isHopByHop(name: string, value: string): boolean {
  return HOP_BY_HOP.has(name) || (name === "te" && value.trim().toLowerCase() !== "trailers");
}

/** Lower-case names that a Connection field adds to the list. */
export function connectionOptions(value: string): string[] {
  return value.split(",").map((option) => option.trim().toLowerCase());
}
