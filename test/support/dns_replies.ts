/** Answers of name servers, for the scriptable server and for tests that hand bytes in. */
import { Buffer } from "node:buffer";
import { type Answer, decode, encode } from "dns-packet";

/** Flags of an answer: https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1 */
export const [FLAG_AUTHORITATIVE, FLAG_TRUNCATED, FLAG_RECURSION_AVAILABLE] = [0x0400, 0x0200, 0x0080];

/** The codes that tests answer with. */
export const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** What was asked, as it came: the name in the case that the asker chose. */
export interface AskedQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  /** What it says it can take over UDP; undefined without EDNS. */
  readonly udpPayloadSize?: number;
}

/** What an answer holds beyond the id and the question, which are the query's. */
export interface ReplyContent {
  readonly rcode?: number;
  /** Default: recursion available. */
  readonly flags?: number;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
  /** Default: the query's. */
  readonly id?: number;
  /** Default: the query's, case and all. */
  readonly name?: string;
}

/** undefined when the bytes are no query with one question. */
export function readQuery(bytes: Uint8Array): AskedQuestion | undefined {
  try {
    const { id = 0, questions = [], additionals = [] } = decode(Buffer.from(bytes));
    const [question] = questions;
    if (question === undefined || questions.length > 1) return undefined;
    const opt = additionals.find((record) => record.type === "OPT");
    const size = opt?.type === "OPT" ? { udpPayloadSize: opt.udpPayloadSize } : {};
    return { id, name: question.name, type: question.type, ...size };
  } catch {
    return undefined;
  }
}

/** @example encodeReply(query, { answers: [{ name: "a.test", type: "A", ttl: 60, data: "192.0.2.1" }] }) */
export function encodeReply(query: Uint8Array, content: ReplyContent = {}): Uint8Array {
  const { id = 0, questions = [] } = decode(Buffer.from(query));
  const { rcode = RCODES.NOERROR, flags = FLAG_RECURSION_AVAILABLE, name } = content;
  return encode({
    type: "response",
    id: content.id ?? id,
    flags: flags | rcode,
    questions: questions.map((question) => (name === undefined ? question : { ...question, name })),
    answers: [...(content.answers ?? [])],
    authorities: [...(content.authorities ?? [])],
    additionals: [...(content.additionals ?? [])],
  });
}

/** The record with which a server says that there is no more. */
export function startOfAuthority(name = "test"): Answer {
  return { name, type: "SOA", ttl: 60, data: { mname: `ns.${name}`, rname: `root.${name}`, minimum: 60 } };
}
