/** The files that README.md shows are files that the gateway takes, and its table of limits is the gateway's. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import type { Diagnostic } from "../../src/base/diagnostics.ts";
import { ROUTE_FILE, WORKLOAD_FILE } from "../../src/config/definition.ts";
import { ConfigDocument } from "../../src/config/document.ts";
import { checkDocument } from "../../src/config/faults.ts";
import { GATEWAY_FILE } from "../../src/config/gateway_definition.ts";
import { ROUTE_LIMIT_KEYS, SERVICE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS } from "../../src/config/limit_keys.ts";
import { limitCeiling, limitFaults } from "../../src/config/limit_layer.ts";
import { layerFaults, readLayer } from "../../src/config/policy_layer.ts";
import { LIMIT_GROUPS, limitsTable, tableText } from "./limits_table.ts";

const FILE = new URL("../../README.md", import.meta.url);
const README = readFileSync(FILE, "utf8");
const BLOCKS = [...README.matchAll(/^```jsonc\n(\/\/ (\S+?)[:,\s][^]*?)^```/gm)].map(([, text = "", file = ""]) => {
  return new ConfigDocument(file, text);
});

test("README.md: its files have no fault, and ask for no more than its ceiling", () => {
  const [workload, route, gateway] = [/workload\.jsonc$/, /\.route\.jsonc$/, /gateway\.jsonc$/].map((name) =>
    BLOCKS.find(({ file }) => name.test(file)) ?? assert.fail(`there is no ${name}`)
  );
  assert.ok(workload !== undefined && route !== undefined && gateway !== undefined);
  const [checkedWorkload, checkedRoute, checkedGateway] = [
    checkDocument(workload, WORKLOAD_FILE),
    checkDocument(route, ROUTE_FILE),
    checkDocument(gateway, GATEWAY_FILE),
  ];
  for (const { diagnostics } of [checkedWorkload, checkedRoute, checkedGateway]) assert.deepEqual(diagnostics, []);
  const layer = readLayer(gateway);
  assert.deepEqual(layer.diagnostics, []);
  for (const document of [workload, route]) {
    const read = readLayer(document);
    assert.deepEqual(read.diagnostics, []);
    assert.deepEqual(layerFaults(document, read.layer, { ceiling: layer.layer }), []);
  }
  const ceiling = limitCeiling(checkedGateway.value, gateway.file);
  const { limits, service } = checkedWorkload.value ?? {};
  const keys = { ...ROUTE_LIMIT_KEYS, ...WORKLOAD_TOTAL_KEYS };
  const faults: readonly Diagnostic[] = [
    ...limitFaults(workload, { path: ["limits"], keys, values: limits, ceiling }),
    ...limitFaults(workload, {
      path: ["service", "limits"],
      keys: SERVICE_LIMIT_KEYS,
      values: service?.limits,
      ceiling,
    }),
    ...limitFaults(route, { path: ["limits"], keys: ROUTE_LIMIT_KEYS, values: checkedRoute.value?.limits, ceiling }),
  ];
  assert.deepEqual(faults, []);
});

/** The first column of its head tells the table from others. */
const TABLE = /^\| where +\| key[^]*?\n(?!\|)/m;

test("README.md: its table has every limit with its default (UPDATE_GOLDENS=1 writes it)", () => {
  const rows = limitsTable();
  if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(FILE, README.replace(TABLE, () => `${tableText(rows)}\n`));
  const shown = (TABLE.exec(readFileSync(FILE, "utf8"))?.[0] ?? "").trim().split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  assert.deepEqual(shown.filter((_, index) => index !== 1), rows);
});

test("limits: every field has one key, with bounds around its default", () => {
  for (const { where, keys, defaults } of LIMIT_GROUPS) {
    const fields = Object.values(keys).map(({ field }) => field);
    assert.deepEqual(fields.toSorted(), [...defaults.keys()].toSorted(), where);
    for (const [key, { field, min, max }] of Object.entries(keys)) {
      const value = defaults.get(field) ?? Number.NaN;
      assert.ok(min <= value && value <= max, `${where} ${key}`);
    }
  }
});
