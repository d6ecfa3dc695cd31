/** Text of guests, files and clients on its way to a terminal or a log: it must not move a cursor or fake a line. */

/**
 * C0 and C1 controls, line and paragraph separators, what changes the direction of text (Trojan Source,
 * CVE-2021-42574), invisible marks, and halves of surrogate pairs.
 */
const UNSAFE =
  /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu;

/**
 * Makes every unsafe character visible. Tabs may stay, because they are harmless within a line.
 *
 * @example
 * escapeText("a\u001b[2Jb"); // "a\\u{1b}[2Jb"
 */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (unsafe) => {
    if (unsafe === "\t") return unsafe;
    if (unsafe === "\n") return "\\n";
    if (unsafe === "\r") return "\\r";
    return `\\u{${unsafe.codePointAt(0)?.toString(16) ?? ""}}`;
  });
}

/** The same, one character for each UTF-16 unit, so that columns stay where they are. Tabs become a blank. */
export function blankUnsafe(text: string): string {
  return text.replace(UNSAFE, (unsafe) => (unsafe === "\t" ? " " : "\u00b7".repeat(unsafe.length)));
}
