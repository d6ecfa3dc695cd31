import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import { WitError } from "../../base/errors.ts";
import { IoError } from "../io/error.ts";
import { PREOPENS_INTERFACE } from "./preopens.ts";
import { Descriptor, DirectoryEntryStream, FILESYSTEM_TYPES_INTERFACE } from "./types.ts";

test("preopens.get-directories is empty", () => {
  assert.deepEqual(PREOPENS_INTERFACE.getDirectories(), []);
});

test("filesystem-error-code knows no error as one of a file", () => {
  const error = new IoError({ message: "gone", networkCode: "connection-reset" }, { counters: new LiveCounters() });
  assert.equal(FILESYSTEM_TYPES_INTERFACE.filesystemErrorCode(error), undefined);
});

for (const resource of [Descriptor, DirectoryEntryStream]) {
  for (const name of Object.getOwnPropertyNames(resource.prototype)) {
    if (["constructor", "onDrop", "isSameObject"].includes(name)) continue;
    test(`${resource.name}.${name} answers bad-descriptor`, () => {
      const method: unknown = Reflect.get(resource.prototype, name);
      assert.ok(typeof method === "function");
      assert.throws(() => method.call({}), (error) => error instanceof WitError && error.payload === "bad-descriptor");
    });
  }
}
