/** Random bytes of the host, by the engine's own `crypto`. */

/** `length` bytes that nobody can guess. */
export function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}
