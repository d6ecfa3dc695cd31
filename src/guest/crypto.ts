/** The part of `crypto` that needs no algorithms: random numbers from the host. */
import { refuseInFirstLines } from "./first_lines.ts";
import { randomBytes } from "./random_bytes.ts";

const RANDOM_BYTES_MAX = 65_536;

/** Random numbers that nobody can guess. */
export const crypto = {
  getRandomValues<T extends ArrayBufferView>(array: T): T {
    if (array.byteLength > RANDOM_BYTES_MAX) {
      throw new DOMException(
        `Cannot give ${array.byteLength} random bytes at once: expected at most ${RANDOM_BYTES_MAX}`,
        "QuotaExceededError",
      );
    }
    refuseInFirstLines("make random numbers");
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
    return array;
  },

  /** A version 4 UUID (RFC 9562). */
  randomUUID(): string {
    refuseInFirstLines("make random numbers");
    const bytes = randomBytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
};
