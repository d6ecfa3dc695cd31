/** The WASI text that comes with jco, as packages that guests are built against. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const BUILTIN = join(dirname(require.resolve("@bytecodealliance/jco")), "../lib/wit/builtin");

/** The newest version of WASI 0.2, whose text jco has whole. */
export const WASI_VERSION = "0.2.12";

/** The text of every WASI package by its name (`io`), under `version` instead of its own. */
export async function wasiPackages(version: string = WASI_VERSION): Promise<ReadonlyMap<string, string>> {
  const packages = new Map<string, string>();
  for (const entry of (await readdir(join(BUILTIN, WASI_VERSION))).sort()) {
    const name = entry.replace(/^wasi-/, "");
    const text = await wasiText(WASI_VERSION, name);
    packages.set(name, text.replaceAll(`@${WASI_VERSION}`, `@${version}`));
  }
  return packages;
}

/** The text of one package in a version that jco has, whole or in part. */
export function wasiText(version: string, name: string): Promise<string> {
  return readFile(join(BUILTIN, version, `wasi-${name}`, "package.wit"), "utf8");
}

/** A package with the one world `guest`. */
export function guestWorld(lines: readonly string[]): string {
  return `package guest:root;\nworld guest {\n${lines.map((line) => `  ${line};\n`).join("")}}\n`;
}

/** Writes a world and the WASI packages it may use into `folder`, as the tools want to find them; gives the folder. */
export async function writeWit(folder: string, world: string, version: string = WASI_VERSION): Promise<string> {
  for (const [name, text] of await wasiPackages(version)) {
    await mkdir(join(folder, "deps", name), { recursive: true });
    await writeFile(join(folder, "deps", name, "package.wit"), text);
  }
  await writeFile(join(folder, "world.wit"), world);
  return folder;
}
