/**
 * A question in DNS's own bytes. Three things make an answer hard to forge for who cannot see the question: its
 * random id, its random source port (each question has a socket of its own) and the random case of its name
 * (draft-vixie-dnsext-dns0x20), which a server repeats as it came.
 */
import { encode, RECURSION_DESIRED } from "dns-packet";

/** The two questions that a lookup asks. */
export type DnsType = "A" | "AAAA";

/** What is asked. */
export interface DnsQuestion {
  /** Absolute, without the root's dot; `isAskableName` holds. */
  readonly name: string;
  readonly type: DnsType;
}

/** A question on its way, as the answer is compared with it. */
export interface DnsQuery {
  readonly bytes: Uint8Array;
  /** Where the question ends in `bytes`; it starts after the header. */
  readonly questionEnd: number;
}

/** Id, flags and four counts: RFC 1035 section 4.1.1. */
export const HEADER_BYTES = 12;
/** What fits into every path's packets without fragments (DNS flag day 2020): fragments can be forged. */
const UDP_ANSWER_BYTES_MAX = 1232;
/** RFC 1035 section 2.3.4, without the root's dot. */
const NAME_LENGTH_MAX = 253;
/** Any printable byte but the dot and the backslash, which text could not tell from separators and escapes. */
const LABEL = /^[!-\-/-[\]-~]{1,63}$/;
const ID_BYTES = 2;

/** True for a name that fits into a question and reads the same as text and as bytes. */
export function isAskableName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && name.split(".").every((label) => LABEL.test(label));
}

/**
 * @throws RangeError when the name is not askable; the library would write a broken message.
 *
 * @example
 * channel.send(encodeQuery({ name: "example.com", type: "A" }).bytes);
 */
export function encodeQuery({ name, type }: DnsQuestion): DnsQuery {
  if (!isAskableName(name)) {
    throw new RangeError(`Cannot ask for ${JSON.stringify(name)}: it is no domain name, expected labels and dots`);
  }
  const random = crypto.getRandomValues(new Uint8Array(ID_BYTES + Math.ceil(NAME_LENGTH_MAX / 8)));
  const [high = 0, low = 0] = random;
  const bytes = encode({
    type: "query",
    id: (high << 8) | low,
    flags: RECURSION_DESIRED,
    questions: [{ name: mixCase(name, random.subarray(ID_BYTES)), type, class: "IN" }],
    additionals: [{
      type: "OPT",
      name: ".",
      udpPayloadSize: UDP_ANSWER_BYTES_MAX,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    }],
  });
  // The name takes a length byte for each dot and for the first label, and the root's; type and class take four.
  return { bytes, questionEnd: HEADER_BYTES + name.length + 2 + 4 };
}

/** One random bit for each letter. */
function mixCase(name: string, random: Uint8Array): string {
  return Array.from(name, (letter, at) => {
    const isUpper = (((random[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
    return isUpper ? letter.toUpperCase() : letter.toLowerCase();
  }).join("");
}
