/** The text of WASI 0.2 (`wit/*.wit`), as packages that guests are built against. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readText, writeWhole } from "./build_files.ts";

const FOLDER = fileURLToPath(new URL("./wit", import.meta.url));
const NAMES = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"] as const;

/** The version that the text has. */
export const WASI_VERSION = "0.2.12";

/** A package or an interface with its version. */
const PLACE = /wasi:([a-z-]+)(\/[a-z-]+)?@0\.2\.12/g;

/** The version that a package, named as in `wasi:io`, is to have. */
export type VersionOf = (name: string) => string;

const ownVersion: VersionOf = () => WASI_VERSION;

/** The text of every WASI package by its name (`io`), under other versions than its own where it is asked for. */
export async function wasiPackages(versionOf: VersionOf = ownVersion): Promise<ReadonlyMap<string, string>> {
  const packages = await Promise.all(NAMES.map(async (name) => {
    const text = await readText(join(FOLDER, `${name}.wit`));
    return [
      name,
      text.replaceAll(PLACE, (_, named: string, face = "") => `wasi:${named}${face}@${versionOf(named)}`),
    ] as const;
  }));
  return new Map(packages);
}

/** A package with the one world `guest`. */
export function guestWorld(lines: readonly string[]): string {
  return `package guest:root;\nworld guest {\n${lines.map((line) => `  ${line};\n`).join("")}}\n`;
}

/** The world of a component with these imports and exports. */
export function worldOf(
  { imports, exports }: { readonly imports: readonly string[]; readonly exports: readonly string[] },
): string {
  return guestWorld([...imports.map((name) => `import ${name}`), ...exports.map((name) => `export ${name}`)]);
}

/** A world and all WASI packages in one text, for a tool that sees no folder. */
export async function witText(world: string, versionOf: VersionOf): Promise<string> {
  const packages = await wasiPackages(versionOf);
  const nested = [...packages.values()].map((text) => `${text.replace(/^(package [^;]+);/m, "$1 {")}\n}\n`);
  return `${world}\n${nested.join("\n")}`;
}

/** Writes a world and the WASI packages it may use into `folder`, as the tools want to find them; gives the folder. */
export async function writeWit(folder: string, world: string, versionOf: VersionOf = ownVersion): Promise<string> {
  for (const [name, text] of await wasiPackages(versionOf)) {
    await writeWhole(join(folder, "deps", name, "package.wit"), text);
  }
  await writeWhole(join(folder, "world.wit"), world);
  return folder;
}
