/** Handlers, written as text, that take all they can get of what no page of memory counts, and then compute for ever. */
import { handlerOf } from "./counting_handler.ts";

const FOR_EVER = "(loop $on (br $on)) (i32.const 0)";

/** Calls through `depth` components, one in the other: each has a stack of its own while the innermost one computes. */
export function deepHandler(depth: number): Promise<Uint8Array> {
  const links = Array.from(
    { length: depth },
    (_, at) => `(instance $c${at + 1} (instantiate $Link (with "f" (func $c${at} "f"))))`,
  );
  return handlerOf(`(call $deep) (i32.const 0)`, {
    component: `
      (component $Leaf
        (core module $m (func (export "f") (drop (block (result i32) ${FOR_EVER}))))
        (core instance $i (instantiate $m))
        (func (export "f") (canon lift (core func $i "f"))))
      (component $Link
        (import "f" (func $f))
        (core func $g (canon lower (func $f)))
        (core module $m (import "h" "g" (func $g)) (func (export "f") (call $g)))
        (core instance $i (instantiate $m (with "h" (instance (export "g" (func $g))))))
        (func (export "f") (canon lift (core func $i "f"))))
      (instance $c0 (instantiate $Leaf))
      ${links.join("\n")}
      (core func $deep (canon lower (func $c${depth} "f")))`,
    module: `(import "deep" "f" (func $deep))`,
    args: `(with "deep" (instance (export "f" (func $deep))))`,
  });
}

/** Has so many memories of no page, each of which takes as much of the address space as any other. */
export function manyMemoriesHandler(count: number): Promise<Uint8Array> {
  return handlerOf("(i32.const 0)", {
    component: `(core module $Many ${"(memory 0) ".repeat(count)}) (core instance (instantiate $Many))`,
  });
}

/** Fills a table of a million elements, 24 bytes of the heap each. */
export function largeTableHandler(): Promise<Uint8Array> {
  return handlerOf(
    `(if (i32.lt_s (table.grow $large (ref.null func) (i32.const 999999)) (i32.const 0))
    (then unreachable)) ${FOR_EVER}`,
    { module: "(table $large 1 funcref)" },
  );
}

/** Has 65,500 handles. */
export function manyHandlesHandler(): Promise<Uint8Array> {
  return handlerOf(
    `(loop $more
      (drop (call $fields))
      (global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (br_if $more (global.get $left)))
    ${FOR_EVER}`,
    { module: "(global $left (mut i32) (i32.const 65500))" },
  );
}
