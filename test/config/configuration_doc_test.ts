/** docs/configuration.md: its tables are the definition's, and its commands say what the page says. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { serveSynopsis } from "../../src/cli/args/serve.ts";
import { parseCommand } from "../../src/cli/args.ts";
import { ROUTE_FILE, WORKLOAD_FILE } from "../../src/config/definition.ts";
import { GATEWAY_FILE } from "../../src/config/gateway_definition.ts";
import { descriptionOf, entriesOf, type Schema } from "../../src/config/schema_tree.ts";
import {
  type Setting,
  SETTING_NAMES,
  SETTINGS,
  settingsOfVariables,
  textFaultWords,
} from "../../src/config/settings.ts";
import { tableText } from "./limits_table.ts";

const FILE = new URL("../../docs/configuration.md", import.meta.url);

function settingsTable(): readonly (readonly string[])[] {
  const rows = SETTING_NAMES.map((name) => {
    const { flag, form, placeholder, variable, about, standard }: Setting<unknown> = SETTINGS[name];
    const shown = form === "switch" ? `--[no-]${flag.slice(2)}` : `${flag} ${placeholder?.replace("|", "\\|")}`;
    return [`\`${shown}\`${form === "list" ? "..." : ""}`, `\`${variable}\``, `\`"${name}"\``, standard, about];
  });
  return [["flag", "variable", "key", "default", "what it is"], ...rows];
}

/** Keys of a file and of the objects in it, one level deep, with what the definition says of each. */
function keysTable(head: string, file: Schema): readonly (readonly string[])[] {
  const rows = Object.entries(entriesOf(file)).flatMap(([key, schema]) => {
    const own = descriptionOf(schema);
    const inner = Object.entries(entriesOf(schema)).map((
      [each, part],
    ) => [`\`${key}.${each}\``, cell(descriptionOf(part))]);
    // Limits have a table of their own.
    const isLimits = key === "limits" || key === "process" || key === "listener";
    return [[`\`${key}\``, cell(own)], ...(isLimits ? [] : inner)];
  });
  return [[head, "what it is"], ...rows];
}

function cell(text = ""): string {
  const sentence = text === "" ? "" : `${text[0]?.toUpperCase()}${text.slice(1)}`;
  return sentence.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("<", "&lt;").replaceAll("\n", " ");
}

/** How wide a column is, the formatter decides. */
function bare(text: string): string {
  return text.replace(/ {2,}/g, " ").replace(/-{2,}/g, "-");
}

const TABLES = [
  settingsTable(),
  keysTable("key of gateway.jsonc", GATEWAY_FILE),
  keysTable("key of workload.jsonc", WORKLOAD_FILE),
  keysTable("key of a route file", ROUTE_FILE),
];

for (const table of TABLES) {
  const [first = "", second = ""] = table[0] ?? [];
  test(`docs/configuration.md: the table of ${first} (UPDATE_GOLDENS=1 writes it)`, () => {
    const found = new RegExp(`^\\| ${first} +\\| ${second}[^]*?\\n(?!\\|)`, "m");
    const text = readFileSync(FILE, "utf8");
    assert.match(text, found);
    const written = text.replace(found, () => `${tableText(table)}\n`);
    if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(FILE, written);
    assert.equal(bare(readFileSync(FILE, "utf8")), bare(written));
  });
}

test("docs/configuration.md: every key says what it is", () => {
  for (const table of TABLES) {
    for (const [key, ...cells] of table) assert.ok(cells.every((each) => each !== ""), `${key}`);
  }
});

test("docs/configuration.md: its commands are read", () => {
  const text = readFileSync(FILE, "utf8");
  const lines = [...text.matchAll(/^((?:[A-Z_]+=\S* )*)loopgate (.+)$/gm)];
  assert.ok(lines.length >= 4);
  for (const [, assigned = "", words = ""] of lines) {
    const command = parseCommand(words.split(" "));
    assert.equal(command.kind, "serve");
    const variables = Object.fromEntries(assigned.trim().split(" ").map((each) => each.split(/=(.*)/, 2)));
    settingsOfVariables(variables, SETTING_NAMES, (variable, fault) => assert.fail(variable + textFaultWords(fault)));
  }
});

test("README.md: it shows how serve is called", () => {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  assert.ok(text.includes(`\n${serveSynopsis("")}\n`), serveSynopsis(""));
});
