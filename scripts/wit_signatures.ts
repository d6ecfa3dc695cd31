/** Writes src/host/wit_signatures.ts from the WIT of WASI. Run it when another version of WASI comes with jco. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareName } from "../src/component/js_names.ts";
import { funcText } from "../src/component/type_text.ts";
import { compileEverything } from "../test/support/everything.ts";
import { ROOT } from "./tools.ts";

const { imports } = await compileEverything("0.2.12");
const interfaces = new Map<string, ReadonlyMap<string, string>>();
for (const item of imports) {
  if (item.kind !== "instance") continue;
  interfaces.set(bareName(item.name), new Map(item.functions.map(({ name, type }) => [name, funcText(type)])));
}

/** Types with names of their own in WIT, which linking forgets: what is long and stands in several places. */
const LABELLED = /(?:variant|enum|record|flags) \{ [^{}]* \}/g;
const LENGTH_MIN = 40;

const parts: string[] = [];
let texts = [...interfaces.values()].flatMap((functions) => [...functions.values()]);
for (;;) {
  const counts = new Map<string, number>();
  for (const text of [...texts, ...parts]) {
    for (const [part] of text.matchAll(LABELLED)) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const next = [...counts].find(([part, count]) => part.length >= LENGTH_MIN && count > 1)?.[0];
  if (next === undefined) break;
  const place = `$${parts.length}`;
  texts = texts.map((text) => text.replaceAll(next, place));
  for (const [index, part] of parts.entries()) parts[index] = part.replaceAll(next, place);
  parts.push(next);
}

let at = 0;
const lines = [...interfaces].map(([name, functions]) =>
  `  ${JSON.stringify(name)}: {\n${
    [...functions.keys()].map((key) => `    ${JSON.stringify(key)}: ${JSON.stringify(texts[at++])},\n`).join("")
  }  },\n`
);
const source =
  `/** The functions of WASI 0.2 and their types as \`funcText\` writes them. Made by scripts/wit_signatures.ts. */

/** What \`$0\`, \`$1\` and so on stand for in a signature and in later parts. */
export const SIGNATURE_PARTS: readonly string[] = [
${parts.map((part) => `  ${JSON.stringify(part)},\n`).join("")}];

/** By interface without version, and by function. */
export const WIT_SIGNATURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
${lines.join("")}};
`;
writeFileSync(join(ROOT, "src", "host", "wit_signatures.ts"), source);
console.log("src/host/wit_signatures.ts");
