import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { decode } from "dns-packet";
import * as fc from "fast-check";
import { encodeQuery, HEADER_BYTES, isAskableName } from "./dns_query.ts";

const LONG_LABEL = "a".repeat(63);
const LONG_NAME = [LONG_LABEL, LONG_LABEL, LONG_LABEL, "b".repeat(61)].join(".");

for (const name of ["example.com", "localhost", "_sip._tcp.test", "1.2", LONG_NAME, "*.test", "a!b.test", "a"]) {
  test(`isAskableName: ${name.slice(0, 40)}`, () => assert.equal(isAskableName(name), true));
}

for (
  const name of [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    `${LONG_LABEL}a.test`,
    `a${LONG_NAME}`,
    "a b.test",
    "a\\.b.test",
    "a\0b.test",
    "a\nb.test",
    "b\u00fccher.test",
    "\u212a.test",
    "\ud800.test",
  ]
) {
  test(`isAskableName refuses ${JSON.stringify(name.slice(0, 40))}, and so does encodeQuery`, () => {
    assert.equal(isAskableName(name), false);
    assert.throws(() => encodeQuery({ name, type: "A" }), RangeError);
  });
}

const label = fc.string({
  unit: fc.constantFrom("a", "b", "z", "A", "Z", "0", "9", "-", "_"),
  minLength: 1,
  maxLength: 20,
});
const askable = fc.array(label, { minLength: 1, maxLength: 10 }).map((labels) => labels.join("."));

test("encodeQuery asks one question for the name in some case, wants recursion, and says what it can take", () => {
  fc.assert(fc.property(askable, fc.constantFrom("A" as const, "AAAA" as const), (name, type) => {
    const { bytes, questionEnd } = encodeQuery({ name, type });
    const packet = decode(Buffer.from(bytes));
    assert.equal(packet.type, "query");
    assert.equal(packet.flag_rd, true);
    assert.deepEqual([packet.answers, packet.authorities], [[], []]);
    const [question, ...more] = packet.questions ?? [];
    assert.deepEqual(more, []);
    assert.deepEqual({ ...question, name: question?.name.toLowerCase() }, {
      name: name.toLowerCase(),
      type,
      class: "IN",
    });
    const [opt] = packet.additionals ?? [];
    assert.deepEqual(opt?.type === "OPT" && [opt.udpPayloadSize, opt.ednsVersion, opt.flags], [1232, 0, 0]);
    // The question ends where the OPT record's root name begins.
    assert.deepEqual([...bytes.subarray(questionEnd, questionEnd + 3)], [0, 0, 41]);
    assert.equal(bytes.length - questionEnd, 11);
    assert.ok(questionEnd > HEADER_BYTES);
  }));
});

test("encodeQuery draws the id and the case of the name anew each time", () => {
  const [ids, names] = [new Set<number>(), new Set<string>()];
  for (let times = 0; times < 200; times++) {
    const { bytes } = encodeQuery({ name: "a-long-name-with-letters.test", type: "A" });
    ids.add(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0));
    names.add(decode(Buffer.from(bytes)).questions?.[0]?.name ?? "");
  }
  // Of 200 draws from 65,536 more than 20 repeats, or of 2^24 any, do not happen.
  assert.ok(ids.size > 180, `${ids.size} ids`);
  assert.ok(names.size > 198, `${names.size} spellings`);
});
