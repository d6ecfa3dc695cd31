/** The length a message declares for its body (RFC 9110 section 8.6). */
import { bytesToLatin1 } from "../../base/latin1.ts";
import type { FieldEntries } from "./exchange.ts";

/** At most 15 digits that count: every such number is exact in a double, and no body is longer than a petabyte. */
const CONTENT_LENGTH = /^0*([0-9]{1,15})$/;

/** Longer values are not looked at; leading zeros are legal but nobody needs more of them. */
const CONTENT_LENGTH_BYTES_MAX = 64;

/**
 * The declared length in bytes; undefined when there is none. "invalid" when a value is no number, or when two
 * values differ: a peer that believes the other one would take the rest of the body for another message.
 */
export function declaredLength(entries: FieldEntries): number | undefined | "invalid" {
  let declared: number | undefined;
  for (const [name, value] of entries) {
    if (name.length !== "content-length".length || name.toLowerCase() !== "content-length") continue;
    const length = parseLength(value);
    if (length === undefined || (declared !== undefined && declared !== length)) return "invalid";
    declared = length;
  }
  return declared;
}

function parseLength(value: Uint8Array): number | undefined {
  if (value.length > CONTENT_LENGTH_BYTES_MAX) return undefined;
  const digits = CONTENT_LENGTH.exec(bytesToLatin1(value))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
