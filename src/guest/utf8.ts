/**
 * UTF-8 for engines without `TextEncoder`. An interpreter needs a microsecond per character of a loop, so the work is
 * left to functions that every engine has in native code: escapes and base64.
 */

const ASCII = /^[\x00-\x7f]*$/;

/** The bytes of `text`; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encodeLatin1(ASCII.test(text) ? text : unescape(encodeURIComponent(text.toWellFormed())));
}

/** The text of `bytes`, or null when they are not UTF-8 (overlong forms, surrogates and cut-off characters included). */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const latin1 = decodeLatin1(bytes);
  if (ASCII.test(latin1)) return latin1;
  try {
    return decodeURIComponent(escape(latin1));
  } catch {
    return null;
  }
}

/** One byte per character; the text has none past U+00FF. */
export function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(btoa(text));
}

/** One character per byte. */
export function decodeLatin1(bytes: Uint8Array): string {
  return atob(bytes.toBase64());
}

/** The text of `bytes`, with U+FFFD for each longest part of a sequence that is no character (as the Encoding standard has it). */
export function decodeUtf8Lossy(bytes: Uint8Array): string {
  const whole = decodeUtf8(bytes);
  if (whole !== null) return whole;
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(decodeUtf8(bytes.subarray(start, at)) ?? "", "\ufffd");
    at -= length;
    start = at;
  }
  parts.push(decodeUtf8(bytes.subarray(start)) ?? "");
  return parts.join("");
}

/** How many bytes the character at `at` has; where there is none, how many make one U+FFFD, negated. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const wanted = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (wanted === 0) return -1;
  // The second byte's range keeps out overlong forms, surrogates and what is past U+10FFFF.
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let length = 1; length < wanted; length++) {
    const next = bytes[at + length];
    const [least, most] = length === 1 ? [low, high] : [0x80, 0xbf];
    if (next === undefined || next < least || next > most) return -length;
  }
  return wanted;
}
