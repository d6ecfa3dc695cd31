/**
 * What `npm pack` carries besides the sources: `dist`, made of `src`. Runtimes strip no types below `node_modules`, so the package
 * has JavaScript, in which every line and column is where it is in the source, and declarations. What the command runs is one file
 * (`dist/cli/main.js`), because a start takes as long to load modules as to do all else.
 */
import { globSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join, relative, sep } from "node:path";
import process from "node:process";
import { bundleModule } from "./start_bundle.ts";
import { ROOT, run, tool } from "./tools.ts";

const SRC = join(ROOT, "src");
const DIST = join(ROOT, "dist");
/** A string that names a file beside: what is imported, and what is run or forked. */
const RELATIVE = /(["'])(\.\.?\/[^"'\n]*)\.ts\1/g;

/** Makes `dist` anew; throws what the compiler says. */
export async function makePackage(): Promise<void> {
  await rm(DIST, { recursive: true, force: true });
  await makeDeclarations();
  const files = globSync("**/*", { cwd: SRC, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(SRC, join(entry.parentPath, entry.name)))
    .filter((file) => !file.endsWith("_test.ts"));
  for (const file of files) {
    await mkdir(dirname(join(DIST, file)), { recursive: true });
    if (file.endsWith(".ts")) await makeModule(file);
    else if (file.endsWith(".mjs")) {
      await writeFile(join(DIST, file), linked(await readFile(join(SRC, file), "utf8"), file));
    } else await cp(join(SRC, file), join(DIST, file));
  }
  const main = join(DIST, "cli/main.js");
  await bundleModule({ input: main, file: main });
}

async function makeModule(file: string): Promise<void> {
  const source = await readFile(join(SRC, file), "utf8");
  const name = basename(file, ".ts");
  const script = linked(stripTypeScriptTypes(source), file);
  const folder = dirname(join(DIST, file));
  await writeFile(join(folder, `${name}.js`), `${script}\n//# sourceMappingURL=${name}.js.map\n`);
  const map = {
    version: 3,
    file: `${name}.js`,
    sources: [relative(folder, join(SRC, file)).split(sep).join("/")],
    names: [],
    // Each line begins where the same line of the source does.
    mappings: script.split("\n").map((_, index) => index === 0 ? "AAAA" : "AACA").join(";"),
  };
  await writeFile(join(folder, `${name}.js.map`), JSON.stringify(map));
}

/** The text of a module with the names of others as they are in `dist`; they are as long, so that columns stay. */
function linked(text: string, file: string): string {
  return text.replaceAll(RELATIVE, (whole, quote: string, path: string) => {
    const isModule = globSync(`${path}.ts`, { cwd: dirname(join(SRC, file)) }).length === 1;
    return isModule ? `${quote}${path}.js${quote}` : whole;
  });
}

/** Declarations of what the package exports, and of no file that these do not need. */
async function makeDeclarations(): Promise<void> {
  const { code, output } = await run(tool("tsc"), ["-p", "scripts/prepack.tsconfig.json"]);
  if (code !== 0) throw new Error(`Cannot make the declarations: the compiler ended with ${code}\n${output}`);
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  const left = Object.values(manifest.exports).flatMap((each) =>
    typeof each === "string" ? [] : [join(ROOT, each.types)]
  );
  const needed = new Set(left);
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    const text = await readFile(file, "utf8");
    for (const [, , path] of text.matchAll(RELATIVE)) {
      const other = join(dirname(file), `${path}.d.ts`);
      if (needed.has(other)) continue;
      needed.add(other);
      left.push(other);
    }
    await writeFile(file, text.replaceAll(RELATIVE, "$1$2.js$1"));
  }
  for (const file of globSync("**/*.d.ts", { cwd: DIST }).map((each) => join(DIST, each))) {
    if (!needed.has(file)) await Promise.all([rm(file), rm(`${file}.map`)]);
  }
}

if (import.meta.main) {
  await makePackage();
  process.stderr.write(`Made ${relative(process.cwd(), DIST) || DIST}\n`);
}
