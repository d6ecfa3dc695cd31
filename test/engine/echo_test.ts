/** Values of random types through a real guest and back: lowered, lifted, lowered and lifted again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ExportedFunction } from "../../src/component/exported.ts";
import type { StringEncoding, ValueType } from "../../src/component/types.ts";
import { anyType, valuesOf } from "../support/component_values.ts";
import { echoComponent } from "./type_wat.ts";
import { component } from "./wat.ts";

const COMPONENTS = 4;
const TYPES_EACH = 25;
const VALUES_EACH = 8;

/** A function's `result` is returned or thrown at the top; a host function does the same. */
function asHost(type: ValueType, value: unknown): unknown {
  if (type.kind !== "result") return value;
  const { tag, val } = value as { tag: string; val: unknown };
  if (tag === "err") throw { payload: val };
  return val;
}

async function roundTrip(type: ValueType, run: ExportedFunction, value: unknown): Promise<unknown> {
  if (type.kind !== "result") return run(value);
  try {
    return { tag: "ok", val: await run(value) };
  } catch (error) {
    if (error instanceof Error && "payload" in error) return { tag: "err", val: error.payload };
    throw error;
  }
}

for (const encoding of ["utf8", "utf16", "latin1+utf16"] satisfies StringEncoding[]) {
  test(`echo: values of random types, ${encoding}`, async () => {
    for (let seed = 1; seed <= COMPONENTS; seed++) {
      const types = fc.sample(anyType, { seed: seed * 7919, numRuns: TYPES_EACH });
      const compiled = await component(echoComponent(types, encoding));
      const host: Record<string, ExportedFunction> = {};
      for (const [n, type] of types.entries()) host[`echo${n}`] = (x) => asHost(type, x);
      const instance = await compiled.instantiate({ "test:echo/host": host });
      for (const [n, type] of types.entries()) {
        const run = instance.exports[`run${n}`] as ExportedFunction;
        for (const value of fc.sample(valuesOf(type), { seed, numRuns: VALUES_EACH })) {
          assert.deepEqual(await roundTrip(type, run, value), value, JSON.stringify(type));
        }
      }
      assert.equal(instance.handleCount, 0);
    }
  });
}
