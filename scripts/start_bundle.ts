/**
 * Makes one file of the program's modules (`src/cli/start_bundle.mjs` says why and when it is used). What is loaded late stays in
 * files of its own; the code is not made smaller, so that it can be read.
 */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import process from "node:process";
import { rolldown } from "rolldown";
import { BUNDLES, digestOf, freshBundle, MAIN, MANIFEST, RESOLUTION, versionOf } from "../src/cli/start_bundle.mjs";
import { ROOT } from "./tools.ts";

/** Packages that are loaded late or never: they stay where they are. */
const PACKAGES_APART = /^(?:@opentelemetry\/|prom-client$|undici|rolldown$|@bytecodealliance\/|componentize-qjs)/;

/** A folder of one version. */
const VERSION = /^[0-9a-f]{64}$/;

/** What is bundled, and into what. */
export interface BundleOptions {
  /** The module whose exports the bundle has. */
  readonly input: string;
  /** The file to write; what is loaded late gets files beside it. */
  readonly file: string;
}

/** What the bundler read, by its path. */
export type ReadModules = ReadonlyMap<string, string>;

/** Bundles a module with all that it imports; gives what went into it. */
export async function bundleModule({ input, file }: BundleOptions): Promise<ReadModules> {
  const folder = dirname(file);
  const read = new Map<string, string>();
  const build = await rolldown({
    input,
    cwd: ROOT,
    platform: "node",
    external: PACKAGES_APART,
    // `main` of some packages is a wrapper that no bundler sees through.
    resolve: { mainFields: ["module", "main"] },
    plugins: [{
      name: "own-places",
      transform: (code, id) => {
        if (id.startsWith("\0")) return null;
        read.set(id, code);
        if (!code.includes("import.meta.url")) return null;
        // A module finds files beside itself: it keeps the place that it has.
        const place = JSON.stringify(relative(folder, id).split(sep).join("/"));
        return { code: code.replaceAll("import.meta.url", `new URL(${place}, import.meta.url).href`), map: null };
      },
    }],
    onwarn: (warning) => {
      throw new Error(`Cannot bundle ${input}: ${warning.message}`);
    },
  });
  const { output } = await build.write({
    dir: folder,
    format: "esm",
    entryFileNames: basename(file),
    chunkFileNames: `[name]-[hash]${extname(file)}`,
    sourcemap: true,
  });
  await build.close();
  for (const { fileName } of output.filter(({ fileName }) => fileName.endsWith(".map"))) {
    const map = JSON.parse(readFileSync(join(folder, fileName), "utf8")) as Record<string, unknown>;
    // The sources are where the map says.
    delete map["sourcesContent"];
    writeFileSync(join(folder, fileName), JSON.stringify(map));
  }
  return read;
}

/** Makes the bundle of this clone, unless there is one of its sources as they are. */
export async function makeStartBundle(): Promise<void> {
  if (freshBundle(ROOT) !== undefined) return;
  const folder = join(ROOT, BUNDLES);
  const made = join(folder, `new-${process.pid}`);
  try {
    const resolution = RESOLUTION.map((name) => [name, readFileSync(join(ROOT, name), "utf8")] as const);
    const read = await bundleModule({ input: join(ROOT, "src/cli/main.ts"), file: join(made, MAIN) });
    const texts = new Map([...resolution, ...[...read].map(([id, text]) => [relative(ROOT, id), text] as const)]);
    const sources = [...read.keys()].map((id) => relative(ROOT, id)).toSorted();
    // Of what the bundler read: a source that is edited meanwhile makes a bundle that is stale from its start.
    const version = versionOf(sources, (name: string) => Buffer.from(texts.get(name) ?? ""));
    const manifest = { version, sources, digest: digestOf(join(made, MAIN)) };
    rmSync(join(folder, version), { recursive: true, force: true });
    renameSync(made, join(folder, version));
    const beside = join(folder, `new-${process.pid}.json`);
    writeFileSync(beside, JSON.stringify(manifest, null, 2));
    renameSync(beside, join(folder, MANIFEST));
    removeOthers(folder, version);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** All versions but this one and the newest of the others, which a process that starts just now may have chosen. */
function removeOthers(folder: string, version: string): void {
  const others = readdirSync(folder).filter((name) => VERSION.test(name) && name !== version)
    .map((name) => ({ name, madeMs: statSync(join(folder, name)).mtimeMs }))
    .toSorted((a, b) => b.madeMs - a.madeMs);
  for (const { name } of others.slice(1)) rmSync(join(folder, name), { recursive: true, force: true });
}

if (import.meta.main) await makeStartBundle();
