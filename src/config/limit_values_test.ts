import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import * as v from "valibot";
import { accepts } from "../../test/config/json_schema_check.ts";
import { ROUTE_LIMITS, WORKLOAD_TOTALS } from "../base/limits.ts";
import { GATEWAY_FILE } from "./gateway_definition.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import { instance } from "./limit_definition.ts";
import { ALL_LIMIT_KEYS, ROUTE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS } from "./limit_keys.ts";
import { belowCeiling, limitCeiling, limitFields } from "./limit_layer.ts";
import { limitJsonSchema, readLimit, writtenLimit } from "./limit_values.ts";

const KEYS = ALL_LIMIT_KEYS.flatMap((keys) => Object.entries(keys));

test("readLimit: each bound is taken as it is written, and what is past it is told with the bound as the fix", () => {
  for (const [key, limit] of KEYS) {
    const { unit, min, max } = limit;
    const step = unit === "share" ? 0.001 : 1;
    for (const value of [min, max]) {
      assert.deepEqual(readLimit(JSON.parse(writtenLimit(unit, value)), limit), { value }, key);
    }
    for (const [value, bound] of [[min - step, min], [max + step, max]] as const) {
      if (value < 0) continue;
      const read = readLimit(JSON.parse(writtenLimit(unit, value)), limit);
      assert.ok("fault" in read, key);
      assert.ok(read.fault.endsWith(`\nwrite ${writtenLimit(unit, bound)}`), read.fault);
    }
  }
});

const amount = fc.constantFrom("1", "64", "0", "1.5", "007", "", "-1", "99999999999");
const unit = fc.constantFrom("B", "KiB", "MiB", "GiB", "MB", "ms", "s", "m", "h", "d", "", " s", "/s");
const value = fc.oneof(
  fc.tuple(amount, unit).map(([digits, letters]) => digits + letters),
  fc.integer({ min: -2, max: 200_000 }),
  fc.double(),
  fc.jsonValue(),
);

test("readLimit: any value is a number within bounds that the JSON schema takes too, or a sentence", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KEYS), value, ([, limit], input) => {
      const read = readLimit(input, limit);
      if ("fault" in read) assert.match(read.fault, /^it is [^]*, expected /);
      else {
        assert.ok(read.value >= limit.min && read.value <= limit.max);
        assert.ok(accepts(limitJsonSchema(limit), input));
      }
    }),
    { numRuns: 3000 },
  );
});

test("instance: any value is a mode that the JSON schema takes too, or a sentence", () => {
  const word = fc.constantFrom("fresh", "reuse", "Fresh", "renew", "toString", "__proto__");
  const number = fc.oneof(fc.integer({ min: -1, max: 1_000_001 }), fc.double(), value);
  const mode = fc.oneof(word, value, fc.record({ reuse: number }), fc.dictionary(word, number, { maxKeys: 2 }));
  const { $schema: _, ...schema } = jsonSchemaOf(instance, "");
  fc.assert(
    fc.property(mode, (input) => {
      const read = v.safeParse(instance, input);
      assert.equal(read.success, accepts(schema, input), JSON.stringify(input));
      if (!read.success) assert.match(read.issues[0].message, /^(?:it|in "reuse", it) [^]*, expected /);
      else if (read.output.kind === "reuse") assert.ok(read.output.requestsMax >= 1);
    }),
    { numRuns: 3000 },
  );
});

const count = fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined });
const mebibytes = fc.option(fc.integer({ min: 1, max: 4096 }).map((size) => `${size}MiB`), { nil: undefined });
const operator = fc.record({
  limits: fc.record({ memory: mebibytes, instances: count, queue: count }),
  process: fc.record({ memory: mebibytes, instances: count }),
});

test("limitCeiling: the lowest of what the operator says counts, for every field and whoever says it", () => {
  fc.assert(fc.property(operator, (said) => {
    // As a file has it: without what is undefined.
    const file = v.parse(GATEWAY_FILE, JSON.parse(JSON.stringify(said)));
    const ceiling = limitCeiling(file, "gateway.jsonc");
    const limits = belowCeiling({ ...ROUTE_LIMITS, ...WORKLOAD_TOTALS }, ceiling);
    const own = limitFields({ ...ROUTE_LIMIT_KEYS, ...WORKLOAD_TOTAL_KEYS }, file.limits);
    const least = (...values: readonly (number | undefined)[]): number =>
      Math.min(...values.filter((each) => each !== undefined));
    assert.deepEqual(limits, {
      ...ROUTE_LIMITS,
      memoryBytesMax: least(ROUTE_LIMITS.memoryBytesMax, own.memoryBytesMax, file.process?.memory),
      queueMax: least(ROUTE_LIMITS.queueMax, own.queueMax),
      instancesMax: least(WORKLOAD_TOTALS.instancesMax, own.instancesMax, file.process?.instances),
      connectionsMax: WORKLOAD_TOTALS.connectionsMax,
      openFilesMax: WORKLOAD_TOTALS.openFilesMax,
    });
    for (const { max, by } of ceiling.values()) {
      assert.match(by, /^"[a-zA-Z.]+" of (?:gateway\.jsonc|the gateway) is /, String(max));
    }
  }));
});
