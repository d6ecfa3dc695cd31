/** The text of WASI 0.2 (`wit/*.wit`), as packages that guests are built against. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readText, writeWhole } from "./build_files.ts";

const FOLDER = fileURLToPath(new URL("./wit", import.meta.url));
const NAMES = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"] as const;

/** The version that the text has. */
export const WASI_VERSION = "0.2.12";

/** The text of every WASI package by its name (`io`), under `version` instead of its own. */
export async function wasiPackages(version: string = WASI_VERSION): Promise<ReadonlyMap<string, string>> {
  const packages = await Promise.all(NAMES.map(async (name) => {
    const text = await readText(join(FOLDER, `${name}.wit`));
    return [name, text.replaceAll(`@${WASI_VERSION}`, `@${version}`)] as const;
  }));
  return new Map(packages);
}

/** A package with the one world `guest`. */
export function guestWorld(lines: readonly string[]): string {
  return `package guest:root;\nworld guest {\n${lines.map((line) => `  ${line};\n`).join("")}}\n`;
}

/** Writes a world and the WASI packages it may use into `folder`, as the tools want to find them; gives the folder. */
export async function writeWit(folder: string, world: string, version: string = WASI_VERSION): Promise<string> {
  for (const [name, text] of await wasiPackages(version)) {
    await writeWhole(join(folder, "deps", name, "package.wit"), text);
  }
  await writeWhole(join(folder, "world.wit"), world);
  return folder;
}
