import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldEntries } from "../host/http/exchange.ts";
import { areSendable, sendableHead, toRawFields } from "./response_fields.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The host lets none of these through; node:http would throw at them when nobody is there to catch it. */
const UNSENDABLE: readonly (readonly [why: string, entry: FieldEntries[number]])[] = [
  ["CR LF in a value", ["x-a", bytes("a\r\nx-b: c")]],
  ["NUL in a value", ["x-a", bytes("a\0")]],
  ["DEL in a value", ["x-a", bytes("a\x7f")]],
  ["CR LF in a name", ["x-a: b\r\nx-c", bytes("d")]],
  ["a blank in a name", ["x a", bytes("b")]],
  ["no name", ["", bytes("b")]],
];

for (const [why, entry] of UNSENDABLE) {
  test(`sendableHead refuses ${why}`, () => {
    assert.equal(sendableHead({ status: 200, headers: [["x-ok", bytes("ok")], entry] }), "a field that cannot be sent");
    assert.equal(areSendable(toRawFields([entry])), false);
  });
}

for (
  const [status, isSent] of [[99, false], [100, false], [199, false], [200, true], [599, true], [600, false], [
    999,
    false,
  ]] as const
) {
  test(`sendableHead ${isSent ? "takes" : "refuses"} the status ${status}, whatever the version`, () => {
    const head = sendableHead({ status, headers: [] });
    assert.equal(typeof head === "string" ? head : head.status, isSent ? status : `the status ${status}`);
  });
}

test("toRawFields leaves X-Request-Id to the gateway", () => {
  assert.deepEqual(toRawFields([["x-request-id", bytes("forged")], ["x-a", bytes("b")]]), ["x-a", "b"]);
});

test("sendableHead takes tabs, blanks and every byte above ASCII", () => {
  const value = Uint8Array.of(0x41, 0x09, 0x20, 0x80, 0xff);
  const head = sendableHead({ status: 200, headers: [["x-a", value], ["x-b", bytes("")]] });
  assert.ok(typeof head !== "string");
  assert.deepEqual(head.rawFields, ["x-a", "A\t \x80\xff", "x-b", ""]);
});
