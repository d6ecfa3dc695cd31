/** Field values are bytes to a guest and latin1 strings to `node:http`. */

/** The bytes of a string whose characters are all below 256. */
export function latin1ToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** Past this many bytes at once the arguments of `fromCharCode` fill the stack. */
const CHUNK_BYTES = 4096;

/** The string that has each byte as one character. */
export function bytesToLatin1(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK_BYTES) return String.fromCharCode(...bytes);
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return text;
}
