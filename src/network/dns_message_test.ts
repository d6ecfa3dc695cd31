import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodeReply, RCODES, type ReplyContent, startOfAuthority } from "../../test/support/dns_replies.ts";
import { formatIpAddress } from "../base/ip_address.ts";
import { decodeAnswer, type DecodedAnswer, MESSAGE_BYTES_MAX } from "./dns_message.ts";
import { encodeQuery } from "./dns_query.ts";
import { screenMessage } from "./dns_screen.ts";

const [IN, A, NS, CNAME, SOA, TXT, AAAA, OPT] = [1, 1, 2, 5, 6, 16, 28, 41];
const QUERY = encodeQuery({ name: "a.test", type: "A" });
/** Points to the question's name. */
const ASKED = [0xc0, 12];
const LENIENT = { isCaseExact: false };

function u16(...values: readonly number[]): number[] {
  return values.flatMap((value) => [(value >> 8) & 0xff, value & 0xff]);
}

/** A name without compression; each label byte by byte. */
function name(...labels: readonly string[]): number[] {
  return [...labels.flatMap((label) => [label.length, ...Buffer.from(label, "latin1")]), 0];
}

interface RawRecord {
  readonly owner?: readonly number[];
  readonly type?: number;
  readonly class?: number;
  readonly ttl?: number;
  readonly data?: readonly number[];
  /** What the record says of its data's length, when that is a lie. */
  readonly length?: number;
}

function record({ owner = ASKED, type = A, class: dnsClass = IN, ttl = 60, data = [192, 0, 2, 1], length }: RawRecord) {
  return [...owner, ...u16(type, dnsClass, ttl >>> 16, ttl & 0xffff, length ?? data.length), ...data];
}

/** An answer to `QUERY` from raw parts. */
function raw(
  answers: readonly (readonly number[])[],
  { counts = [answers.length, 0, 0], rest = [], flags = 0x8180 }: {
    readonly counts?: readonly number[];
    readonly rest?: readonly number[];
    readonly flags?: number;
  } = {},
): Uint8Array {
  const question = QUERY.bytes.subarray(12, QUERY.questionEnd);
  const head = [...QUERY.bytes.subarray(0, 2), ...u16(flags, 1, ...counts)];
  return Uint8Array.from([...head, ...question, ...answers.flat(), ...rest]);
}

/** What is worth comparing, as text. */
function summary(answer: DecodedAnswer): string {
  if (answer.kind !== "reply") return answer.kind;
  return answer.records.map((record) =>
    `${record.owner} ${
      record.kind === "address" ? formatIpAddress(record.address) : `-> ${record.target}`
    } ${record.ttlS}`
  ).join(", ");
}

const V6 = [0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), 1];
const ALIAS = record({ type: CNAME, data: name("b", "test") });
/** 200 pointers, each to the one before it; the first of them to the question's name. */
const POINTERS = Array.from({ length: 200 }, (_, at) => u16(0xc000 | (at === 0 ? 12 : 36 + 2 * (at - 1)))).flat();

const SOUND: readonly (readonly [what: string, bytes: Uint8Array, expected: string])[] = [
  ["an address", raw([record({})]), "a.test 192.0.2.1 60"],
  ["an IPv6 address", raw([record({ type: AAAA, data: V6 })]), "a.test 2001:db8::1 60"],
  ["no record", raw([]), ""],
  [
    "an alias, then an address under it",
    raw([ALIAS, record({ owner: name("b", "test") })]),
    "a.test -> b.test 60, b.test 192.0.2.1 60",
  ],
  ["names in any case", raw([record({ owner: name("A", "TEST") })]), "a.test 192.0.2.1 60"],
  ["a time to live with the top bit", raw([record({ ttl: 0x80000000 })]), "a.test 192.0.2.1 0"],
  ["the longest time to live", raw([record({ ttl: 0x7fffffff })]), "a.test 192.0.2.1 2147483647"],
  [
    "records of other types",
    raw([record({ type: TXT, data: [200, 1] }), record({ type: NS, data: [9] }), record({})]),
    "a.test 192.0.2.1 60",
  ],
  ["a text record whose strings go past its end", raw([record({ type: TXT, data: [255] })]), ""],
  [
    "an OPT among the answers that would be read past its end",
    raw([record({ type: OPT, data: [0, 8, 255, 255] })]),
    "",
  ],
  ["an address of class CH", raw([record({ class: 3 })]), ""],
  ["an address of class ANY", raw([record({ class: 255 })]), ""],
  ["an address of multicast DNS's class", raw([record({ class: 0x8001 })]), ""],
  ["an owner with a dot within a label", raw([record({ owner: name("a.test") })]), ""],
  ["an owner with a byte above ASCII", raw([record({ owner: name("\xe2\x84\xaa", "test") })]), ""],
  ["an owner with a zero byte", raw([record({ owner: name("a\0", "test") })]), ""],
  ["an owner with a line break", raw([record({ owner: name("a\n", "test") })]), ""],
  ["the root as owner", raw([record({ owner: [0] })]), ""],
  ["an alias for the root", raw([record({ type: CNAME, data: [0] })]), ""],
  ["an alias for a name with a dot within a label", raw([record({ type: CNAME, data: name("b.test") })]), ""],
  ["an alias for a name with odd bytes", raw([record({ type: CNAME, data: name("b\xff", "test") })]), ""],
  [
    "an unrelated record beside",
    raw([record({ owner: name("x", "test") }), record({})]),
    "x.test 192.0.2.1 60, a.test 192.0.2.1 60",
  ],
  [
    "addresses among authority and additional records",
    raw([], { counts: [0, 1, 1], rest: [...record({}), ...record({})] }),
    "",
  ],
  ["bytes after the message", raw([record({})], { rest: [1, 2, 3] }), "a.test 192.0.2.1 60"],
  ["a pointer into the middle of a name", raw([record({ owner: [0xc0, 14] })]), "test 192.0.2.1 60"],
];
for (const [what, bytes, expected] of SOUND) {
  test(`decodeAnswer reads ${what}`, () => assert.equal(summary(decodeAnswer(bytes, QUERY, LENIENT)), expected));
}

const MALFORMED: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["an IPv4 address of 3 bytes", raw([record({ data: [1, 2, 3] })])],
  ["an IPv4 address of 5 bytes", raw([record({ data: [1, 2, 3, 4, 5] })])],
  ["an IPv4 address of 16 bytes", raw([record({ data: V6 })])],
  ["an IPv4 address of no bytes", raw([record({ data: [] })])],
  ["an IPv6 address of 4 bytes", raw([record({ type: AAAA })])],
  ["an IPv6 address of 15 bytes", raw([record({ type: AAAA, data: V6.slice(1) })])],
  ["an address that goes past the end", raw([record({ data: [1, 2], length: 4 })])],
  ["a data length that goes past the end", raw([record({ type: TXT, length: 65_535 })])],
  ["a record that is not there", raw([], { counts: [1, 0, 0] })],
  ["65,535 records that are not there", raw([record({})], { counts: [65_535, 65_535, 65_535] })],
  ["an authority record that is cut", raw([record({})], { counts: [1, 1, 0], rest: [0, 0, 6] })],
  ["more records than any honest answer", raw(Array.from({ length: 1025 }, () => [0, ...u16(TXT, IN, 0, 0, 0)]))],
  ["a label that goes past the end", raw([[63, 1]])],
  ["a label of a reserved kind", raw([record({ owner: name("a".repeat(64)) })])],
  ["a pointer that is cut", raw([[0xc0]])],
  ["a pointer to itself", raw([record({ owner: [0xc0, 24] })])],
  ["a pointer forward", raw([record({ owner: [0xc0, 40] }), record({})])],
  ["a pointer into the header", raw([record({ owner: [0xc0, 10] })])],
  ["two pointers at each other", raw([record({ owner: [1, 0x61, 0xc0, 24] })])],
  [
    "a chain of 200 pointers",
    raw([record({ type: TXT, data: POINTERS }), record({ owner: u16(0xc000 | (36 + 398)) })]),
  ],
  ["a name of more than 255 bytes", raw([record({ owner: name(...Array.from({ length: 130 }, () => "a")) })])],
  ["an alias whose name ends before its data", raw([record({ type: CNAME, data: [...name("b"), 0] })])],
  ["an alias whose name ends after its data", raw([record({ type: CNAME, data: name("b", "test"), length: 3 })])],
  ["an alias without data", raw([record({ type: CNAME, data: [] })])],
  ["an alias that points forward", raw([record({ type: CNAME, data: [0xc0, 60] }), record({})])],
  [
    "more bytes than any honest answer",
    raw([record({})], { rest: Array.from({ length: MESSAGE_BYTES_MAX }, () => 0) }),
  ],
];
for (const [what, bytes] of MALFORMED) {
  test(`decodeAnswer calls malformed: ${what}`, () => {
    assert.equal(summary(decodeAnswer(bytes, QUERY, LENIENT)), "malformed");
    // Before the library sees it; the size is what `decodeAnswer` looks at itself.
    if (bytes.length <= MESSAGE_BYTES_MAX) assert.equal(screenMessage(bytes), undefined);
  });
}

function replyBytes(content: ReplyContent, change: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(encodeReply(QUERY.bytes, content));
  change(bytes);
  return bytes;
}

const ANSWERS = [{ name: "a.test", type: "A", ttl: 60, data: "192.0.2.1" } as const];
const FOREIGN: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["nothing", new Uint8Array(0)],
  ["half a header", QUERY.bytes.subarray(0, 11)],
  ["the query itself", QUERY.bytes],
  ["another id", replyBytes({ answers: ANSWERS }, (bytes) => bytes[1] = (bytes[1] ?? 0) ^ 1)],
  ["another name", replyBytes({ answers: ANSWERS, name: "b.test" })],
  ["a longer name", replyBytes({ answers: ANSWERS, name: "a.test.x" })],
  ["another type", replyBytes({}, (bytes) => bytes[QUERY.questionEnd - 3] = AAAA)],
  [
    "another type, as far away as two cases of a letter",
    replyBytes({}, (bytes) => bytes[QUERY.questionEnd - 3] = 0x21),
  ],
  ["another class", replyBytes({}, (bytes) => bytes[QUERY.questionEnd - 1] = 3)],
  ["another operation", replyBytes({}, (bytes) => bytes[2] = (bytes[2] ?? 0) | 0x28)],
  ["no question", replyBytes({}, (bytes) => bytes[5] = 0)],
  ["two questions", replyBytes({}, (bytes) => bytes[5] = 2)],
  ["a header alone", replyBytes({}).subarray(0, 12)],
  ["half the question", replyBytes({}).subarray(0, QUERY.questionEnd - 1)],
];
for (const [what, bytes] of FOREIGN) {
  test(`decodeAnswer calls foreign: ${what}`, () => {
    assert.equal(summary(decodeAnswer(bytes, QUERY, LENIENT)), "foreign");
    assert.equal(summary(decodeAnswer(bytes, QUERY, { isCaseExact: true })), "foreign");
  });
}

test("screenMessage refuses what has not one whole question", () => {
  for (const bytes of [raw([]).subarray(0, 11), raw([]).subarray(0, 15), raw([]).subarray(0, -1)]) {
    assert.equal(screenMessage(bytes), undefined);
  }
  for (const questions of [0, 2]) {
    const bytes = raw([record({}), record({})]);
    bytes[5] = questions;
    assert.equal(screenMessage(bytes), undefined);
  }
});

test("decodeAnswer: the library does not see authority and additional records", () => {
  // It throws for a key of another protocol than 3.
  const key = record({ type: 48, data: [1, 0, 9, 8, 1] });
  const answer = decodeAnswer(raw([record({})], { counts: [1, 1, 1], rest: [...key, ...key] }), QUERY, LENIENT);
  assert.equal(summary(answer), "a.test 192.0.2.1 60");
});

test("decodeAnswer compares the name's case when it is told to", () => {
  const same = replyBytes({ answers: ANSWERS });
  const folded = replyBytes({ answers: ANSWERS }, (bytes) => bytes[13] = (bytes[13] ?? 0) ^ 0x20);
  assert.equal(summary(decodeAnswer(same, QUERY, { isCaseExact: true })), "a.test 192.0.2.1 60");
  assert.equal(summary(decodeAnswer(folded, QUERY, { isCaseExact: true })), "folded");
  assert.equal(summary(decodeAnswer(folded, QUERY, LENIENT)), "a.test 192.0.2.1 60");
});

test("decodeAnswer: a cut answer is cut, whatever is left of it", () => {
  assert.equal(summary(decodeAnswer(raw([[63]], { flags: 0x8380 }), QUERY, LENIENT)), "truncated");
});

test("decodeAnswer gives the code with its extended bits, who says so, and whether that is all", () => {
  const read = (bytes: Uint8Array): readonly unknown[] => {
    const answer = decodeAnswer(bytes, QUERY, LENIENT);
    return answer.kind === "reply" ? [answer.rcode, answer.isInformed, answer.isComplete] : [answer.kind];
  };
  assert.deepEqual(read(replyBytes({ rcode: RCODES.SERVFAIL })), [2, true, false]);
  assert.deepEqual(read(replyBytes({ rcode: RCODES.NXDOMAIN, authorities: [startOfAuthority()] })), [3, true, true]);
  assert.deepEqual(read(replyBytes({ flags: 0 })), [0, false, false]);
  assert.deepEqual(read(replyBytes({ flags: 0x400 })), [0, true, false]);
  // BADVERS: 16, of which the header holds the lower four bits, which are 0.
  const badVersion = record({ owner: [0], type: OPT, class: 1232, ttl: 0x01000000, data: [] });
  assert.deepEqual(read(raw([], { counts: [0, 0, 1], rest: badVersion })), [16, true, false]);
  // A start of authority among the answers says nothing.
  assert.deepEqual(read(raw([record({ type: SOA, data: [] })])), [0, true, false]);
});

test("decodeAnswer keeps every address as its bytes", () => {
  const bytes = (length: number) =>
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: length, maxLength: length });
  const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 });
  fc.assert(fc.property(fc.oneof(bytes(4), bytes(16), zeros), (data) => {
    const answer = decodeAnswer(raw([record({ type: data.length === 4 ? A : AAAA, data })]), QUERY, LENIENT);
    if (answer.kind !== "reply") assert.fail(answer.kind);
    const [found] = answer.records;
    assert.deepEqual(found?.kind === "address" && found.address.bytes, data);
  }));
});

/** Bytes that get past the first comparison, so that what follows is what is tried. */
const hostileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => raw([], { counts: [3, 2, 1], rest: [...bytes] })),
  // Structured: records with odd parts, then some bytes changed and the end cut.
  fc.tuple(
    fc.array(
      fc.record({
        owner: fc.oneof(
          fc.constant(ASKED),
          fc.tuple(fc.integer({ min: 0xc0, max: 0xff }), fc.nat(255)),
          fc.constant([0]),
        ),
        type: fc.oneof(
          fc.constantFrom(A, AAAA, CNAME, TXT, OPT, SOA, NS, 12, 13, 15, 33, 35, 39, 43, 46, 47, 48, 50),
          fc.nat(65_535),
        ),
        class: fc.constantFrom(IN, IN, IN, 3, 0x8001),
        data: fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0xc0, 0xff)), { maxLength: 40 }),
      }).map(record),
      { maxLength: 8 },
    ),
    fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 6 }),
    fc.nat(40),
  ).map(([records, changes, cut]) => {
    const bytes = raw(records);
    for (const [at, byte] of changes) if (at >= QUERY.questionEnd && at < bytes.length) bytes[at] = byte;
    return bytes.subarray(0, Math.max(QUERY.questionEnd, bytes.length - cut));
  }),
);

test("decodeAnswer never throws, and what it returns is whole", () => {
  fc.assert(
    fc.property(hostileBytes, (bytes) => {
      const before = [...bytes];
      const answer = decodeAnswer(bytes, QUERY, LENIENT);
      assert.deepEqual([...bytes], before, "the caller's bytes stay as they are");
      if (answer.kind !== "reply") return assert.ok(["malformed", "truncated"].includes(answer.kind));
      for (const record of answer.records) {
        assert.match(record.owner, /^[!-~]+$/);
        assert.ok(record.ttlS >= 0 && record.ttlS <= 0x7fffffff);
        if (record.kind === "alias") assert.match(record.target, /^[!-~]+$/);
        else assert.equal(record.address.bytes.length, record.address.family === "ipv4" ? 4 : 16);
      }
    }),
    { numRuns: 3000 },
  );
});

test("decodeAnswer never throws on bytes of any kind", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
    assert.ok(["foreign", "malformed"].includes(decodeAnswer(bytes, QUERY, LENIENT).kind));
    screenMessage(bytes);
  }));
});

test("decodeAnswer: what passes the screening is what the library can read", () => {
  let read = 0;
  fc.assert(
    fc.property(hostileBytes, (bytes) => {
      if (screenMessage(bytes) === undefined) return;
      read++;
      assert.notEqual(decodeAnswer(bytes, QUERY, LENIENT).kind, "malformed");
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, `only ${read} messages passed`);
});

test("decodeAnswer does a bounded amount of work for the largest messages", () => {
  // Every record's name is as long a chain as is allowed, at the end of a message full of pointers.
  const chain = Array.from({ length: 15 }, (_, at) => u16(0xc000 | (at === 0 ? 12 : 36 + 2 * (at - 1)))).flat();
  const last = u16(0xc000 | (36 + 28));
  const many = Array.from({ length: 1000 }, () => record({ owner: last }));
  const answer = decodeAnswer(raw([record({ type: TXT, data: chain }), ...many]), QUERY, LENIENT);
  assert.ok(answer.kind === "reply");
  assert.equal(answer.records.length, 1000);
});
