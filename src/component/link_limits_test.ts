/** Small files that would grow without end: each is refused by a limit, and quickly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse as wat } from "@bytecodealliance/jco";
import { ComponentError } from "./errors.ts";
import { planComponent } from "./link.ts";
import { COMPONENT_INSTANCES_MAX, CORE_INSTANCES_MAX, TYPE_DEPTH_MAX, TYPE_NODES_MAX } from "./link_limits.ts";

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join("\n");
}

const BOMBS: readonly (readonly [name: string, body: string, message: RegExp])[] = [
  [
    "components that instantiate the one before twice",
    `(component $c0) ${
      times(40, (i) =>
        `(component $c${
          i + 1
        } (alias outer 1 ${i} (component $p)) (instance (instantiate $p)) (instance (instantiate $p)))`)
    }`,
    new RegExp(`too many component instances .* at most ${COMPONENT_INSTANCES_MAX}`),
  ],
  [
    "instance types that export the one before twice",
    `(type $t0 (instance (export "a" (func)))) ${
      times(60, (i) =>
        `(type $t${i + 1} (instance (export "a" (instance (type $t${i}))) (export "b" (instance (type $t${i})))))`)
    }`,
    /too many steps of linking/,
  ],
  [
    "component types that import the one before twice",
    `(type $t0 (component)) ${
      times(30, (i) =>
        `(type $t${i + 1} (component (import "a" (component (type $t${i}))) (export "b" (component (type $t${i})))))`)
    } (component $d (import "c" (component (type $t30)))) (component $e (import "c" (component $c (type $t30))) (instance (instantiate $d (with "c" (component $c)))))`,
    /too many/,
  ],
  [
    "pairs of pairs",
    `(type $t0 u8) ${times(60, (i) => `(type $t${i + 1} (tuple $t${i} $t${i}))`)}`,
    new RegExp(`too many parts in one type, written out .* at most ${TYPE_NODES_MAX}`),
  ],
  [
    "options of options",
    `(type $t0 u8) ${times(TYPE_DEPTH_MAX, (i) => `(type $t${i + 1} (option $t${i}))`)}`,
    /too many levels in one type/,
  ],
  [
    "a chain of components",
    `(component $c0) ${
      times(300, (i) => `(component $c${i + 1} (alias outer 1 ${i} (component $p)) (instance (instantiate $p)))`)
    }`,
    /too many instances or types inside each other/,
  ],
  [
    "a chain of instance types",
    `(type $t0 (instance)) ${times(300, (i) => `(type $t${i + 1} (instance (export "a" (instance (type $t${i})))))`)}`,
    /too many instances or types inside each other/,
  ],
  [
    "one module instantiated without end",
    `(core module $m) ${times(CORE_INSTANCES_MAX + 1, () => "(core instance (instantiate $m))")}`,
    /too many core instances/,
  ],
  [
    "one component instantiated without end",
    `(component $c) ${times(COMPONENT_INSTANCES_MAX, () => "(instance (instantiate $c))")}`,
    /too many component instances/,
  ],
  [
    "a large instance handed over and over",
    `(type $i (instance ${times(2000, (i) => `(export "f${i}" (func))`)})) (import "i" (instance $in (type $i)))
      (component $c (import "i" (instance (type $i)))) ${
      times(900, () => '(instance (instantiate $c (with "i" (instance $in))))')
    }`,
    /too many steps of linking/,
  ],
  [
    "a large type made in every instance",
    `(component $c (type $r (record ${times(9000, (i) => `(field "f${i}" string)`)})) ${
      times(50, () => "(type (tuple $r $r))")
    }) ${times(900, () => "(instance (instantiate $c))")}`,
    /too many/,
  ],
  [
    "a large type lowered over and over",
    `(type $e (enum ${times(9000, (i) => `"e${i}"`)})) (import "e" (type $x (eq $e)))
      (import "f" (func $f (param "a" $x))) ${times(1000, () => "(core func (canon lower (func $f)))")}`,
    /too many/,
  ],
];

for (const [name, body, message] of BOMBS) {
  test(`linkComponent bounds ${name}`, async () => {
    const bytes = await wat(`(component ${body})`);
    try {
      planComponent(bytes);
    } catch (error) {
      assert.ok(error instanceof ComponentError, String(error));
      assert.equal(error.reason, "limit", error.message);
      assert.match(error.message, message);
      assert.ok(error.offset >= 0 && error.offset <= bytes.length);
      return;
    }
    assert.fail("it was linked");
  });
}

test("linkComponent takes what is just inside the limits", async () => {
  const plan = planComponent(
    await wat(`(component
      (type $t0 u8) ${times(TYPE_DEPTH_MAX - 2, (i) => `(type $t${i + 1} (option $t${i}))`)}
      (type $w0 u8) ${times(13, (i) => `(type $w${i + 1} (tuple $w${i} $w${i}))`)}
      (component $c) ${times(COMPONENT_INSTANCES_MAX - 1, () => "(instance (instantiate $c))")})`),
  );
  assert.equal(plan.componentInstances, COMPONENT_INSTANCES_MAX);
});
