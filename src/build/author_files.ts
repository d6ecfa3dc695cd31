/**
 * What an author's editor needs, in `.loopgate` of a workload: types (WASI's too), JSON schemas, the text of WASI. It is made of what is
 * installed here, so it is not the author's to keep: a workload whose own files refer to it gets it anew when it differs.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GuestEngine } from "../config/build_definition.ts";
import { schemaFiles } from "../config/schema_files.ts";
import { kindAt, readText, writeWhole } from "./build_files.ts";
import { GUEST_VERSION } from "./guest_engines.ts";
import { guestTypes } from "./guest_types.ts";
import { guestWorld, WASI_VERSION, wasiPackages } from "./wit.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = ".loopgate";

/** Packages that a guest gets from the gateway's own installation when it has none of its own, and where their types are. */
const SHARED_PACKAGES = { hono: "dist/types" } as const;

/** Writes what is missing or different. `files` are those of the workload that may refer to it, `engine` what it is built on. */
export async function refreshAuthorFiles(
  folder: string,
  files: readonly string[],
  engine: GuestEngine = "quickjs",
): Promise<void> {
  const texts = await Promise.all(
    [...files, join(folder, "tsconfig.json")].map((file) => readText(file).catch(() => "")),
  );
  if (!texts.some((text) => text.includes(`${FOLDER}/`))) return;
  for (const [name, text] of await authorFiles(engine)) {
    const file = join(folder, FOLDER, name);
    if (await readText(file).catch(() => undefined) !== text) await writeWhole(file, text);
  }
}

async function authorFiles(engine: GuestEngine): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>(schemaFiles());
  files.set("tsconfig.json", `${JSON.stringify(await compilerOptions(), undefined, 2)}\n`);
  const packages = await wasiPackages();
  for (const [name, text] of packages) files.set(`wit/deps/${name}/package.wit`, text);
  files.set("wasi.d.ts", guestTypes(packages.values(), GUEST_VERSION, engine));
  files.set(
    "wit/world.wit",
    guestWorld([`include wasi:http/proxy@${WASI_VERSION}`, `include wasi:cli/imports@${WASI_VERSION}`]),
  );
  return files;
}

async function compilerOptions(): Promise<unknown> {
  const paths: Record<string, readonly string[]> = { "loopgate/guest": [join(ROOT, "src/guest/mod.ts")] };
  for (const [name, types] of Object.entries(SHARED_PACKAGES)) {
    const installed = await installedFolder(name);
    if (installed === undefined) continue;
    paths[name] = [`../node_modules/${name}`, installed];
    paths[`${name}/*`] = [`../node_modules/${name}/${types}/*`, join(installed, types, "*")];
  }
  return {
    files: ["wasi.d.ts"],
    compilerOptions: {
      target: "esnext",
      module: "esnext",
      moduleResolution: "bundler",
      // What a guest has not (the page, storage, workers) is an error when it is built or run.
      lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      noEmit: true,
      paths,
    },
  };
}

/** Where a package of the gateway's own is. */
async function installedFolder(name: string): Promise<string | undefined> {
  for (let folder = ROOT;; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (await kindAt(found) === "folder") return found;
    if (folder === dirname(folder)) return undefined;
  }
}
