/** Runs a table of components, as text, that may not be linked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse as wat } from "@bytecodealliance/jco";
import { ComponentError, type ComponentErrorReason } from "../../src/component/errors.ts";
import { planComponent } from "../../src/component/link.ts";

/** `body` is what stands inside `(component ...)`. */
export type Refusal = readonly [name: string, body: string, reason: ComponentErrorReason, message: RegExp];

/** One test for each row: reason, sentence, and an offset inside the file. */
export function testRefusals(rows: readonly Refusal[]): void {
  for (const [name, body, reason, message] of rows) {
    test(`linkComponent refuses ${name}`, async () => {
      const bytes = await wat(`(component ${body})`);
      let plan: unknown;
      try {
        plan = planComponent(bytes);
      } catch (error) {
        assert.ok(error instanceof ComponentError, String(error));
        assert.equal(error.reason, reason, error.message);
        assert.match(error.message, message);
        assert.ok(error.offset >= 8 && error.offset <= bytes.length, `offset ${error.offset}`);
        return;
      }
      assert.fail(`it was linked: ${JSON.stringify(plan)}`);
    });
  }
}
