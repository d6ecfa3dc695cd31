import assert from "node:assert/strict";
import { test } from "node:test";
import { type GuestShape, guestShape } from "./guest_source.ts";

const ROWS: readonly (readonly [source: string, kind: GuestShape["kind"] | undefined])[] = [
  ["export default { fetch() {} };", "handler"],
  ["export default { async run() {} } satisfies Service;", "service"],
  ["export default ({ run: () => {} } as Service);", "service"],
  ['export default { "run"() {} };', "service"],
  ["const service = { run() {} } as const; export default service;", "service"],
  ["const service = { run() {} }; export { service as default };", "service"],
  ["class S { run() {} } export default new S();", "service"],
  ["export default class { run() {} }", "service"],
  // Both: the route decides what a component is, and a handler is what can be asked.
  ["export default { fetch() {}, run() {} };", "handler"],
  ["const app = new Hono(); app.get('/', run); export default app;", "handler"],
  ["export default make();", "handler"],
  ["class S { static run() {} fetch() {} } export default new S();", "handler"],
  ['export { default } from "./other.ts";', "handler"],
  ["let service = { run() {} }; export default service;", "handler"],
  ["export const incomingHandler = { handle() {} };", "wit"],
  ["const run = { run() {} }; export { run };", "wit"],
  ["export const helper = 1;", undefined],
  ["export function fetch() {}", undefined],
  ["", undefined],
];

for (const [source, kind] of ROWS) {
  test(`guestShape: ${kind ?? "none"}: ${source}`, () => {
    assert.equal(guestShape(source, "guest.ts", ["incomingHandler", "run"])?.kind, kind);
  });
}

test("guestShape: the exports of one that speaks WIT itself", () => {
  const source = "const run = { run() {} }; export { run, other }; export const helper = 1;";
  assert.deepEqual(guestShape(source, "guest.ts", ["incomingHandler", "run"]), { kind: "wit", exports: ["run"] });
});
