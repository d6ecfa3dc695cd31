/**
 * An answer of a name server, from bytes that may be hostile: first that it answers this question, then that it is
 * sound, then what it says. Whatever the bytes are, the result is one of a few kinds and nothing is thrown.
 */
import { Buffer } from "node:buffer";
import { decode } from "dns-packet";
import { type IpAddress, parseIpAddress } from "../base/ip_address.ts";
import { type DnsQuery, HEADER_BYTES } from "./dns_query.ts";
import { screenMessage } from "./dns_screen.ts";

/** A record that a lookup can use. Names are in lower case. */
export type DnsRecord =
  | { readonly kind: "address"; readonly owner: string; readonly address: IpAddress; readonly ttlS: number }
  | { readonly kind: "alias"; readonly owner: string; readonly target: string; readonly ttlS: number };

/** What a server says to a question. */
export interface DnsReply {
  readonly kind: "reply";
  /** The response code with its extended bits. */
  readonly rcode: number;
  /** The server knows by itself, or asks others for us; one that does neither has nothing to say. */
  readonly isInformed: boolean;
  /** There is no more than the records of this answer (RFC 2308 section 2.2). */
  readonly isComplete: boolean;
  /** Addresses and aliases of class IN in the answer section, in its order; others are left out. */
  readonly records: readonly DnsRecord[];
}

/** What came, compared with what was asked. */
export type DecodedAnswer =
  | DnsReply
  /** No answer to this question: a late one to another, or a forged one. */
  | { readonly kind: "foreign" }
  /** The name came back in another case: a server that folds it, or a forger who guessed the rest. */
  | { readonly kind: "folded" }
  /** It says that it was cut. */
  | { readonly kind: "truncated" }
  /** It answers this question and cannot be read. */
  | { readonly kind: "malformed" };

/** Larger ones are malformed: the most that the addresses of one name honestly take, many times over. */
export const MESSAGE_BYTES_MAX = 16_384;
/** Flags: it is an answer; a standard query; RFC 1035 section 4.1.1. */
const [FLAG_ANSWER, OPCODE_BITS] = [0x8000, 0x7800];
const [FLAG_AUTHORITATIVE, FLAG_TRUNCATED, FLAG_RECURSION_AVAILABLE] = [0x0400, 0x0200, 0x0080];

/** Reads `bytes` as the answer to `query`; `isCaseExact` compares the name's case as well. */
export function decodeAnswer(
  bytes: Uint8Array,
  query: DnsQuery,
  { isCaseExact }: { readonly isCaseExact: boolean },
): DecodedAnswer {
  if (bytes.length < HEADER_BYTES) return { kind: "foreign" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [flags, questions] = [view.getUint16(2), view.getUint16(4)];
  const isAnswer = bytes[0] === query.bytes[0] && bytes[1] === query.bytes[1] && (flags & FLAG_ANSWER) !== 0;
  if (!isAnswer || (flags & OPCODE_BITS) !== 0 || questions !== 1) return { kind: "foreign" };
  const likeness = compareQuestions(bytes, query);
  if (likeness === "other") return { kind: "foreign" };
  if (likeness === "folded" && isCaseExact) return { kind: "folded" };
  if ((flags & FLAG_TRUNCATED) !== 0) return { kind: "truncated" };
  const screened = bytes.length > MESSAGE_BYTES_MAX ? undefined : screenMessage(bytes);
  const records = screened && readRecords(screened.bytes);
  if (screened === undefined || records === undefined) return { kind: "malformed" };
  return {
    kind: "reply",
    rcode: screened.extendedRcode | (flags & 0xf),
    isInformed: (flags & (FLAG_AUTHORITATIVE | FLAG_RECURSION_AVAILABLE)) !== 0,
    isComplete: screened.hasAuthorityStart,
    records,
  };
}

/** Name, type and class, byte by byte. */
function compareQuestions(bytes: Uint8Array, { bytes: asked, questionEnd }: DnsQuery): "same" | "folded" | "other" {
  let likeness: "same" | "folded" = "same";
  for (let at = HEADER_BYTES; at < questionEnd; at++) {
    const [one, other] = [bytes[at] ?? 0x100, asked[at] ?? 0x200];
    if (one === other) continue;
    // Length, type and class bytes are no letters: they are below "A", or the difference below is another one.
    const isLetter = (one | 0x20) >= 0x61 && (one | 0x20) <= 0x7a;
    if (!isLetter || (one ^ other) !== 0x20) return "other";
    likeness = "folded";
  }
  return likeness;
}

/** undefined when the library finds a fault that the screening did not. */
function readRecords(screened: Uint8Array): readonly DnsRecord[] | undefined {
  const records: DnsRecord[] = [];
  try {
    for (const answer of decode(Buffer.from(screened.buffer)).answers ?? []) {
      if (answer.type !== "A" && answer.type !== "AAAA" && answer.type !== "CNAME") continue;
      const [owner, ttlS] = [answer.name.toLowerCase(), readTtlS(answer.ttl)];
      if (answer.type === "CNAME") {
        records.push({ kind: "alias", owner, target: answer.data.toLowerCase(), ttlS });
        continue;
      }
      const address = parseIpAddress(answer.data);
      if (address === undefined) return undefined;
      records.push({ kind: "address", owner, address, ttlS });
    }
  } catch {
    // The library reports malformed messages in no other way; it has no state that this could leave behind.
    return undefined;
  }
  return records;
}

/** A time with the top bit set is 0: RFC 2181 section 8. */
function readTtlS(ttl = 0): number {
  return ttl > 0x7fffffff ? 0 : ttl;
}
