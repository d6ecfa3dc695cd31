import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fakeHttpContext, fieldEntries } from "../../../test/support/fake_exchange.ts";
import { errOf } from "../../../test/support/wit_errors.ts";
import { Fields } from "./fields.ts";
import { httpInterfaces } from "./interfaces.ts";
import { RequestOptions } from "./request_options.ts";

const WIT_FOLDER = new URL("../../../node_modules/@bytecodealliance/jco/lib/wit/builtin/", import.meta.url);

type Constructor = { new (...args: unknown[]): object; readonly prototype: object };

function camelCase(label: string): string {
  return label.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function member(owner: object | undefined, label: string): unknown {
  return owner === undefined ? undefined : Reflect.get(owner, camelCase(label));
}

/** Each function of an interface in WIT text: the resource ("" for none), its name, whether it is static. */
function witFunctions(wit: string, interfaceName: string): { resource: string; name: string; isStatic: boolean }[] {
  const found: { resource: string; name: string; isStatic: boolean }[] = [];
  const text = wit.split(`interface ${interfaceName} {`)[1]?.split(/^}/m)[0] ?? "";
  let resource = "";
  for (const line of text.split("\n")) {
    resource = /^ {2}resource ([\w-]+)/.exec(line)?.[1] ?? (line === "  }" ? "" : resource);
    const [, name, isStatic] = /^ +%?([\w-]+): (static )?func\(/.exec(line) ?? [];
    if (name !== undefined) found.push({ resource, name, isStatic: isStatic !== undefined });
  }
  return found;
}

function packageOf(version: string): URL {
  return new URL(`${version}/wasi-http/package.wit`, WIT_FOLDER);
}

const versions = readdirSync(WIT_FOLDER).filter((name) => /^0\.2\.\d+$/.test(name) && existsSync(packageOf(name)));

test("httpInterfaces is checked against at least one version of the WIT", () => {
  assert.ok(versions.length > 0);
});

for (const version of versions) {
  test(`httpInterfaces has every function of wasi:http ${version}`, () => {
    const wit = readFileSync(packageOf(version), "utf8");
    const interfaces = httpInterfaces(fakeHttpContext());
    for (const [name, least] of [["types", 48], ["outgoing-handler", 1]] as const) {
      const offered = interfaces[`wasi:http/${name}`];
      const functions = witFunctions(wit, name);
      assert.ok(functions.length >= least, `${functions.length} functions found`);
      for (const one of functions) {
        const label = one.resource.replace(/^./, (letter) => letter.toUpperCase());
        const owner = one.resource === "" ? offered : member(offered, label) as Constructor | undefined;
        const from = one.resource === "" || one.isStatic ? owner : (owner as Constructor | undefined)?.prototype;
        assert.equal(typeof member(from, one.name), "function", `${one.resource}.${one.name}`);
      }
    }
  });
}

test("httpInterfaces gives constructors of its guest, whose objects are those of the host", () => {
  const types = httpInterfaces(fakeHttpContext())["wasi:http/types"] ?? {};
  const GuestFields = member(types, "Fields") as typeof Fields & Constructor;
  const GuestOptions = member(types, "RequestOptions") as Constructor;
  assert.ok(new GuestFields() instanceof Fields);
  assert.ok(Fields.create(fakeHttpContext()) instanceof GuestFields);
  assert.ok(new GuestOptions() instanceof RequestOptions);
  const fromList = member(GuestFields, "from-list") as (entries: unknown) => Fields;
  assert.ok(fromList(fieldEntries([["x", "1"]])).has("X"));
  assert.deepEqual(errOf(() => fromList(fieldEntries([["host", "1"]]))), { tag: "forbidden" });
});
