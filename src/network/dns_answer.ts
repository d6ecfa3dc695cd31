/** What the records of an answer mean for the name that was asked for. */
import { type IpAddress, isSameAddress } from "../base/ip_address.ts";
import type { DnsReply } from "./dns_message.ts";
import { type DnsQuestion, isAskableName } from "./dns_query.ts";

/** Aliases between a name and its addresses. Real chains have two or three; resolvers give up at about this many. */
export const ALIASES_MAX = 16;
/** Addresses taken of one answer. Stops a name with thousands from filling a guest's list; more say nothing new. */
export const ADDRESSES_MAX = 64;

/** Where the answer leads. */
export type AnswerMeaning =
  | { readonly kind: "addresses"; readonly addresses: readonly IpAddress[]; readonly ttlS: number }
  /** The name is another one, about which this answer says nothing. */
  | { readonly kind: "alias"; readonly target: string; readonly aliases: number; readonly ttlS: number }
  /** There is no such name, or it has no such address. */
  | { readonly kind: "not-found" }
  /** This server cannot say; another may. */
  | { readonly kind: "failed"; readonly reason: string }
  /** No server will say better. */
  | { readonly kind: "hopeless"; readonly reason: string };

const NOERROR = 0;
const NXDOMAIN = 3;
const RCODE_NAMES: Readonly<Record<number, string>> = { 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED" };

/** `aliases` have been followed before this question, `ttlS` is the smallest time to live among them. */
export function readAnswer(
  reply: DnsReply,
  question: DnsQuestion & { readonly aliases: number; readonly ttlS: number },
): AnswerMeaning {
  if (reply.rcode === NXDOMAIN) return { kind: "not-found" };
  if (reply.rcode !== NOERROR) {
    return { kind: "failed", reason: RCODE_NAMES[reply.rcode] ?? `response code ${reply.rcode}` };
  }
  const family = question.type === "A" ? "ipv4" : "ipv6";
  let { aliases, ttlS } = question;
  let owner = question.name.toLowerCase();
  for (;;) {
    const addresses: IpAddress[] = [];
    let target: string | undefined;
    for (const record of reply.records) {
      if (record.owner !== owner) continue;
      if (record.kind === "alias") {
        // A second alias of one name is no DNS (RFC 1034 section 3.6.2); the first counts, as in every resolver.
        if (target === undefined) ttlS = Math.min(ttlS, record.ttlS);
        target ??= record.target;
      } else if (record.address.family === family && addresses.length < ADDRESSES_MAX) {
        if (addresses.some((known) => isSameAddress(known, record.address))) continue;
        addresses.push(record.address);
        ttlS = Math.min(ttlS, record.ttlS);
      }
    }
    if (addresses.length > 0) return { kind: "addresses", addresses, ttlS };
    if (target === undefined) break;
    if (++aliases > ALIASES_MAX) return { kind: "hopeless", reason: `more than ${ALIASES_MAX} aliases` };
    owner = target;
  }
  if (reply.isComplete) return { kind: "not-found" };
  if (aliases > question.aliases) {
    return isAskableName(owner)
      ? { kind: "alias", target: owner, aliases, ttlS }
      : { kind: "hopeless", reason: "an alias for what is no name" };
  }
  return reply.isInformed ? { kind: "not-found" } : { kind: "failed", reason: "a referral to other servers" };
}
