/**
 * Goes through an answer of a name server before the library reads it. The library trusts what it is given: it takes
 * four bytes for an IPv4 address whatever their stated length, reads past the end of some records, takes a dot within
 * a label for one between labels, and follows compression pointers as long as they go back. Here each of these is
 * either refused or made harmless, in one pass whose work is bounded.
 */
import { HEADER_BYTES } from "./dns_query.ts";

/** A message that the library reads as it was meant. */
export interface ScreenedMessage {
  /** A copy without authority and additional records; answers of no use are of an unknown type. */
  readonly bytes: Uint8Array;
  /** The upper bits of the answer's code (RFC 6891 section 6.1.3), shifted into place. */
  readonly extendedRcode: number;
  /** A start of authority among the authority records: the answer says that there is no more (RFC 2308). */
  readonly hasAuthorityStart: boolean;
}

/** Stops a message of many tiny records from taking the loop's time; the largest UDP answer holds under 100. */
const RECORDS_MAX = 1024;
/** Pointers in one name. Servers write one or two; a chain of thousands costs the reader and tells nothing. */
const POINTERS_MAX = 16;
/** With all length bytes but the root's; the bound of the library too. */
const NAME_BYTES_MAX = 254;
/** Type, class, time to live and data length. */
const RECORD_FIXED_BYTES = 10;
/** For private use: the library takes its data as opaque bytes. */
const OPAQUE_TYPE = 0xff00;
const CLASS_IN = 1;
const [TYPE_A, TYPE_CNAME, TYPE_SOA, TYPE_AAAA, TYPE_OPT] = [1, 5, 6, 28, 41];

interface NameSpan {
  /** Behind the name, or behind its first pointer. */
  readonly end: number;
  /** Not the root, and its text stands for these bytes only. */
  readonly isPlain: boolean;
}

/** undefined when the message is malformed, or larger in some way than any honest answer. */
export function screenMessage(message: Uint8Array): ScreenedMessage | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const bytes = new Uint8Array(message);
  const view = new DataView(bytes.buffer);
  const counts = [view.getUint16(6), view.getUint16(8), view.getUint16(10)];
  if (view.getUint16(4) !== 1 || counts.reduce((sum, count) => sum + count) > RECORDS_MAX) return undefined;
  const question = readName(bytes, HEADER_BYTES);
  if (question === undefined || question.end + 4 > bytes.length) return undefined;
  let at = question.end + 4;
  let extendedRcode = 0;
  let hasAuthorityStart = false;
  for (const [section, count] of counts.entries()) {
    for (let left = count; left > 0; left--) {
      const owner = readName(bytes, at);
      if (owner === undefined || owner.end + RECORD_FIXED_BYTES > bytes.length) return undefined;
      const type = view.getUint16(owner.end);
      const dataAt = owner.end + RECORD_FIXED_BYTES;
      at = dataAt + view.getUint16(owner.end + 8);
      if (at > bytes.length) return undefined;
      if (section === 0) {
        const use = screenAnswer(view, { owner, dataAt, end: at });
        if (use === "malformed") return undefined;
        if (use === "opaque") view.setUint16(owner.end, OPAQUE_TYPE);
      }
      if (section === 1 && type === TYPE_SOA) hasAuthorityStart = true;
      if (section === 2 && type === TYPE_OPT) extendedRcode = view.getUint8(owner.end + 4) << 4;
    }
  }
  view.setUint32(8, 0);
  return { bytes, extendedRcode, hasAuthorityStart };
}

/** What one record of the answer section is good for. */
function screenAnswer(
  view: DataView<ArrayBuffer>,
  { owner, dataAt, end }: { readonly owner: NameSpan; readonly dataAt: number; readonly end: number },
): "useful" | "opaque" | "malformed" {
  const [type, dnsClass] = [view.getUint16(owner.end), view.getUint16(owner.end + 2)];
  // Also refuses the top bit, which is multicast DNS's: the library would take the rest for the class.
  if (dnsClass !== CLASS_IN) return "opaque";
  let isPlain = owner.isPlain;
  if (type === TYPE_CNAME) {
    const target = readName(new Uint8Array(view.buffer), dataAt);
    if (target?.end !== end) return "malformed";
    isPlain &&= target.isPlain;
  } else if (type === TYPE_A || type === TYPE_AAAA) {
    if (end - dataAt !== (type === TYPE_A ? 4 : 16)) return "malformed";
  } else {
    return "opaque";
  }
  return isPlain ? "useful" : "opaque";
}

/** Pointers go strictly back (RFC 1035 section 4.1.4: to a prior name), so they cannot loop, and never into the header. */
function readName(bytes: Uint8Array, start: number): NameSpan | undefined {
  let [at, segmentStart, end, nameBytes, pointers] = [start, start, -1, 0, 0];
  let isPlain = true;
  for (;;) {
    const length = bytes[at++];
    if (length === undefined) return undefined;
    if (length === 0) return { end: end < 0 ? at : end, isPlain: isPlain && nameBytes > 0 };
    if (length >= 0xc0) {
      const low = bytes[at++];
      const target = low === undefined ? -1 : ((length & 0x3f) << 8) | low;
      if (target < HEADER_BYTES || target >= segmentStart || ++pointers > POINTERS_MAX) return undefined;
      if (end < 0) end = at;
      at = segmentStart = target;
      continue;
    }
    nameBytes += length + 1;
    if (length > 63 || nameBytes > NAME_BYTES_MAX) return undefined;
    // A label that goes past the end leaves no next length to read.
    isPlain &&= bytes.subarray(at, at + length).every(isPlainByte);
    at += length;
  }
}

/** As in `isAskableName`. */
function isPlainByte(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
}
