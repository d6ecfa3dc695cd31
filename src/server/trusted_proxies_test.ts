/** Who is believed about a request's client, and how clients try to be somebody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePrefix } from "../base/ip_address.ts";
import { parseForwarded } from "./forwarded_field.ts";
import { TrustedProxies } from "./trusted_proxies.ts";

const TRUSTED = ["10.0.0.0/8", "2001:db8:aa::/48", "127.0.0.1"];

/** `client scheme host`, "-" for what nobody says; "nothing" when nobody may say anything. */
function said(peer: string | undefined, fields: Readonly<Record<string, string>>): string {
  const proxies = new TrustedProxies();
  proxies.use(TRUSTED.map(parsePrefix));
  const claim = proxies.claimOf(["Host", "own.example", ...Object.entries(fields).flat()], peer);
  if (claim === undefined) return "nothing";
  if ("fault" in claim) return claim.fault;
  return `${claim.client ?? "unknown"} ${claim.scheme ?? "-"} ${claim.host ?? "-"}`;
}

type Row = readonly [
  name: string,
  peer: string | undefined,
  fields: Readonly<Record<string, string>>,
  expected: string,
];

const XFF = "X-Forwarded-For";
const FALSE_FIELDS = { [XFF]: "203.0.113.1", "X-Forwarded-Proto": "https", Forwarded: "for=203.0.113.1" };

const ROWS: readonly Row[] = [
  ["a stranger says nothing that counts", "192.0.2.7", FALSE_FIELDS, "nothing"],
  ["a stranger next to the prefix", "11.0.0.1", FALSE_FIELDS, "nothing"],
  ["a stranger of IPv6", "2001:db8:ab::1", FALSE_FIELDS, "nothing"],
  ["a connection that is gone", undefined, FALSE_FIELDS, "nothing"],
  ["a peer that is no address", "10.0.0.1.evil.example", FALSE_FIELDS, "nothing"],
  ["a mapped stranger", "::ffff:192.0.2.7", FALSE_FIELDS, "nothing"],
  ["a mapped proxy", "::ffff:10.0.0.1", { [XFF]: "192.0.2.7" }, "192.0.2.7 - -"],
  ["a proxy with a zone", "2001:db8:aa::1%eth0", { [XFF]: "192.0.2.7" }, "192.0.2.7 - -"],
  ["a single address is trusted alone", "127.0.0.2", { [XFF]: "192.0.2.7" }, "nothing"],

  ["a proxy that says nothing is the client", "10.0.0.1", {}, "10.0.0.1 - -"],
  [
    "a proxy that says the scheme alone is the client",
    "10.0.0.1",
    { "X-Forwarded-Proto": "https" },
    "10.0.0.1 https -",
  ],
  ["one hop", "10.0.0.1", { [XFF]: "192.0.2.7" }, "192.0.2.7 - -"],
  ["two hops", "10.0.0.1", { [XFF]: "192.0.2.7, 10.0.0.2" }, "192.0.2.7 - -"],
  ["what the client made up stands left of it", "10.0.0.1", { [XFF]: "203.0.113.1, 192.0.2.7" }, "192.0.2.7 - -"],
  ["it makes up a proxy", "10.0.0.1", { [XFF]: "203.0.113.1, 10.9.9.9, 192.0.2.7" }, "192.0.2.7 - -"],
  ["it makes up a proxy between proxies", "10.0.0.1", { [XFF]: "10.9.9.9, 192.0.2.7, 10.0.0.2" }, "192.0.2.7 - -"],
  ["only proxies: the first", "10.0.0.1", { [XFF]: "10.0.0.3, 10.0.0.2" }, "10.0.0.3 - -"],
  [
    "several fields are one list",
    "10.0.0.1",
    { [XFF]: "203.0.113.1", "x-forwarded-for": "192.0.2.7" },
    "192.0.2.7 - -",
  ],
  ["a port", "10.0.0.1", { [XFF]: "192.0.2.7:4711" }, "192.0.2.7 - -"],
  ["IPv6 in brackets with a port", "10.0.0.1", { [XFF]: "[2001:DB8::7]:4711" }, "2001:db8::7 - -"],
  ["bare IPv6", "10.0.0.1", { [XFF]: "2001:db8:0::7" }, "2001:db8::7 - -"],
  ["a mapped client", "10.0.0.1", { [XFF]: "::ffff:192.0.2.7" }, "192.0.2.7 - -"],
  ["a mapped proxy in the list", "10.0.0.1", { [XFF]: "192.0.2.7, ::ffff:10.0.0.2" }, "192.0.2.7 - -"],
  ["an octal spelling of a proxy is nobody", "10.0.0.1", { [XFF]: "192.0.2.7, 012.0.0.2" }, "unknown - -"],
  ["a number is nobody", "10.0.0.1", { [XFF]: "192.0.2.7, 167772162" }, "unknown - -"],
  ["a name is nobody", "10.0.0.1", { [XFF]: "192.0.2.7, localhost" }, "unknown - -"],
  ["a word from the last proxy hides the client", "10.0.0.1", { [XFF]: "192.0.2.7, unknown" }, "unknown - -"],
  ["a word from the client does not", "10.0.0.1", { [XFF]: "unknown, 192.0.2.7" }, "192.0.2.7 - -"],
  ["empty elements", "10.0.0.1", { [XFF]: ", 192.0.2.7 ,," }, "192.0.2.7 - -"],
  ["a name with underscores is another field", "10.0.0.1", { x_forwarded_for: "192.0.2.7" }, "10.0.0.1 - -"],

  ["scheme and host", "10.0.0.1", {
    [XFF]: "192.0.2.7",
    "X-Forwarded-Proto": "HTTPS",
    "X-Forwarded-Host": "a.example:444",
  }, "192.0.2.7 https a.example:444"],
  ["lists in step: the word of the hop that saw the client", "10.0.0.1", {
    [XFF]: "203.0.113.1, 192.0.2.7, 10.0.0.2",
    "X-Forwarded-Proto": "ftp, https, http",
  }, "192.0.2.7 https -"],
  ["a list out of step: the nearest proxy's word", "10.0.0.1", {
    [XFF]: "192.0.2.7",
    "X-Forwarded-Proto": "https, http",
    "X-Forwarded-Host": "evil.example, a.example",
  }, "192.0.2.7 http a.example"],
  ["another scheme is none", "10.0.0.1", { [XFF]: "192.0.2.7", "X-Forwarded-Proto": "javascript" }, "192.0.2.7 - -"],
  ["a host that is none", "10.0.0.1", { [XFF]: "192.0.2.7", "X-Forwarded-Host": 'a"b' }, "192.0.2.7 - -"],

  ["Forwarded", "10.0.0.1", { Forwarded: 'for=192.0.2.7;proto=https;host="a.example"' }, "192.0.2.7 https a.example"],
  ["Forwarded, as a list", "10.0.0.1", {
    Forwarded: "For=203.0.113.1;proto=http, for=192.0.2.7;proto=https, for=10.0.0.2;proto=http",
  }, "192.0.2.7 https -"],
  ["Forwarded with IPv6", "10.0.0.1", { Forwarded: 'for="[2001:db8::7]:80"' }, "2001:db8::7 - -"],
  ["Forwarded with a hidden node", "10.0.0.1", { Forwarded: "for=192.0.2.7, for=_hidden" }, "unknown - -"],
  [
    "Forwarded without a node in the last hop",
    "10.0.0.1",
    { Forwarded: "for=192.0.2.7, proto=https" },
    "unknown https -",
  ],
  ["Forwarded with the scheme alone", "10.0.0.1", { Forwarded: "proto=https" }, "10.0.0.1 https -"],
  [
    "a quote that the client opens is no cover",
    "10.0.0.1",
    { Forwarded: 'for=", for=192.0.2.7' },
    "a Forwarded field from a trusted proxy is malformed",
  ],
  [
    "a parameter twice",
    "10.0.0.1",
    { Forwarded: "for=203.0.113.1;for=192.0.2.7" },
    "a Forwarded field from a trusted proxy is malformed",
  ],

  ["both agree", "10.0.0.1", { Forwarded: "for=192.0.2.7;proto=https", [XFF]: "192.0.2.7" }, "192.0.2.7 https -"],
  ["the client adds the kind that the proxy does not write", "10.0.0.1", {
    Forwarded: "for=203.0.113.1",
    [XFF]: "192.0.2.7",
  }, "Forwarded and X-Forwarded-* from a trusted proxy name different clients"],
  [
    "it hides behind the other kind",
    "10.0.0.1",
    { Forwarded: "for=unknown", [XFF]: "192.0.2.7" },
    "Forwarded and X-Forwarded-* from a trusted proxy name different clients",
  ],
  ["it adds a scheme to the other kind", "10.0.0.1", {
    Forwarded: "for=192.0.2.7;proto=https",
    [XFF]: "192.0.2.7",
    "X-Forwarded-Proto": "http",
  }, "Forwarded and X-Forwarded-* from a trusted proxy name different schemes"],
  ["a kind without a client does not speak", "10.0.0.1", {
    Forwarded: "proto=https;host=evil.example",
    [XFF]: "192.0.2.7",
  }, "192.0.2.7 - -"],
  [
    "nor the other way round",
    "10.0.0.1",
    { Forwarded: "for=192.0.2.7", "X-Forwarded-Host": "evil.example" },
    "192.0.2.7 - -",
  ],
];

for (const [name, peer, fields, expected] of ROWS) {
  test(`TrustedProxies: ${name}`, () => assert.equal(said(peer, fields), expected));
}

test("TrustedProxies: without prefixes nobody is believed, and a changed list counts at once", () => {
  const proxies = new TrustedProxies();
  const raw = [XFF, "192.0.2.7"];
  assert.equal(proxies.claimOf(raw, "10.0.0.1"), undefined);
  proxies.use([parsePrefix("10.0.0.0/8")]);
  assert.deepEqual(proxies.claimOf(raw, "10.0.0.1"), { client: "192.0.2.7", scheme: undefined, host: undefined });
  proxies.use([parsePrefix("10.1.0.0/16")]);
  assert.equal(proxies.claimOf(raw, "10.0.0.1"), undefined);
});

const FIELDS: readonly (readonly [text: string, hops: unknown])[] = [
  ["", []],
  [" , ;, ", []],
  ["for=a;PROTO=b", [{ for: "a", proto: "b" }]],
  ['for="a\\"b,;c"', [{ for: 'a"b,;c' }]],
  ["for=a , for=b", [{ for: "a" }, { for: "b" }]],
  ["for = a", undefined],
  ["for", undefined],
  ["for=", undefined],
  ['for="a', undefined],
  ['for="a"b', undefined],
  ["for=a b", undefined],
  ["=a", undefined],
];
for (const [text, hops] of FIELDS) {
  test(`parseForwarded: ${JSON.stringify(text)}`, () => {
    const read = parseForwarded(text);
    assert.deepEqual(read === undefined ? undefined : read.map((hop) => ({ ...hop })), hops);
  });
}

test("parseForwarded: a long field takes time in proportion", () => {
  assert.equal(parseForwarded(`${"for=a,".repeat(20_000)}for=a`)?.length, 20_001);
  assert.equal(parseForwarded(`for="${"\\a".repeat(50_000)}`), undefined);
});
