/**
 * Folders with the text that reading them has to give. `UPDATE_GOLDENS=1` writes the texts; the change is reviewed as code.
 * Each file of the folders is also held against the JSON schemas, which have to agree with the gateway.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse, type ParseError } from "jsonc-parser";
import { diagnosticsText } from "../../src/base/diagnostics_text.ts";
import { ROUTE_FILE, WORKLOAD_FILE } from "../../src/config/definition.ts";
import { ConfigDocument } from "../../src/config/document.ts";
import { checkDocument } from "../../src/config/faults.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { jsonSchemaOf } from "../../src/config/json_schema.ts";
import { loadFolder } from "../../src/config/load_folder.ts";
import { schemaFiles } from "../../src/config/schema_files.ts";
import { accepts } from "./json_schema_check.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SCHEMAS = {
  workload: { definition: WORKLOAD_FILE, schema: jsonSchemaOf(WORKLOAD_FILE, "") },
  route: { definition: ROUTE_FILE, schema: jsonSchemaOf(ROUTE_FILE, "") },
} as const;

for (const kind of ["valid", "invalid"]) {
  for (const name of readdirSync(join(HERE, kind)).toSorted()) {
    const folder = join(HERE, kind, name);
    test(`loadFolder: ${kind}/${name}`, async () => {
      const { workloads, diagnostics } = await loadFolder(folder, folderFiles);
      const text = kind === "valid"
        ? `${
          JSON.stringify(
            workloads,
            (key, value: unknown) => (key === "policy" ? undefined : value === undefined ? "undefined" : value),
            2,
          )
        }\n`
        : diagnosticsText(diagnostics);
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

/** Files whose fault a JSON schema cannot see: names that are there twice, and what a pattern means. */
const ONLY_GATEWAY: ReadonlySet<string> = new Set([
  "invalid/duplicate-keys/a/r.route.jsonc",
  "invalid/hosts/a/8.route.jsonc",
  "invalid/paths/a/10.route.jsonc",
]);

test("JSON schemas: they agree with the gateway on each golden file", () => {
  const files = globSync("{valid,invalid}/*/*/*.jsonc", { cwd: HERE }).toSorted();
  let compared = 0;
  for (const file of files) {
    const name = basename(file);
    const kind = name === "workload.jsonc" ? "workload" : name.endsWith(".route.jsonc") ? "route" : undefined;
    if (kind === undefined || !existsSync(join(HERE, file)) || /dist|node_modules|linked-files/.test(file)) continue;
    const text = readFileSync(join(HERE, file), "utf8");
    const document = new ConfigDocument(file, text);
    if (document.syntaxFaults.length > 0) continue;
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    assert.equal(errors.length, 0, file);
    const { definition, schema } = SCHEMAS[kind];
    const isFine = checkDocument<unknown>(document, definition).diagnostics.length === 0;
    assert.equal(accepts(schema, value), isFine || ONLY_GATEWAY.has(file), file);
    compared++;
  }
  assert.ok(compared > 60, `${compared} files`);
});
