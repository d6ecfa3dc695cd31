/**
 * Forms as bytes: `multipart/form-data` (RFC 7578, as the Fetch and HTML standards have it) and
 * `application/x-www-form-urlencoded`. Libraries look at each byte; here native searches do, since an interpreter needs a
 * microsecond for every one.
 */
import { bytesOf, File } from "./blob.ts";
import { concat } from "./bytes.ts";
import { crypto } from "./crypto.ts";
import { decodeLatin1, decodeUtf8Lossy, encodeLatin1, encodeUtf8 } from "./utf8.ts";

/** A text or a file. */
export type FormValue = string | File;

/** One field. */
export type FormEntry = readonly [name: string, value: FormValue];

const MULTIPART = /^multipart\/form-data\s*(?:;|$)/i;
const URLENCODED = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const BOUNDARY = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i;
const DISPOSITION = /^content-disposition:[\t ]*form-data;[\t ]*name="([^"]*)"(?:;[\t ]*filename="([^"]*)")?/im;
const CONTENT_TYPE = /^content-type:[\t ]*(.*?)[\t ]*$/im;

/** @throws TypeError when the bytes are none, or the type is another */
export function parseForm(bytes: Uint8Array, type: string): readonly FormEntry[] {
  if (URLENCODED.test(type)) return parseUrlencoded(decodeLatin1(bytes));
  if (!MULTIPART.test(type)) {
    throw new TypeError(`Cannot read a form: the content type is ${JSON.stringify(type)}, expected one of a form`);
  }
  const [, quoted, plain] = BOUNDARY.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed("its content type has no boundary");
  return parseMultipart(bytes, `--${boundary}`);
}

/** The body of a form, and its type. */
export function encodeForm(entries: readonly FormEntry[]): { readonly bytes: Uint8Array; readonly type: string } {
  // Nobody can guess it, so no content can end its own part.
  const boundary = `----formdata-${crypto.randomUUID()}`;
  const parts: Uint8Array[] = [];
  for (const [name, value] of entries) {
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${quotable(lineEnds(name))}"`;
    if (typeof value === "string") {
      parts.push(encodeUtf8(`${head}\r\n\r\n${lineEnds(value)}\r\n`));
      continue;
    }
    const type = value.type === "" ? "application/octet-stream" : value.type;
    parts.push(
      encodeUtf8(`${head}; filename="${quotable(value.name)}"\r\ncontent-type: ${type}\r\n\r\n`),
      bytesOf(value),
      encodeUtf8("\r\n"),
    );
  }
  parts.push(encodeUtf8(`--${boundary}--\r\n`));
  return { bytes: concat(parts), type: `multipart/form-data; boundary=${boundary}` };
}

function parseMultipart(bytes: Uint8Array, mark: string): readonly FormEntry[] {
  const text = decodeLatin1(bytes);
  const entries: FormEntry[] = [];
  const first = text.startsWith(mark) ? 0 : text.indexOf(`\r\n${mark}`) + 2;
  if (first === 1) throw malformed("its boundary is not in it");
  for (let at = first + mark.length; !text.startsWith("--", at);) {
    if (!text.startsWith("\r\n", at)) throw malformed("there is something behind a boundary");
    const headEnd = text.indexOf("\r\n\r\n", at);
    const end = headEnd < 0 ? -1 : text.indexOf(`\r\n${mark}`, headEnd + 4);
    if (end < 0) throw malformed("it ends within a part");
    entries.push(partEntry(text.slice(at + 2, headEnd), bytes.subarray(headEnd + 4, end)));
    at = end + 2 + mark.length;
  }
  return entries;
}

function partEntry(head: string, content: Uint8Array): FormEntry {
  const [, name, filename] = DISPOSITION.exec(head) ?? [];
  if (name === undefined) throw malformed("a part has no name");
  if (filename === undefined) return [unquoted(name), decodeUtf8Lossy(content)];
  const type = CONTENT_TYPE.exec(head)?.[1] ?? "text/plain";
  return [unquoted(name), new File([content], unquoted(filename), { type })];
}

function parseUrlencoded(text: string): readonly FormEntry[] {
  return text.split("&").filter((pair) => pair !== "").map((pair) => {
    const equals = pair.indexOf("=");
    const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    return [percentDecoded(name), percentDecoded(value)];
  });
}

/** `unescape` is native, but has a meaning for "%u" that forms have not. */
function percentDecoded(text: string): string {
  return fromBytes(unescape(text.replaceAll("+", " ").replaceAll(/%(?=u)/gi, "%25")));
}

/** Names are escaped as the HTML standard has it. */
function quotable(text: string): string {
  return text.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

function unquoted(text: string): string {
  return fromBytes(text.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%22", '"'));
}

function fromBytes(latin1: string): string {
  return decodeUtf8Lossy(encodeLatin1(latin1));
}

/** A form's lines end with CR LF. */
function lineEnds(text: string): string {
  return text.replaceAll(/\r?\n|\r/g, "\r\n");
}

function malformed(what: string): TypeError {
  return new TypeError(`Cannot read the form: ${what}`);
}
