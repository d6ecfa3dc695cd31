/** Keeping bytes that somebody handed over, without a copy where a copy would save nothing. */

/**
 * `bytes` for keeping: as they are when they make up at least half of their buffer, otherwise a copy, for a small piece
 * would keep a large buffer alive. The result is never a `Buffer`, whose `slice` does not copy.
 */
export function keptBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  // What can be shared with another thread (or is a memory of WebAssembly that grows) can change under its reader.
  const isOwn = buffer instanceof ArrayBuffer && !buffer.resizable && 2 * byteLength >= buffer.byteLength;
  return isOwn ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}
