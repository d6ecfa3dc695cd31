/**
 * CDN-Loop (RFC 8586): each gateway adds its name to the requests that it sends, and refuses what carries it already.
 *
 * The field of the request that is being answered does not have to go through the guest: a guest that leaves it out would
 * loop for ever. So whoever runs the guest gives it to `send` beside the guest's own fields, and what is sent is the one
 * list of both. A service's requests answer nothing, so they carry only what it sets itself.
 */
import { Buffer } from "node:buffer";

/** The lower-case name of the field. */
export const CDN_LOOP = "cdn-loop";

/** Ids have the form of a token or a host (RFC 8586 section 2), so that they need no quotes. */
const CDN_ID = /^[!#$%&'*+\-.^_`|~0-9A-Za-z:[\]]+$/;

/** Entries that are passed on; a longer list is a loop through gateways that do not look. */
const ENTRIES_MAX = 64;

/** @throws {TypeError} when `cdnId` could not be told from other parts of the field */
export function checkCdnId(cdnId: string): string {
  if (!CDN_ID.test(cdnId)) throw new TypeError(`Cannot use "${cdnId}" as CDN-Loop id: expected a token or a host`);
  return cdnId;
}

/**
 * The value to send; undefined for a loop.
 *
 * @param incoming of the request that is being answered
 * @param own what the guest set itself; lines that it copied from `incoming` are not sent twice
 */
export function nextCdnLoop(
  cdnId: string,
  incoming: readonly Uint8Array[],
  own: readonly Uint8Array[],
): string | undefined {
  const lines = new Set([...incoming, ...own].map((value) => Buffer.from(value).toString("latin1").trim()));
  lines.delete("");
  // Every comma separates, also between quotes: an id must not hide behind a quote that a guest left open.
  const ids = [...lines].flatMap((line) => line.split(",")).map(idOf).filter((id) => id !== "");
  if (ids.length >= ENTRIES_MAX || ids.includes(cdnId.toLowerCase())) return undefined;
  return [...lines, cdnId].join(", ");
}

function idOf(entry: string): string {
  return (entry.split(";", 1)[0] ?? "").trim().toLowerCase();
}
