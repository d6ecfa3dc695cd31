import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentError } from "./errors.ts";
import type { HostFunction } from "./host_call.ts";
import { bindHost, type HostImports, type NeededFunction, neededFunction } from "./host_imports.ts";
import type { FuncType } from "./types.ts";

const type: FuncType = { params: [], result: null };
const func = (interfaceName: string | null, name: string): NeededFunction =>
  neededFunction({ kind: "import", interfaceName, name, type });

function bound(imports: HostImports, ...functions: readonly NeededFunction[]): unknown {
  const [callee] = bindHost({ functions, classes: [] }, imports).callees;
  return (callee as HostFunction)();
}

const POLL = "wasi:io/poll";
const offer = (value: string): object => ({ poll: () => value });
const CHOICES: readonly {
  readonly name: string;
  readonly imports: HostImports;
  readonly wants: string;
  readonly gets: string;
}[] = [
  {
    name: "the exact version wins",
    wants: `${POLL}@0.2.3`,
    imports: { [POLL]: offer("bare"), [`${POLL}@0.2.9`]: offer("9"), [`${POLL}@0.2.3`]: offer("3") },
    gets: "3",
  },
  {
    name: "a compatible version comes before the bare key",
    wants: `${POLL}@0.2.3`,
    imports: { [POLL]: offer("bare"), [`${POLL}@0.2.9`]: offer("9") },
    gets: "9",
  },
  {
    name: "the bare key serves every version",
    wants: `${POLL}@0.2.3`,
    imports: { [POLL]: offer("bare"), [`${POLL}@0.3.0`]: offer("0.3") },
    gets: "bare",
  },
  {
    name: "from 1.0 on, the major version is the line",
    wants: "a:b/poll@1.2.0",
    imports: { "a:b/poll@2.0.0": offer("2"), "a:b/poll@1.9.1": offer("1") },
    gets: "1",
  },
  {
    name: "an unversioned import takes the unversioned key",
    wants: POLL,
    imports: { [POLL]: offer("bare") },
    gets: "bare",
  },
];
for (const { name, imports, wants, gets } of CHOICES) {
  test(`bindHost: ${name}`, () => assert.equal(bound(imports, func(wants, "poll")), gets));
}

test("bindHost: functions of the world by either name, plain or as a default export", () => {
  for (const imports of [{ "get-it": () => 1 }, { getIt: () => 1 }, { "get-it": { default: () => 1 } }]) {
    assert.equal(bound(imports, func(null, "get-it")), 1);
  }
});

test("bindHost: members of classes come with their class", () => {
  class Thing {
    static make(): number {
      return 1;
    }
    use(): void {}
  }
  const imports = { "a:b/c": { Thing } };
  for (const name of ["[constructor]thing", "[static]thing.make", "[method]thing.use"]) {
    assert.deepEqual(bindHost({ functions: [func("a:b/c", name)], classes: [] }, imports).callees, [Thing]);
  }
});

class Empty {
  readonly nothing = true;
}
const MISSING: readonly {
  readonly name: string;
  readonly wants: NeededFunction;
  readonly imports: HostImports;
  readonly says: RegExp;
}[] = [
  {
    name: "an interface",
    wants: func("a:b/c", "f"),
    imports: {},
    says: /no "a:b\/c" \(all of it\)\. It offers nothing/,
  },
  {
    name: "another version line",
    wants: func(`${POLL}@0.2.3`, "poll"),
    imports: { [`${POLL}@0.3.0`]: offer("x") },
    says: /all of it.*offers wasi:io\/poll@0\.3\.0/,
  },
  {
    name: "a release for a pre-release",
    wants: func(`${POLL}@0.2.0-rc-1`, "poll"),
    imports: { [`${POLL}@0.2.0`]: offer("x") },
    says: /all of it/,
  },
  { name: "a function", wants: func("a:b/c", "f"), imports: { "a:b/c": { g: () => 1 } }, says: /"a:b\/c#f"/ },
  { name: "what is no function", wants: func("a:b/c", "f"), imports: { "a:b/c": { f: 1 } }, says: /"a:b\/c#f"/ },
  {
    name: "an inherited function",
    wants: func("a:b/c", "to-string"),
    imports: { "a:b/c": {} },
    says: /"a:b\/c#to-string"/,
  },
  { name: "an inherited interface", wants: func("constructor", "f"), imports: {}, says: /"constructor"/ },
  {
    name: "a class",
    wants: func("a:b/c", "[constructor]x-y"),
    imports: { "a:b/c": {} },
    says: /"a:b\/c#x-y" \(class XY\)/,
  },
  {
    name: "a method",
    wants: func("a:b/c", "[method]empty.f"),
    imports: { "a:b/c": { Empty } },
    says: /"a:b\/c#\[method\]empty\.f"/,
  },
  {
    name: "an inherited method",
    wants: func("a:b/c", "[method]empty.to-string"),
    imports: { "a:b/c": { Empty } },
    says: /empty\.to-string/,
  },
  {
    name: "a static",
    wants: func("a:b/c", "[static]empty.f"),
    imports: { "a:b/c": { Empty } },
    says: /\[static\]empty\.f/,
  },
  {
    name: "an inherited static",
    wants: func("a:b/c", "[static]empty.call"),
    imports: { "a:b/c": { Empty } },
    says: /\[static\]empty\.call/,
  },
  { name: "a function of the world", wants: func(null, "f-g"), imports: {}, says: /"f-g"/ },
];
for (const { name, wants, imports, says } of MISSING) {
  test(`bindHost: a missing import is named: ${name}`, () => {
    assert.throws(
      () => bindHost({ functions: [wants], classes: [] }, imports),
      (error) => error instanceof ComponentError && error.reason === "import" && says.test(error.message),
    );
  });
}

test("bindHost: everything that is missing is named at once", () => {
  const functions = [func("a:b/c", "f"), func("a:b/c", "g"), func("x:y/z", "h"), func(null, "i")];
  assert.throws(
    () => bindHost({ functions, classes: [] }, { "a:b/c": {} }),
    /no "a:b\/c#f", "a:b\/c#g", "i", "x:y\/z" \(all of it\)\. It offers a:b\/c$/,
  );
});
