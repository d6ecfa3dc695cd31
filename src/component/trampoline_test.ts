import assert from "node:assert/strict";
import { test } from "node:test";
import type { FlatValue } from "./abi_env.ts";
import type { CoreSignature, CoreType } from "./abi_layout.ts";
import type { CoreFunction } from "./core_function.ts";
import { UNLIMITED_HOST, UNMETERED } from "./guest_meter.ts";
import { InstanceState } from "./instance_state.ts";
import { promising } from "./jspi.ts";
import { bindTrampolines, encodeTrampolines } from "./trampoline.ts";

const signature = (params: readonly CoreType[], result: CoreType | null): CoreSignature => ({
  params,
  result,
  isSpilled: false,
  isReturnedInMemory: false,
});

const ROWS: readonly {
  readonly signature: CoreSignature;
  readonly args: readonly FlatValue[];
  readonly result: FlatValue | undefined;
}[] = [
  { signature: signature([], null), args: [], result: undefined },
  { signature: signature(["i32"], "i32"), args: [-5], result: 7 },
  { signature: signature(["i64", "f32"], "i64"), args: [2n ** 62n, 0.5], result: -(2n ** 63n) },
  { signature: signature(["f64"], "f32"), args: [0.1], result: 1.5 },
  {
    signature: signature(Array.from({ length: 17 }, () => "i32" as const), "f64"),
    args: Array.from({ length: 17 }, (_, index) => index),
    result: 0.1,
  },
];
const signatures = ROWS.map((row) => row.signature);
const zero = (type: CoreType | null): FlatValue | undefined => type === null ? undefined : type === "i64" ? 0n : 0;

async function trampolines(
  half: (index: number, args: readonly FlatValue[], state: InstanceState) => FlatValue | undefined,
): Promise<{ functions: readonly CoreFunction[]; state: InstanceState }> {
  const state = new InstanceState({ handlesMax: 10, meter: UNMETERED, host: UNLIMITED_HOST });
  const module = await WebAssembly.compile(encodeTrampolines(signatures));
  const halves = ROWS.map((_, index): CoreFunction => (...args) => half(index, args, state));
  return { functions: bindTrampolines(module, state, halves), state };
}

test("trampolines: pass arguments and results on, with no promise in sight", async () => {
  const { functions } = await trampolines((index, args) => {
    assert.deepEqual(args, ROWS[index]?.args);
    return ROWS[index]?.result;
  });
  for (const [index, { args, result }] of ROWS.entries()) assert.equal(functions[index]?.(...args), result);
});

test("trampolines: wait for what was suspended on, every time anew", async () => {
  const { functions, state } = await trampolines((index, _args, state) => {
    state.suspend(Promise.resolve(), {
      fulfilled: () => ROWS[index]?.result,
      rejected: () => undefined,
      leaveValue() {},
      leaveError() {},
    });
    return zero(ROWS[index]?.signature.result ?? null);
  });
  for (let round = 0; round < 2; round++) {
    for (const [index, { args, result }] of ROWS.entries()) {
      const core = functions[index];
      assert(core !== undefined);
      assert.equal(await promising(core)(...args), result);
      assert.equal(state.blocked.value, 0);
      assert.equal(state.takePending(), undefined);
    }
  }
});

test("encodeTrampolines: hundreds of functions need longer numbers", async () => {
  const many = Array.from({ length: 300 }, () => signature(["i32", "i64"], "i32"));
  const module = await WebAssembly.compile(encodeTrampolines(many));
  assert.equal(WebAssembly.Module.exports(module).length, 300);
});
