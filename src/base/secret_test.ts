import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { revealEnvironment, Secret } from "./secret.ts";

test("Secret: no way of showing it shows it", () => {
  const secret = new Secret("s3cret");
  const held = { env: [["A", secret]], map: new Map([["a", secret]]) };
  const shown = [
    String(secret),
    "".concat(secret as unknown as string),
    JSON.stringify(held),
    inspect(held, { depth: 9, showHidden: true }),
    Object.entries(secret).join(),
    JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
    JSON.stringify(Object.assign({}, secret)),
    ...("Deno" in globalThis
      ? [(globalThis as { Deno?: { inspect(value: unknown): string } }).Deno?.inspect(held)]
      : []),
  ];
  for (const text of shown) assert.ok(text?.includes("s3cret") !== true, `${text}`);
  assert.equal(inspect(secret), "***");
});

test("revealEnvironment: a guest gets the text", () => {
  assert.deepEqual(revealEnvironment([["A", "1"], ["B", new Secret("s3cret")]]), [["A", "1"], ["B", "s3cret"]]);
});
