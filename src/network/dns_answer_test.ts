import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { ADDRESSES_MAX, ALIASES_MAX, type AnswerMeaning, readAnswer } from "./dns_answer.ts";
import type { DnsRecord, DnsReply } from "./dns_message.ts";
import type { DnsType } from "./dns_query.ts";

/** "a.test 192.0.2.1" or "a.test -> b.test", each with a time to live or 60. */
function records(...lines: readonly string[]): readonly DnsRecord[] {
  return lines.map((line) => {
    const [owner = "", first = "", ...rest] = line.split(" ");
    const [target, ttl = "60"] = first === "->" ? rest : [undefined, ...rest];
    const ttlS = Number(ttl);
    if (target !== undefined) return { kind: "alias", owner, target, ttlS };
    return { kind: "address", owner, address: parseIpAddress(first) ?? assert.fail(first), ttlS };
  });
}

function reply(content: readonly DnsRecord[], change: Partial<DnsReply> = {}): DnsReply {
  return { kind: "reply", rcode: 0, isInformed: true, isComplete: false, records: content, ...change };
}

function text(meaning: AnswerMeaning): string {
  switch (meaning.kind) {
    case "addresses":
      return `${meaning.addresses.map(formatIpAddress).join(" ")} ttl ${meaning.ttlS}`;
    case "alias":
      return `ask ${meaning.target} after ${meaning.aliases} ttl ${meaning.ttlS}`;
    case "not-found":
      return "not-found";
    case "failed":
    case "hopeless":
      return `${meaning.kind}: ${meaning.reason}`;
  }
}

/** n0.test -> n1.test -> ... */
function chain(length: number): string[] {
  return Array.from({ length }, (_, at) => `n${at}.test -> n${at + 1}.test`);
}

interface Row {
  readonly what: string;
  readonly reply: DnsReply;
  readonly expected: string;
  readonly name?: string;
  readonly type?: DnsType;
  readonly aliases?: number;
  readonly ttlS?: number;
}

const MANY = Array.from({ length: ADDRESSES_MAX + 10 }, (_, at) => `a.test 192.0.2.${at}`);
const ROWS: readonly Row[] = [
  { what: "an address", reply: reply(records("a.test 192.0.2.1 30")), expected: "192.0.2.1 ttl 30" },
  {
    what: "the smallest time",
    reply: reply(records("a.test 192.0.2.1 30", "a.test 192.0.2.2 7")),
    expected: "192.0.2.1 192.0.2.2 ttl 7",
  },
  {
    what: "an address twice",
    reply: reply(records("a.test 192.0.2.1", "a.test 192.0.2.1")),
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "a name in any case",
    name: "A.Test",
    reply: reply(records("a.test 192.0.2.1")),
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "the time of an alias counts",
    reply: reply(records("a.test -> b.test 5", "b.test 192.0.2.1")),
    expected: "192.0.2.1 ttl 5",
  },
  {
    what: "aliases in any order",
    reply: reply(records("b.test 192.0.2.1", "a.test -> b.test")),
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "the first of two aliases",
    reply: reply(records("a.test -> b.test", "a.test -> c.test", "b.test 192.0.2.1", "c.test 192.0.2.2")),
    expected: "192.0.2.1 ttl 60",
  },
  { what: "an unrelated name's address", reply: reply(records("b.test 192.0.2.1")), expected: "not-found" },
  { what: "a subdomain's address", reply: reply(records("x.a.test 192.0.2.1")), expected: "not-found" },
  { what: "an unrelated alias", reply: reply(records("b.test -> a.test", "b.test 192.0.2.1")), expected: "not-found" },
  {
    what: "the time of an unrelated record",
    reply: reply(records("b.test 192.0.2.9 1", "a.test 192.0.2.1 9")),
    expected: "192.0.2.1 ttl 9",
  },
  { what: "an IPv6 address to an A question", reply: reply(records("a.test 2001:db8::1")), expected: "not-found" },
  {
    what: "an IPv4 address to an AAAA question",
    type: "AAAA",
    reply: reply(records("a.test 192.0.2.1", "a.test 2001:db8::1")),
    expected: "2001:db8::1 ttl 60",
  },
  {
    what: "more addresses than are taken",
    reply: reply(records(...MANY)),
    expected: `${MANY.slice(0, ADDRESSES_MAX).map((line) => line.split(" ")[1]).join(" ")} ttl 60`,
  },
  { what: "an alias without more", reply: reply(records("a.test -> b.test 9")), expected: "ask b.test after 1 ttl 9" },
  {
    what: "an alias after others",
    aliases: 3,
    ttlS: 4,
    reply: reply(records("a.test -> b.test 9")),
    expected: "ask b.test after 4 ttl 4",
  },
  {
    what: "an alias, and that is all",
    reply: reply(records("a.test -> b.test"), { isComplete: true }),
    expected: "not-found",
  },
  {
    what: "an alias for no name",
    reply: reply(records(`a.test -> ${"b".repeat(64)}.test`)),
    expected: "hopeless: an alias for what is no name",
  },
  {
    what: "aliases in a circle",
    reply: reply(records("a.test -> b.test", "b.test -> a.test")),
    expected: "hopeless: more than 16 aliases",
  },
  {
    what: "an alias for itself",
    reply: reply(records("a.test -> a.test")),
    expected: "hopeless: more than 16 aliases",
  },
  {
    what: "the longest chain",
    name: "n0.test",
    reply: reply(records(...chain(ALIASES_MAX), "n16.test 192.0.2.1")),
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "a longer chain",
    name: "n0.test",
    reply: reply(records(...chain(ALIASES_MAX + 1), "n17.test 192.0.2.1")),
    expected: "hopeless: more than 16 aliases",
  },
  {
    what: "a chain that was long before",
    aliases: ALIASES_MAX,
    reply: reply(records("a.test -> b.test", "b.test 192.0.2.1")),
    expected: "hopeless: more than 16 aliases",
  },
  { what: "no such name", reply: reply([], { rcode: 3 }), expected: "not-found" },
  {
    what: "no such name, with an address",
    reply: reply(records("a.test 192.0.2.1"), { rcode: 3 }),
    expected: "not-found",
  },
  { what: "no record", reply: reply([], { isComplete: true }), expected: "not-found" },
  { what: "no record and nothing else", reply: reply([]), expected: "not-found" },
  {
    what: "a server that asks nobody",
    reply: reply([], { isInformed: false }),
    expected: "failed: a referral to other servers",
  },
  ...([[1, "FORMERR"], [2, "SERVFAIL"], [4, "NOTIMP"], [5, "REFUSED"], [9, "response code 9"], [
    16,
    "response code 16",
  ]] as const)
    .map(([rcode, name]) => ({
      what: `code ${rcode}`,
      reply: reply(records("a.test 192.0.2.1"), { rcode }),
      expected: `failed: ${name}`,
    })),
];

for (const { what, name = "a.test", type = "A", aliases = 0, ttlS = Number.POSITIVE_INFINITY, ...row } of ROWS) {
  test(`readAnswer: ${what}`, () => {
    assert.equal(text(readAnswer(row.reply, { name, type, aliases, ttlS })), row.expected);
  });
}
