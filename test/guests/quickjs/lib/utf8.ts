/** UTF-8 for guests without `TextEncoder`. */

/** The bytes of `text`; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  // A UTF-16 unit takes at most three bytes; a pair takes four.
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (const character of text) {
    let point = character.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      bytes[length++] = point;
    } else if (point < 0x800) {
      bytes[length++] = 0xc0 | (point >> 6);
      bytes[length++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[length++] = 0xe0 | (point >> 12);
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[length++] = 0x80 | (point & 0x3f);
    } else {
      bytes[length++] = 0xf0 | (point >> 18);
      bytes[length++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[length++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes.slice(0, length);
}

/** The text of `bytes`, or null when they are not UTF-8 (overlong forms, surrogates and cut-off characters included). */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const parts: string[] = [];
  let points: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at++] ?? 0;
    const more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0 || at + more > bytes.length) return null;
    let point = more === 0 ? first : first & (0x3f >> more);
    for (const end = at + more; at < end; at++) {
      const next = bytes[at] ?? 0;
      if ((next & 0xc0) !== 0x80) return null;
      point = (point << 6) | (next & 0x3f);
    }
    const isOverlong = (more === 2 && point < 0x800) || (more === 3 && point < 0x10000);
    if (isOverlong || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return null;
    points.push(point);
    // In parts, because a call takes only so many arguments.
    if (points.length === 4096) {
      parts.push(String.fromCodePoint(...points));
      points = [];
    }
  }
  return parts.join("") + String.fromCodePoint(...points);
}
