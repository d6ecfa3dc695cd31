/** What a host function did instead of returning, for tests. */
import assert from "node:assert/strict";
import { HostTrap, WitError } from "../../src/base/errors.ts";

/** The payload of the `err` that `action` throws; anything else fails the test. */
export function errOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof WitError, String(error));
    return error.payload;
  }
  return assert.fail("Expected an err");
}

/** The message of the trap that `action` throws; anything else fails the test. */
export function trapOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof HostTrap, String(error));
    return error.message;
  }
  return assert.fail("Expected a trap");
}
