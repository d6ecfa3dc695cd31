/** No spelling of an address or a name changes a decision: every one is parsed first, then judged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ipv4, nameText, netValue, rules } from "../../test/support/policy_arbitraries.ts";
import { OWN, policyOf } from "../../test/support/policy_of.ts";
import { judgeRequest } from "./judge_authority.ts";

/** Spellings of IPv4 addresses that every parser of a URL or resolver takes for the same. */
const SPELLINGS: Readonly<Record<string, (bytes: readonly number[]) => string>> = {
  decimal: (bytes) => String(wordOf(bytes)),
  hex: (bytes) => `0x${wordOf(bytes).toString(16)}`,
  "upper-case hex": (bytes) => `0X${wordOf(bytes).toString(16).toUpperCase()}`,
  octal: (bytes) => `0${wordOf(bytes).toString(8)}`,
  "octal parts": (bytes) => bytes.map((byte) => `0${byte.toString(8)}`).join("."),
  "hex parts": (bytes) => bytes.map((byte) => `0x${byte.toString(16)}`).join("."),
  "two parts": ([a = 0, ...rest]) => `${a}.${wordOf([0, ...rest])}`,
  "three parts": ([a = 0, b = 0, ...rest]) => `${a}.${b}.${wordOf([0, 0, ...rest])}`,
  "a trailing dot": (bytes) => `${bytes.join(".")}.`,
  "full-width digits": (bytes) =>
    bytes.join(".").replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  "full-width dots": (bytes) => bytes.join("\uff0e"),
  "ideographic dots": (bytes) => bytes.join("\u3002"),
  "half-width dots": (bytes) => bytes.join("\uff61"),
  "bold digits": (bytes) => bytes.join(".").replace(/\d/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit))),
  "soft hyphens": (bytes) => bytes.join(".").replace(/\./g, "\u00ad."),
  "full-width hex": (bytes) => `\uff10\uff58${wordOf(bytes).toString(16)}`,
};

/** IPv6 addresses that carry it; the loopback inside is never, not the private loopback. */
const CARRIERS: Readonly<Record<string, (high: string, low: string) => string>> = {
  mapped: (high, low) => `[::ffff:${high}:${low}]`,
  "mapped in full": (high, low) => `[0:0:0:0:0:FFFF:${high}:${low}]`,
  compatible: (high, low) => `[::${high}:${low}]`,
  translated: (high, low) => `[::ffff:0:${high}:${low}]`,
  NAT64: (high, low) => `[64:ff9b::${high}:${low}]`,
  "a nat64 prefix": (high, low) => `[64:ff9b:1:7::${high}:${low}]`,
  "6to4": (high, low) => `[2002:${high}:${low}::1]`,
  Teredo: (high, low) => `[2001:0:${high}:${low}:0:0:${flip(high)}:${flip(low)}]`,
};

const bytes4 = fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 255 })));
const bytes = fc.oneof(ipv4.map((text) => text.split(".").map(Number)), bytes4);
const requestNet = fc.oneof(netValue, fc.record({ allow: fc.constant(["*"]), deny: rules }));

for (const [name, spell] of Object.entries(SPELLINGS)) {
  test(`property: no spelling changes a decision: ${name}`, () => {
    fc.assert(fc.property(requestNet, bytes, (net, parts) => {
      assert.deepEqual(requestOf(net, spell(parts)), requestOf(net, parts.join(".")), spell(parts));
    }));
  });
}

for (const [name, carry] of Object.entries(CARRIERS)) {
  test(`property: no spelling changes a decision: ${name}`, () => {
    // The prefix itself may be denied; rules of the other family are another test's matter.
    const net4 = requestNet.filter((net) =>
      !/\[|\*/.test(JSON.stringify((net as { deny?: unknown } | undefined)?.deny ?? ""))
    );
    fc.assert(fc.property(net4, bytes, (net, parts) => {
      const [a = 0, b = 0, c = 0, d = 0] = parts;
      // As IPv6 these two are :: and ::1 themselves.
      fc.pre(!(name === "compatible" && a + b + c === 0 && d < 2));
      const carried = requestOf(net, carry(((a << 8) | b).toString(16), ((c << 8) | d).toString(16)));
      const plain = requestOf(net, parts.join("."));
      assert.equal(carried.kind, plain.kind === "loopback" ? "denied" : plain.kind);
    }));
  });
}

for (
  const [name, spell] of [
    ["upper case", (text: string) => text.toUpperCase()],
    ["a trailing dot", (text: string) => `${text}.`],
    ["an ideographic trailing dot", (text: string) => `${text}\u3002`],
    [
      "full-width letters",
      (text: string) => text.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
    ],
    [
      "circled letters",
      (text: string) =>
        text.replace(/[a-z](?!n--)/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0x246f)),
    ],
    ["full-width dots", (text: string) => text.replaceAll(".", "\uff0e")],
    ["soft hyphens", (text: string) => text.replace(/^./, "$&\u00ad")],
    ["Unicode for punycode", (text: string) => text.replace("xn--bcher-kva", "B\u00dccher")],
    ["decomposed Unicode", (text: string) => text.replace("xn--bcher-kva", "bu\u0308cher")],
  ] as const
) {
  test(`property: no spelling of a name changes a decision: ${name}`, () => {
    fc.assert(
      fc.property(requestNet, fc.oneof(nameText, fc.constant("localhost"), fc.constant("a.localhost")), (net, text) => {
        assert.deepEqual(requestOf(net, spell(text)), requestOf(net, text), spell(text));
      }),
    );
  });
}

function requestOf(net: unknown, authority: string): { readonly kind: string } {
  return judgeRequest({ scheme: "http", authority }, { policy: policyOf({ net }), own: OWN });
}

function wordOf(parts: readonly number[]): number {
  return parts.reduce((word, byte) => word * 256 + byte, 0);
}

function flip(half: string): string {
  return (Number.parseInt(half, 16) ^ 0xffff).toString(16);
}
