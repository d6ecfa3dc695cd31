/** The web's globals do in a guest what they do in a runtime that has them natively. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testComponent } from "../../src/testing/mod.ts";
import { runChecks } from "../guests/quickjs/web/src/web_checks.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { GUEST_ENGINES } from "../support/guest_engines.ts";

const PARSED = String
  .raw`[["a","1"],["file","é \"q\".bin","application/x-thing",15,"\u0000line\r\n--y\r\nend"],["a",""]]`;
/** What the standard says where Deno's own forms do not keep to it: names stay escaped, and what is cut is taken. */
const STANDARD: Readonly<Record<string, string>> = {
  "FormData of a multipart body": PARSED,
  "FormData of a multipart body whose boundary has quotes": PARSED,
  "FormData of a multipart body that is cut": "throws TypeError",
  "FormData of a part without a name": "throws TypeError",
  "FormData as a body and back": String
    .raw`[true,[["text","a\r\nb\r\nc\r\nd"],["n\"a\r\nme","ü"],["file","f\"ü.txt","text/plain",11,"onetwothree"],["blob","blob","application/octet-stream",2,"--"],["named","name.bin","application/octet-stream",1,"x"]]]`,
};

for (const { engine, checks } of GUEST_ENGINES) {
  test(`${engine}: every row of a guest's globals is what this runtime has`, async (t) => {
    await using component = await testComponent(await componentBytes(checks));
    const response = await component.fetch("/checks");
    assert.equal(response.status, 200, component.failures().join("\n"));
    const [inGuest, here] = [(await response.json()) as Record<string, string>, { ...await runChecks(), ...STANDARD }];
    assert.deepEqual(Object.keys(inGuest), Object.keys(here));
    for (const [name, value] of Object.entries(here)) {
      await t.test(name, () => assert.equal(inGuest[name], value));
    }
  });
}
