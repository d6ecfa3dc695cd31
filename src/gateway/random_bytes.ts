/** The machine's random numbers, in any amount. */

/** Web Crypto gives no more at once. */
const CHUNK_BYTES = 65_536;
/** A call costs 10 to 20 us whatever it gives, and a guest in Rust asks for 16 bytes with each request: for its hash tables. */
const POOL_BYTES = 4_096;
const POOLED_BYTES_MAX = 64;

const pool = new Uint8Array(POOL_BYTES);
/** Up to here the pool was given away. */
let given = POOL_BYTES;

/** Exactly `length` cryptographically secure bytes, which nobody was given and nobody will be given. */
export function randomBytes(length: number): Uint8Array {
  if (length <= POOLED_BYTES_MAX) return takePooled(length);
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += CHUNK_BYTES) {
    crypto.getRandomValues(bytes.subarray(start, Math.min(length, start + CHUNK_BYTES)));
  }
  return bytes;
}

function takePooled(length: number): Uint8Array {
  if (given + length > POOL_BYTES) {
    crypto.getRandomValues(pool);
    given = 0;
  }
  const bytes = pool.slice(given, given + length);
  // What a guest keeps secret stands nowhere else.
  pool.fill(0, given, given + length);
  given += length;
  return bytes;
}
