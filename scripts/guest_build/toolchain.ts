/** What `build_guests.ts` knows of a toolchain, and what the toolchains share: programs, hashes, the adapter, Debian packages. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ROOT, run, type RunOptions } from "../tools.ts";

/** A toolchain and the test guests that it makes. */
export interface Toolchain {
  readonly name: string;
  /** Names of the components: `.cache/guests/<name>.wasm`. */
  readonly guests: readonly string[];
  /** Files and folders, relative to the root, that a change of makes the guests stale. */
  readonly sources: readonly string[];
  /**
   * Makes the toolchain ready, at once when it already is.
   * @throws {ToolchainMissing} when it cannot be made here
   */
  prepare(): Promise<void>;
  /** Builds all guests; throws what the compiler says when a source is wrong. */
  build(guestsFolder: string): Promise<void>;
}

/** A toolchain cannot be made on this machine; its guests are skipped with this reason. */
export class ToolchainMissing extends Error {}

/** Where toolchains and guests are kept between runs; nothing in it is needed by the gateway. */
export const CACHE: string = join(ROOT, ".cache");
/** Where the components are. */
export const GUESTS: string = join(CACHE, "guests");

/** Runs a program whose failure means that the toolchain cannot be made. */
export async function need(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await run(file, args, options).catch((error: unknown) => ({
    code: 127,
    output: String(error),
  }));
  if (code !== 0) throw new ToolchainMissing(`${file} ${args.slice(0, 2).join(" ")}: ${lastLine(output)}`);
  return output;
}

/** Runs a compiler; throws all it said when it failed. */
export async function compile(file: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const { code, output } = await run(file, args, options);
  if (code !== 0) throw new Error(`Cannot build test guests: ${file} ended with ${code}\n${output}`);
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/**
 * Fills `.cache/toolchains/<name>-<key>` once and gives its path. What is cut off halfway is begun anew, what an older
 * key left behind is removed.
 */
export async function once(name: string, key: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const toolchains = join(CACHE, "toolchains");
  const folder = join(toolchains, `${name}-${key}`);
  if (await exists(folder)) return folder;
  await mkdir(toolchains, { recursive: true });
  for (const other of await readdir(toolchains)) {
    if (other.startsWith(`${name}-`)) await rm(join(toolchains, other), { recursive: true, force: true });
  }
  const partial = `${folder}.partial`;
  await mkdir(partial);
  await fill(partial);
  await rename(partial, folder);
  return folder;
}

/** Downloads Debian packages and unpacks them into `folder`, without installing anything. */
export async function unpackDebian(folder: string, packages: readonly string[]): Promise<void> {
  const debs = join(folder, "debs");
  await mkdir(debs);
  await withPackageLists(() => need("sh", ["-c", 'cd "$0" && apt-get download -qq "$@"', debs, ...packages]));
  for (const deb of await readdir(debs)) await need("dpkg-deb", ["-x", join(debs, deb), folder]);
  await rm(debs, { recursive: true });
}

/** What a Debian package depends on, by name. */
export async function debianDepends(name: string): Promise<readonly string[]> {
  const output = await withPackageLists(() => need("apt-cache", ["depends", name]));
  return [...output.matchAll(/^ +Depends: (\S+)$/gm)].map((match) => match[1] ?? "");
}

/** A new machine has no lists of packages, and old lists name versions that Debian has since replaced. */
async function withPackageLists(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ToolchainMissing)) throw error;
    await need("apt-get", ["update", "-qq"]);
    return ask();
  }
}

/** Makes a component of a core module that speaks WASI 0.1. */
export async function adapt(module: Uint8Array, kind: "command" | "reactor"): Promise<Uint8Array> {
  const { componentNew, preview1AdapterCommandPath, preview1AdapterReactorPath } = await import(
    "@bytecodealliance/jco"
  );
  const path = kind === "command" ? preview1AdapterCommandPath() : preview1AdapterReactorPath();
  return componentNew(module, [["wasi_snapshot_preview1", await readFile(path)]]);
}

/** One short hash over texts and the contents of files and folders. */
export async function hashOf(parts: readonly string[], paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part}\0`);
  for (const path of paths) await addPath(hash, path);
  return hash.digest("hex").slice(0, 16);
}

async function addPath(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  const file = join(ROOT, path);
  if (!(await stat(file)).isDirectory()) {
    hash.update(`${path}\0`).update(await readFile(file));
    return;
  }
  for (const name of (await readdir(file)).sort()) await addPath(hash, join(path, name));
}

/** True when there is something at `path`. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
