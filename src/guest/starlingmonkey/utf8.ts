/** UTF-8 where the engine has `TextEncoder`. */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes of `text`; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of `bytes`, or null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** The text of `bytes`, with U+FFFD for what is not UTF-8. */
export function decodeUtf8Lossy(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** One byte per character; the text has none past U+00FF. */
export function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(btoa(text));
}

/** One character per byte. */
export function decodeLatin1(bytes: Uint8Array): string {
  return atob(bytes.toBase64());
}
