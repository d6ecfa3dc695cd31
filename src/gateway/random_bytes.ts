/** The machine's random numbers, in any amount. */

/** Web Crypto gives no more at once. */
const CHUNK_BYTES = 65_536;

/** Exactly `length` cryptographically secure bytes. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += CHUNK_BYTES) {
    crypto.getRandomValues(bytes.subarray(start, Math.min(length, start + CHUNK_BYTES)));
  }
  return bytes;
}
