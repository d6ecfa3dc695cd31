/** From bytes to the text of a document. */
import type { FileReader } from "./file_reader.ts";

/** A file by hand is a hundredth of this; it keeps a mistaken file out of memory. */
const FILE_BYTES_MAX = 1024 * 1024;

/** The text, and what was wrong with the bytes. */
export interface ReadText {
  readonly text: string;
  readonly fault?: { readonly offset: number; readonly message: string; readonly fix: string };
}

/** Reads a file as UTF-8. Bytes that are none become U+FFFD and are reported; a byte order mark is taken off. */
export async function readText(file: string, files: FileReader): Promise<ReadText> {
  const bytes = await files.read(file, FILE_BYTES_MAX);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const fix = "save the file as UTF-8 without a byte order mark";
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new Error("it is UTF-16, expected UTF-8");
  }
  if (text.startsWith("\ufeff")) {
    const message = "Cannot read the file: it starts with a byte order mark, expected none";
    return { text: text.slice(1), fault: { offset: 0, message, fix } };
  }
  const offset = invalidOffset(bytes, text);
  if (offset === undefined) return { text };
  return {
    text,
    fault: { offset, message: "Cannot read the file: here is a byte that is no UTF-8, expected UTF-8", fix },
  };
}

/** Where the first U+FFFD stands that the file itself does not have. */
function invalidOffset(bytes: Uint8Array, text: string): number | undefined {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    // The decoder says that there is one, not where: the first that does not lead back to the same bytes.
    const encoder = new TextEncoder();
    let position = 0;
    for (let at = text.indexOf("\ufffd"), from = 0; at >= 0; from = at, at = text.indexOf("\ufffd", at + 1)) {
      position += encoder.encode(text.slice(from, at)).length;
      if (bytes[position] !== 0xef || bytes[position + 1] !== 0xbf || bytes[position + 2] !== 0xbd) return at;
    }
    return text.length;
  }
}
