/** What the package exports has a sentence, what is called or constructed an example, and the examples have no type error. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, tool } from "../../scripts/tools.ts";
import { ROOT } from "../support/program.ts";

interface Exported {
  readonly name: string;
  readonly kind: string;
  /** The comment before it. */
  readonly doc: string;
}

/** The names of a barrel and what stands before their declarations. */
function exportsOf(barrel: string): readonly Exported[] {
  const text = readFileSync(join(ROOT, barrel), "utf8");
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "(.+?)";/gm)].flatMap(([, list = "", path = ""]) => {
    const source = readFileSync(join(ROOT, barrel, "..", path), "utf8");
    return list.split(",").map((item) => item.trim().replace(/^type /, "")).filter((name) => name !== "").map(
      (name) => {
        const declared = new RegExp(
          `(/\\*\\*(?:(?!\\*/)[^])*\\*/)?\\n(?:// .*\\n)*export (?:async |abstract )?(\\w+) ${name}\\b`,
        ).exec(source);
        assert.ok(declared !== null, `${barrel}: ${name} is not declared in ${path}`);
        return { name, doc: declared[1] ?? "", kind: declared[2] ?? "" };
      },
    );
  });
}

/** Its examples as programs. */
function examplesOf({ doc }: Exported): readonly string[] {
  return doc.split(/@example\b/).slice(1).map((part) =>
    part.split(/^ \* @\w+/m)[0]?.replace(/^ \*(?:\/| ?)/gm, "").trim() ?? ""
  );
}

/** What examples speak of without having made it. */
const GIVEN: Readonly<Record<string, string>> = {
  "src/mod.ts": `declare const Hono: typeof import("hono").Hono;
declare const gateway: import("loopgate").GatewayCore;
declare const cause: unknown;
declare const diagnostics: readonly import("loopgate").Diagnostic[];
`,
  "src/guest/mod.ts": `declare const connection: import("loopgate/guest").Connection;
`,
};

const BARRELS = [
  ["loopgate", "src/mod.ts"],
  ["loopgate/guest", "src/guest/mod.ts"],
  // Its examples are those of docs/testing.md, which run.
  ["loopgate/testing", "src/testing/mod.ts"],
] as const;

for (const [module, barrel] of BARRELS) {
  const found = exportsOf(barrel);
  const given = GIVEN[barrel];

  test(`${module}: every export has a sentence, what is called or made an example`, () => {
    assert.deepEqual(found.filter(({ doc }) => doc === "").map(({ name }) => name), []);
    const called = found.filter(({ kind }) => kind === "function" || kind === "class");
    assert.ok(called.length > 3);
    const without = called.filter((each) => examplesOf(each).length === 0);
    assert.deepEqual(without.map(({ name }) => name), []);
  });

  if (given === undefined) continue;
  test(`${module}: the examples have no type error`, async () => {
    const folder = mkdtempSync(join(ROOT, "test/config/.examples-"));
    try {
      const names = found.map(({ name }) => name);
      for (const [index, example] of found.flatMap(examplesOf).entries()) {
        const used = names.filter((name) =>
          new RegExp(`\\b${name}\\b`).test(example) && !example.includes(`import { ${name}`)
        );
        const imported = example.includes(`from "${module}"`) || used.length === 0
          ? ""
          : `import { ${used.map((name) => isType(found, name)).join(", ")} } from "${module}";\n`;
        writeFileSync(join(folder, `example_${index}.ts`), `${imported}${example}\nexport {};\n`);
      }
      writeFileSync(join(folder, "given.d.ts"), given);
      const base = barrel === "src/mod.ts" ? "../../../tsconfig.json" : "../../../workloads/tsconfig.json";
      const compilerOptions = { noUnusedLocals: false, noEmit: true };
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ extends: base, compilerOptions, include: ["*.ts"], exclude: [] }),
      );
      const { code, output } = await run(tool("tsc"), ["-p", folder]);
      assert.equal(output.trim(), "");
      assert.equal(code, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function isType(found: readonly Exported[], name: string): string {
  const { kind } = found.find((each) => each.name === name) ?? { kind: "" };
  return ["interface", "type"].includes(kind) || ["Connection", "Listener"].includes(name) ? `type ${name}` : name;
}
