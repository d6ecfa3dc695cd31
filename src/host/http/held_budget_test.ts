import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeHttpContext } from "../../../test/support/fake_exchange.ts";
import { trapOf } from "../../../test/support/wit_errors.ts";
import { UNSENT_BODY_BYTES_MAX } from "./body_pipe.ts";
import { Fields } from "./fields.ts";
import { GUEST_HELD_BYTES_MAX, heldBudgetOf } from "./held_budget.ts";
import { OutgoingResponse } from "./outgoing_response.ts";

const context = fakeHttpContext();
const FULL = new Uint8Array(UNSENT_BODY_BYTES_MAX);

/** A response that is never sent, with a body that is written as far as it goes. */
function hoard(): OutgoingResponse {
  const response = new OutgoingResponse(Fields.create(context));
  const stream = response.body().write();
  stream.checkWrite();
  stream.write(FULL);
  return response;
}

test("a guest that fills bodies and sends none traps at its limit, and gets the room back with what it drops", () => {
  const kept: OutgoingResponse[] = [];
  for (let left = Math.floor(GUEST_HELD_BYTES_MAX / FULL.length); left > 0; left--) kept.push(hoard());
  assert.equal(heldBudgetOf(context).usedBytes, kept.length * FULL.length);
  assert.match(trapOf(hoard), /Cannot hold more of unsent bodies/);
  assert.equal(heldBudgetOf(context).usedBytes, kept.length * FULL.length);
  kept[0]?.[Symbol.dispose]();
  hoard();
  assert.equal(heldBudgetOf(context).usedBytes, kept.length * FULL.length);
  for (const response of kept) response[Symbol.dispose]();
  assert.equal(heldBudgetOf(context).usedBytes, FULL.length);
  assert.equal(heldBudgetOf(fakeHttpContext()).usedBytes, 0);
});
