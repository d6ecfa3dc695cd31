/**
 * Whatever a guest may import is offered: jco makes a component that imports every function of the WASI packages, the
 * unstable ones included, and the engine links it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEverything } from "../../test/support/everything.ts";
import { fakeContext } from "../../test/support/host_context.ts";
import { ComponentError } from "../component/errors.ts";
import type { HostImports } from "../component/host_imports.ts";
import { createHostImports, OFFERED_INTERFACES } from "./imports.ts";

const VERSIONS = ["0.2.0", "0.2.3", "0.2.10", "0.2.12"];

for (const version of VERSIONS) {
  test(`createHostImports offers every interface, function and resource of WASI ${version}`, async () => {
    const component = await compileEverything(version);
    const imported = component.imports.map(({ name }) => name.split("@")[0] ?? name);
    assert.deepEqual(new Set(imported), new Set(OFFERED_INTERFACES));
    const context = fakeContext();
    (await component.instantiate(createHostImports(context))).dispose();
    const alive = Object.entries(context.counters.snapshot()).filter(([, count]) => count !== 0);
    assert.deepEqual(alive, []);
  });
}

test("OFFERED_INTERFACES are the keys of createHostImports, in order", () => {
  assert.deepEqual(Object.keys(createHostImports(fakeContext())).toSorted(), OFFERED_INTERFACES);
});

/** Takes one thing away, to show that the test above would notice. */
const TAKEN: readonly (readonly [interfaceName: string, key: string, named: RegExp])[] = [
  ["wasi:io/poll", "poll", /wasi:io\/poll@0\.2\.12#poll/],
  ["wasi:clocks/timezone", "display", /timezone@0\.2\.12#display/],
  ["wasi:cli/exit", "exitWithCode", /exit@0\.2\.12#exit-with-code/],
  ["wasi:filesystem/types", "DirectoryEntryStream", /directory-entry-stream/],
];

test("an import that is not offered is named, beside what is", async () => {
  const component = await compileEverything("0.2.12");
  const all = createHostImports(fakeContext());
  for (const [interfaceName, key, named] of TAKEN) {
    const items = Object.fromEntries(Object.entries(all[interfaceName] ?? {}).filter(([name]) => name !== key));
    const without: HostImports = { ...all, [interfaceName]: items };
    assert.throws(() => component.checkImports(without), (error) => {
      assert.ok(error instanceof ComponentError && error.reason === "import");
      assert.match(error.message, named);
      assert.match(error.message, /offers .*wasi:io\/streams/);
      return true;
    });
  }
});

test("createHostImports shares classes between instances and binds the rest", () => {
  const [one, two] = [createHostImports(fakeContext()), createHostImports(fakeContext())];
  for (const name of ["wasi:io/streams", "wasi:io/poll", "wasi:io/error", "wasi:filesystem/types"]) {
    assert.equal(one[name], two[name], name);
  }
  assert.notEqual(one["wasi:cli/stdout"], two["wasi:cli/stdout"]);
});
