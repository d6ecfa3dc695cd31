/** Field values are bytes to a guest and latin1 strings to `node:http`. */

/** The bytes of a string whose characters are all below 256. */
export function latin1ToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

const scratch = Buffer.alloc(8_192);

/**
 * The string that has each byte as one character. By way of a buffer: `fromCharCode(...bytes)` goes through the iterator,
 * and takes 6 us for 100 bytes.
 */
export function bytesToLatin1(bytes: Uint8Array): string {
  if (bytes.length <= scratch.length) return shortToLatin1(bytes);
  let text = "";
  for (let start = 0; start < bytes.length; start += scratch.length) {
    text += shortToLatin1(bytes.subarray(start, start + scratch.length));
  }
  return text;
}

function shortToLatin1(bytes: Uint8Array): string {
  scratch.set(bytes);
  return scratch.toString("latin1", 0, bytes.length);
}
