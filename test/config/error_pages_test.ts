/** Every code is told somewhere, and has a page; the documents have the pages as they are. */
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { errorPages } from "../../scripts/error_pages.ts";
import { FAULT_CODES, faultCodeOf } from "../../src/base/fault_codes.ts";
import { FAULT_PAGES, pageText } from "../../src/cli/fault_pages/pages.ts";
import { ROOT } from "../support/program.ts";

const CODES = Object.keys(FAULT_CODES);
const SOURCES = globSync("src/**/*.{ts,mjs}", { cwd: ROOT })
  .filter((file) => !/_test\.ts$|fault_codes\.ts$|fault_pages/.test(file))
  .map((file) => [file, readFileSync(join(ROOT, file), "utf8")] as const);

test("codes: each is told by the code of the gateway, and none is told that is not one", () => {
  const told = new Set(SOURCES.flatMap(([, text]) => text.match(/\bLG\d{4}\b/g) ?? []));
  assert.deepEqual(CODES.filter((code) => !told.has(code)), [], "codes that nothing tells: use them, or take them out");
  assert.deepEqual([...told].filter((code) => !CODES.includes(code)), [], "no codes: add them to base/fault_codes.ts");
});

test("faults: what is told by hand has a code too", () => {
  const bare = SOURCES.filter(([, text]) => /["'`]error: |fault\("error"\)\}?:/.test(text)).map(([file]) => file);
  assert.deepEqual(bare, [], 'write "error[LG....]: " with a code of base/fault_codes.ts');
});

test("pages: docs/errors is what the pages say (node scripts/error_pages.ts writes it)", () => {
  const pages = errorPages();
  assert.deepEqual(readdirSync(join(ROOT, "docs/errors")).toSorted(), [...pages.keys()].toSorted());
  for (const [name, text] of pages) assert.equal(readFileSync(join(ROOT, "docs/errors", name), "utf8"), text, name);
});

test("pages: each has a heading, a reason and something to do, in sentences", () => {
  for (const [code, { title, cause, fix }] of Object.entries(FAULT_PAGES)) {
    assert.match(title, /[^.]$/, code);
    assert.match(cause, /^\S[^]*\.$/, code);
    assert.match(fix, /^\S[^]*\.$/, code);
    const text = pageText(faultCodeOf(code) ?? assert.fail());
    assert.ok(text.split("\n").every((line) => line.length <= 100), code);
  }
});
