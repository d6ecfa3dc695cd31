/**
 * A small core module that stands before the suspending host functions of a component. A `WebAssembly.Suspending` import
 * always suspends, even for a plain value, and costs a turn of the microtask queue; so the module calls the synchronous
 * half first, and the blocking import only when that half has set the flag:
 *
 *     (func (param ...) (result r)  (call $half ...)  (br_if 0 (i32.eqz (global.get $blocked)))  drop
 *       (global.set $blocked (i32.const 0))  (call $wait))
 */
import type { FlatValue } from "./abi_env.ts";
import type { CoreSignature, CoreType } from "./abi_layout.ts";
import type { CoreFunction } from "./core_function.ts";
import type { InstanceState } from "./instance_state.ts";
import { Suspending } from "./jspi.ts";

const TYPE_BYTES: Readonly<Record<CoreType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNC_TYPE = 0x60;
const OP = {
  brIf: 0x0d,
  end: 0x0b,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32Eqz: 0x45,
};
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 };

/** One wait import per kind of result, in this order. */
const RESULTS: readonly (CoreType | null)[] = [null, "i32", "i64", "f32", "f64"];

/** `signatures[i]` is the function exported as `i`; its half is imported as `"half" "i"`. */
export function encodeTrampolines(signatures: readonly CoreSignature[]): Uint8Array<ArrayBuffer> {
  const waits = RESULTS.length;
  const types = [
    ...RESULTS.map((result) => funcType([], result)),
    ...signatures.map((signature) => funcType(signature.params, signature.result)),
  ];
  const imports = [
    ...RESULTS.map((_, index) => [...name("wait"), ...name(String(index)), 0, ...uleb(index)]),
    ...signatures.map((_, index) => [...name("half"), ...name(String(index)), 0, ...uleb(waits + index)]),
    [...name("state"), ...name("blocked"), 3, TYPE_BYTES.i32, 1],
  ];
  const first = waits + signatures.length;
  return new Uint8Array([
    HEADER,
    section(SECTION.type, types),
    section(SECTION.import, imports),
    section(SECTION.function, signatures.map((_, index) => uleb(waits + index))),
    section(SECTION.export, signatures.map((_, index) => [...name(String(index)), 0, ...uleb(first + index)])),
    section(SECTION.code, signatures.map((signature, index) => body(signature, waits + index))),
  ].flat());
}

function body(signature: CoreSignature, half: number): number[] {
  const code = [
    [0], // no locals
    signature.params.flatMap((_, index) => [OP.localGet, ...uleb(index)]),
    [OP.call, ...uleb(half)],
    [OP.globalGet, 0, OP.i32Eqz, OP.brIf, 0],
    signature.result === null ? [] : [OP.drop],
    [OP.i32Const, 0, OP.globalSet, 0],
    [OP.call, ...uleb(RESULTS.indexOf(signature.result))],
    [OP.end],
  ].flat();
  return [...uleb(code.length), ...code];
}

/** Makes the core functions of one instance out of their synchronous halves. */
export function bindTrampolines(
  module: WebAssembly.Module,
  state: InstanceState,
  halves: readonly CoreFunction[],
): readonly CoreFunction[] {
  const wait = new Suspending((): Promise<FlatValue | undefined> | undefined => state.takePending());
  const instance = new WebAssembly.Instance(module, {
    wait: Object.fromEntries(RESULTS.map((_, index) => [String(index), wait])),
    half: Object.fromEntries(halves.map((half, index) => [String(index), half])),
    state: { blocked: state.blocked },
  });
  return halves.map((_, index) => {
    const made = instance.exports[String(index)];
    if (typeof made !== "function") {
      throw new TypeError(`Cannot make trampoline ${index}: the module has no such export`);
    }
    return made as CoreFunction;
  });
}

function funcType(params: readonly CoreType[], result: CoreType | null): number[] {
  const results = result === null ? [0] : [1, TYPE_BYTES[result]];
  return [FUNC_TYPE, ...uleb(params.length), ...params.map((param) => TYPE_BYTES[param]), ...results];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...uleb(items.length), ...items.flat()];
  return [id, ...uleb(content.length), ...content];
}

function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...uleb(bytes.length), ...bytes];
}

function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}
