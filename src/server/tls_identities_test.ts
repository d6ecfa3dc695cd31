import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../base/secret.ts";
import { testIdentity, testPem } from "../../test/support/transport.ts";
import { TlsIdentities, tlsIdentityFault } from "./tls_identities.ts";

const BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const ENCRYPTED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";

const ROWS: readonly (readonly [name: string, certificate: string, key: string, expected: string])[] = [
  ["a pair", testPem("good"), testPem("good.key"), "none"],
  ["a chain", testPem("good") + testPem("ca"), testPem("good.key"), "none"],
  ["both in one file", testPem("good.key") + testPem("good"), testPem("good.key") + testPem("good"), "none"],
  ["a chain that starts with its root", testPem("ca") + testPem("good"), testPem("good.key"), "key is not the key"],
  ["another key", testPem("good"), testPem("stranger.key"), "key is not the key"],
  ["no certificate", testPem("good.key"), testPem("good.key"), "certificate has no certificate"],
  ["an empty file", "", testPem("good.key"), "certificate has no certificate"],
  ["a broken certificate", BROKEN, testPem("good.key"), "certificate has a broken certificate"],
  ["a broken one behind a sound one", testPem("good") + BROKEN, testPem("good.key"), "certificate has a broken"],
  ["no key", testPem("good"), testPem("good"), "key has no private key"],
  ["an encrypted key", testPem("good"), ENCRYPTED, "key is encrypted"],
];
for (const [name, certificate, key, expected] of ROWS) {
  test(`tlsIdentityFault: ${name}`, () => {
    const fault = tlsIdentityFault({ certificate, key: new Secret(key) });
    const said = fault === undefined ? "none" : `${fault.key} ${fault.is}`;
    assert.ok(said.startsWith(expected), said);
    assert.ok(!said.includes("AAAA"));
  });
}

test("TlsIdentities: the first that has the name, by its alternative names alone", () => {
  const identities = new TlsIdentities([testIdentity("nameless"), testIdentity("good"), testIdentity("stranger")]);
  const [first, second] = [identities.contextFor("other.test"), identities.contextFor("good.test")];
  assert.ok(first !== undefined && second !== undefined && first !== second);
  assert.equal(identities.contextFor("a.wild.test"), second);
  assert.equal(identities.contextFor(""), first);
  assert.equal(identities.standard, first);
});
