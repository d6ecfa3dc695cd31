/** Components written as text, for the tests of the engine. */
import { parse } from "@bytecodealliance/jco";
import { compileComponent } from "../../src/component/engine.ts";
import type { CompiledComponent, CompileOptions } from "../../src/component/engine.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";

/** A core module with one page of memory and a realloc that only grows; to be followed by `LIBC_INSTANCE`. */
export const LIBC = `
  (core module $Libc
    (memory (export "memory") 1)
    (global $next (export "next") (mut i32) (i32.const 4096))
    (global $calls (export "calls") (mut i32) (i32.const 0))
    (func $realloc (export "realloc") (param $old i32) (param $oldsize i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (drop (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get $size) (i32.const 65536))))))
      (memory.copy (local.get $at) (local.get $old) (local.get $oldsize))
      (local.get $at)))
  (core instance $libc (instantiate $Libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))`;

/** Canonical options for functions that use the memory of `LIBC`. */
export const OPTIONS = `(memory $memory) (realloc $realloc)`;

/** The bytes of a component text. */
export async function wat(text: string): Promise<Uint8Array> {
  try {
    return await parse(`(component ${text})`);
  } catch (error) {
    throw new Error(`The fixture is no component: ${String(error)}`, { cause: error });
  }
}

/** Compiles a component text; `suspending` as in `CompileOptions`. */
export async function component(
  text: string,
  suspending: readonly string[] = [],
  options: Omit<CompileOptions, "suspending"> = {},
): Promise<CompiledComponent> {
  return compileComponent(await wat(text), { suspending: new Set(suspending), ...options });
}

/** Calls an exported function of the world. */
export function call(instance: ComponentInstance, name: string, ...args: unknown[]): unknown {
  return (instance.exports[name] as ExportedFunction)(...args);
}
