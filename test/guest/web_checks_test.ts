/** The web's globals do in a guest what they do in a runtime that has them natively. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testComponent } from "../../src/testing/mod.ts";
import { runChecks } from "../guests/quickjs/web/src/web_checks.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { GUEST_ENGINES } from "../support/guest_engines.ts";

for (const { engine, checks } of GUEST_ENGINES) {
  test(`${engine}: every row of a guest's globals is what this runtime has`, async (t) => {
    await using component = await testComponent(await componentBytes(checks));
    const response = await component.fetch("/checks");
    assert.equal(response.status, 200, component.failures().join("\n"));
    const [inGuest, here] = [(await response.json()) as Record<string, string>, await runChecks()];
    assert.deepEqual(Object.keys(inGuest), Object.keys(here));
    for (const [name, value] of Object.entries(here)) {
      await t.test(name, () => assert.equal(inGuest[name], value));
    }
  });
}
