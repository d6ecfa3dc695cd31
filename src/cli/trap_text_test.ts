import assert from "node:assert/strict";
import { test } from "node:test";
import { coloursFor } from "./colours.ts";
import { namedFrames, trapText } from "./trap_text.ts";

const HEAD = [0, 97, 115, 109, 1, 0, 0, 0];
/** Two functions without parameters: the exported `t` calls function 1, which traps. */
const BODY = [1, 4, 1, 96, 0, 0, 3, 3, 2, 0, 0, 7, 5, 1, 1, 116, 0, 0, 10, 10, 2, 4, 0, 16, 1, 11, 3, 0, 0, 11];
/** Section `name`: 0 is "outer", 1 is "inner". */
const NAMES = [0, 22, 4, 110, 97, 109, 101, 1, 15, 2, 0, 5, 111, 117, 116, 101, 114, 1, 5, 105, 110, 110, 101, 114];

function trapOf(bytes: readonly number[]): unknown {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  assert.ok(typeof exports["t"] === "function");
  try {
    exports["t"]();
  } catch (error) {
    return error;
  }
  return assert.fail("it did not trap");
}

test("trapText: the functions of a module with names, the innermost first", () => {
  const trap = trapOf([...HEAD, ...BODY, ...NAMES]);
  assert.deepEqual(namedFrames(trap), ["inner", "outer"]);
  const label = { workload: "shop", route: "task", role: "component" } as const;
  assert.equal(trapText(label, trap, coloursFor(false)), "shop/task trapped\n    in inner\n    in outer\n");
  assert.match(trapText({ workload: "shop", role: "service" }, trap, coloursFor(false)), /^shop service trapped\n/);
});

test("trapText: nothing for a module without names, an error without a stack, or no error", () => {
  for (const trap of [trapOf([...HEAD, ...BODY]), Object.assign(new Error("no"), { stack: undefined }), "text"]) {
    assert.equal(trapText({ workload: "a", role: "service" }, trap, coloursFor(false)), "");
  }
});

test("trapText: a deep stack is cut, and names of a guest are escaped", () => {
  const stack = Array.from({ length: 30 }, (_, n) => `    at f\u001b${n} (wasm://wasm/0a1b:wasm-function[${n}]:0x12)`);
  const text = trapText(
    { workload: "a", role: "service" },
    Object.assign(new Error("no"), { stack: ["RuntimeError: unreachable", ...stack].join("\n") }),
    coloursFor(false),
  );
  assert.match(text, /    and 6 more\n$/);
  assert.ok(!text.includes("\u001b"));
});

const NAMES_SHOWN: readonly (readonly [name: string, shown: string])[] = [
  ["handle", "handle"],
  ["http_api-6f51.wasm.abort", "abort"],
  ["wasi:http/incoming-handler@0.2.12#handle", "wasi:http/incoming-handler@0.2.12#handle"],
  ["a.wasm._RNvNtCsfFvFw0EqZWg_3std9panicking15panic_with_hook", "std::panicking::panic_with_hook"],
  ["_RNvCsfgHYwM92fyn_7___rustc10rust_panic", "__rustc::rust_panic"],
  ["_ZN4wstd7runtime8block_on8block_on17h21014b0abc1a2e1dE", "wstd::runtime::block_on::block_on"],
  ["_ZNx", "_ZNx"],
];

test("namedFrames: without the module, and Rust's own names as paths", () => {
  for (const [name, shown] of NAMES_SHOWN) {
    const stack = `RuntimeError: unreachable\n    at ${name} (wasm://wasm/0a1b:wasm-function[7]:0x12)`;
    assert.deepEqual(namedFrames(Object.assign(new Error("no"), { stack })), [shown]);
  }
});
