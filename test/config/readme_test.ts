/** The files that README.md shows are files that the gateway takes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ROUTE_FILE, WORKLOAD_FILE } from "../../src/config/definition.ts";
import { ConfigDocument } from "../../src/config/document.ts";
import { checkDocument } from "../../src/config/faults.ts";
import { GATEWAY_FILE } from "../../src/config/gateway_definition.ts";
import { layerFaults, readLayer } from "../../src/config/policy_layer.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const BLOCKS = [...README.matchAll(/^```jsonc\n(\/\/ (\S+?)[:,\s][^]*?)^```/gm)].map(([, text = "", file = ""]) => {
  return new ConfigDocument(file, text);
});

test("README.md: its files have no fault, and ask for no more than its ceiling", () => {
  const [workload, route, gateway] = [/workload\.jsonc$/, /\.route\.jsonc$/, /gateway\.jsonc$/].map((name) =>
    BLOCKS.find(({ file }) => name.test(file)) ?? assert.fail(`there is no ${name}`)
  );
  assert.ok(workload !== undefined && route !== undefined && gateway !== undefined);
  assert.deepEqual(checkDocument(workload, WORKLOAD_FILE).diagnostics, []);
  assert.deepEqual(checkDocument(route, ROUTE_FILE).diagnostics, []);
  assert.deepEqual(checkDocument(gateway, GATEWAY_FILE).diagnostics, []);
  const ceiling = readLayer(gateway);
  assert.deepEqual(ceiling.diagnostics, []);
  for (const document of [workload, route]) {
    const { layer, diagnostics } = readLayer(document);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(layerFaults(document, layer, { ceiling: ceiling.layer }), []);
  }
});
