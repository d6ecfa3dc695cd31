/**
 * Folders with the text that reading them has to give. `UPDATE_GOLDENS=1` writes the texts; the change is reviewed as code.
 * Each file of the folders is also held against the JSON schemas, which have to agree with the gateway.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse, type ParseError } from "jsonc-parser";
import { diagnosticsText } from "../../src/base/diagnostics_text.ts";
import { formatSocketAddress, type SocketAddress } from "../../src/base/ip_address.ts";
import { ROUTE_FILE, WORKLOAD_FILE } from "../../src/config/definition.ts";
import { GATEWAY_FILE } from "../../src/config/gateway_definition.ts";
import { readLayer } from "../../src/config/policy_layer.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { printPrefix, printRule } from "../../src/policy/rule.ts";
import type { GatewaySpec } from "../../src/workload/spec.ts";
import { ConfigDocument } from "../../src/config/document.ts";
import { checkDocument } from "../../src/config/faults.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { jsonSchemaOf } from "../../src/config/json_schema.ts";
import { loadFolder } from "../../src/config/load_folder.ts";
import { schemaFiles } from "../../src/config/schema_files.ts";
import { accepts } from "./json_schema_check.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SCHEMAS = {
  gateway: { definition: GATEWAY_FILE, schema: jsonSchemaOf(GATEWAY_FILE, "") },
  workload: { definition: WORKLOAD_FILE, schema: jsonSchemaOf(WORKLOAD_FILE, "") },
  route: { definition: ROUTE_FILE, schema: jsonSchemaOf(ROUTE_FILE, "") },
} as const;

/** Addresses and policies as the texts that people write. */
function goldenValue(key: string, value: unknown): unknown {
  if (key === "policy") return policyText(value as Policy);
  if (key === "nat64" || key === "trustedProxies") return (value as GatewaySpec["nat64"]).map(printPrefix);
  if (key === "resolver" && value !== undefined) return (value as readonly SocketAddress[]).map(formatSocketAddress);
  if (key === "realPath") return relative(realpathSync(HERE), String(value));
  if (key === "ca" && typeof value === "string") return value.split("\n")[0];
  return value === undefined ? "undefined" : value;
}

/** One line for each level that has to agree. */
function policyText({ off, books }: Policy): readonly string[] {
  const lines = books.map(({ net, allowed, denied, dns }) => {
    const names = dns.names.map(({ name, isSuffix }) => (isSuffix ? `*.${name}` : name)).join(" ");
    const rules = [allowed, denied].map((list) => list.map(({ rule }) => printRule(rule)).join(" "));
    return `${basename(net.file)} ${net.form}: allow ${rules[0]}; deny ${rules[1]}; dns ${
      basename(dns.file)
    } ${dns.form}: ${names}`;
  });
  return off === undefined ? lines : [`off by ${basename(off.file)}`, ...lines];
}

for (const kind of ["valid", "invalid"]) {
  for (const name of readdirSync(join(HERE, kind)).toSorted()) {
    const folder = join(HERE, kind, name);
    test(`loadFolder: ${kind}/${name}`, async () => {
      const { workloads, gateway, diagnostics } = await loadFolder(folder, folderFiles);
      const shownSpecs = existsSync(join(folder, "gateway.jsonc")) ? { gateway, workloads } : workloads;
      const text = kind === "valid" ? `${JSON.stringify(shownSpecs, goldenValue, 2)}\n` : diagnosticsText(diagnostics);
      const shown = text.replaceAll(`${folder}/`, "").replaceAll(folder, ".");
      const golden = join(HERE, "expected", `${kind}-${name}.txt`);
      if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(golden, shown);
      assert.equal(diagnostics.length > 0, kind === "invalid");
      assert.equal(shown, readFileSync(golden, "utf8"));
      assert.ok(!text.includes("s3cret"), "a secret is shown");
      assert.ok(!text.includes("\u001b"), "an escape sequence is shown");
    });
  }
}

test("goldens: each belongs to a folder", () => {
  for (const file of readdirSync(join(HERE, "expected"))) {
    const [, kind = "", name = ""] = /^(valid|invalid)-(.+)\.txt$/.exec(file) ?? [];
    assert.ok(existsSync(join(HERE, kind, name)), file);
  }
});

test("JSON schemas: the files are what the definition says (scripts/schemas.ts writes them)", () => {
  for (const [name, text] of schemaFiles()) {
    assert.equal(readFileSync(join(HERE, "../../src/config", name), "utf8"), text, name);
  }
});

const KINDS = ["gateway", "workload", "route"] as const;

/** Files whose fault a JSON schema cannot see: names that are there twice, and what a pattern means. */
const ONLY_GATEWAY: ReadonlySet<string> = new Set([
  "invalid/duplicate-keys/a/r.route.jsonc",
  "invalid/hosts/a/8.route.jsonc",
  "invalid/paths/a/10.route.jsonc",
  // Bits after a length, prefixes that carry IPv4, the loopback, slips of the finger.
  "invalid/rules/names/workload.jsonc",
]);

test("JSON schemas: they agree with the gateway on each golden file", () => {
  const files = globSync("{valid,invalid}/*/{*/*,gateway}.jsonc", { cwd: HERE }).toSorted();
  let compared = 0;
  for (const file of files) {
    const name = basename(file);
    const kind = KINDS.find((each) => name === `${each}.jsonc` || name.endsWith(`.${each}.jsonc`));
    if (kind === undefined || !existsSync(join(HERE, file)) || /dist|node_modules|linked-files/.test(file)) continue;
    const text = readFileSync(join(HERE, file), "utf8");
    const document = new ConfigDocument(file, text);
    if (document.syntaxFaults.length > 0) continue;
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    assert.equal(errors.length, 0, file);
    const { definition, schema } = SCHEMAS[kind];
    const faults = [...checkDocument<unknown>(document, definition).diagnostics, ...readLayer(document).diagnostics];
    const isFine = faults.length === 0;
    assert.equal(accepts(schema, value), isFine || ONLY_GATEWAY.has(file), file);
    compared++;
  }
  assert.ok(compared > 60, `${compared} files`);
});
