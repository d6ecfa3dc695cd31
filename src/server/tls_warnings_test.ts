import assert from "node:assert/strict";
import { test } from "node:test";
import { testIdentity, testPem } from "../../test/support/transport.ts";
import { expiryOf, tlsWarnings } from "./tls_warnings.ts";

const good = testIdentity();
const END_MS = expiryOf(good);
const DAY_MS = 86_400_000;

const ROWS: readonly (readonly [name: string, warnings: readonly string[], expected: readonly RegExp[]])[] = [
  ["all is well", tlsWarnings(good, END_MS - DAY_MS), []],
  ["with its issuer", tlsWarnings({ ...good, certificate: testPem("good") + testPem("ca") }, END_MS - DAY_MS), []],
  ["expired", tlsWarnings(good, END_MS + 1), [/^expired at [0-9]{4}-[0-9T:.-]+Z: clients refuse it$/]],
  ["long expired, the fixture", tlsWarnings(testIdentity("expired"), END_MS - DAY_MS), [/^expired at /]],
  ["not yet", tlsWarnings(good, 0), [/^is not valid before [0-9]{4}-[0-9T:.-]+Z: clients refuse it until then$/]],
  [
    "no chain",
    tlsWarnings({ ...good, certificate: testPem("good") + testPem("ca") + testPem("good") }, END_MS - DAY_MS),
    [/no chain: number 3 did not issue number 2/],
  ],
  ["an open key", tlsWarnings({ ...good, isKeyOpen: true }, END_MS - DAY_MS), [/every user of this machine can read/]],
  ["all at once", tlsWarnings({ ...good, isKeyOpen: true }, END_MS + 1), [/^expired/, /every user/]],
];
for (const [name, warnings, expected] of ROWS) {
  test(`tlsWarnings: ${name}`, () => {
    assert.equal(warnings.length, expected.length, warnings.join("\n"));
    for (const [index, pattern] of expected.entries()) assert.match(warnings[index] ?? "", pattern);
  });
}
