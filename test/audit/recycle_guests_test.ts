/**
 * Real guests of each toolchain are put back to their first state after a request: bit for bit what a new instance is,
 * memories and globals both, behind the size that the guest sees too; and the next request is answered like the first.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { compileComponent } from "../../src/component/engine.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import { openExchange } from "../../src/host/http/open_exchange.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { FakeExchange, type FakeRequest } from "../support/fake_exchange.ts";
import { type FakeContext, fakeContext } from "../support/host_context.ts";
import { componentPath, hasComponent } from "./components.ts";

const GUESTS = [
  "hello",
  "http_api",
  "rust_http_api",
  "rust_bindgen_handler",
  "starling_handler",
  "python_handler",
  "c_handler",
];
const REQUEST: FakeRequest = {
  method: "POST",
  pathWithQuery: "/hello?x=1",
  headers: [["x-mark", "here"]],
  body: "a body",
};

/** Core instances in the order in which they are made, caught on their way. */
async function catching<T>(run: () => Promise<T>): Promise<{ result: T; cores: readonly WebAssembly.Instance[] }> {
  const cores: WebAssembly.Instance[] = [];
  const Original = WebAssembly.Instance;
  class Caught extends Original {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      cores.push(this);
    }
  }
  WebAssembly.Instance = Caught;
  try {
    return { result: await run(), cores };
  } finally {
    WebAssembly.Instance = Original;
  }
}

/** Whether the bytes are equal, and zeros where only one has any. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const size = expected.length;
  assert.ok(Buffer.from(actual.buffer, 0, size).equals(expected), `${what} differs`);
  assert.ok(actual.subarray(size).every((byte) => byte === 0), `${what} has something behind its size`);
}

/** Everything that a core instance exports, the engine's additions among it, is what a new one has. */
function assertSameState(actual: readonly WebAssembly.Instance[], expected: readonly WebAssembly.Instance[]): void {
  assert.equal(actual.length, expected.length);
  for (const [index, instance] of expected.entries()) {
    for (const [name, value] of Object.entries(instance.exports)) {
      const other = actual[index]?.exports[name];
      const what = `${name} of core instance ${index}`;
      if (value instanceof WebAssembly.Memory && other instanceof WebAssembly.Memory) {
        assertSameBytes(new Uint8Array(other.buffer), new Uint8Array(value.buffer), what);
      } else if (value instanceof WebAssembly.Global && other instanceof WebAssembly.Global) {
        assert.deepEqual(other.value, value.value, what);
      } else {
        assert.equal(typeof other, typeof value, what);
      }
    }
  }
}

async function answer(instance: ComponentInstance, context: FakeContext): Promise<unknown> {
  const exchange = new FakeExchange(REQUEST);
  const opened = openExchange(exchange, context);
  const handle = instance.findInterface("wasi:http/incoming-handler")?.["handle"];
  assert.ok(typeof handle === "function");
  await (handle as ExportedFunction)(opened.request, opened.responseOut);
  opened.settle("over");
  return [exchange.status, exchange.answer.text];
}

for (const name of GUESTS) {
  test(`recycle: ${name} is as new after each request`, async (t) => {
    if (!hasComponent(name)) return t.skip("its toolchain is not here");
    const bytes = await readFile(await componentPath(name));
    const compiled = await compileComponent(bytes, { suspending: SUSPENDING, tracksWrites: true });
    const context = fakeContext({ randomBytes: (length) => new Uint8Array(length) });
    const imports = createHostImports(context);
    const fresh = await catching(() => compiled.instantiate(imports));
    const used = await catching(() => compiled.instantiate(imports));
    const first = await answer(used.result, context);
    for (let round = 0; round < 3; round++) {
      assert.equal(used.result.recycle(), null);
      assertSameState(used.cores, fresh.cores);
      assert.deepEqual(await answer(used.result, context), first);
    }
    used.result.dispose();
    fresh.result.dispose();
  });
}
