import assert from "node:assert/strict";
import { test } from "node:test";
import { fromSocketAddress, parseAddress, toSocketAddress } from "./socket_address.ts";

const GOOD: readonly (readonly [text: string, parts: readonly number[]])[] = [
  ["127.0.0.1", [127, 0, 0, 1]],
  ["255.255.255.255", [255, 255, 255, 255]],
  ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
  ["[::1]", [0, 0, 0, 0, 0, 0, 0, 1]],
  ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
  ["2001:db8::7", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 7]],
  ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
  ["::ffff:10.1.2.3", [0, 0, 0, 0, 0, 0xffff, 0x0a01, 0x0203]],
];

for (const [text, parts] of GOOD) {
  test(`parseAddress: ${text}`, () => assert.deepEqual(parseAddress(text)?.val, parts));
}

/** Names, and addresses that the host would take for another one than the program meant. */
const BAD = [
  "",
  "localhost",
  "example.com",
  "1.2.3",
  "1.2.3.4.5",
  "256.0.0.1",
  "01.2.3.4",
  "0x7f.0.0.1",
  "1.2.3.4:80",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::8",
  "12345::",
  "g::",
  "::1.2.3",
  "fe80::1%eth0",
];

for (const text of BAD) {
  test(`parseAddress: ${JSON.stringify(text)} is none`, () => assert.equal(parseAddress(text), null));
}

test("fromSocketAddress: as it is written", () => {
  for (const [text, shown = text] of [["127.0.0.1"], ["::1"], ["2001:db8::7"], ["::"], ["1:2:3:4:5:6:7:8"]] as const) {
    const address = parseAddress(text);
    assert.ok(address !== null);
    assert.deepEqual(fromSocketAddress(toSocketAddress(address, 80)), { hostname: shown, port: 80 });
  }
});
