/**
 * Builds the TypeScript guests of a folder of workloads, where they are missing or stale: a `component` that a workload's
 * files call `dist/<name>.wasm` is made from `src/<name>.ts`. What a build was made of is kept in `dist/.build.json`.
 */
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findNodeAtLocation, parseTree } from "jsonc-parser";
import { buildQuickJsGuest, QUICKJS_TOOLS } from "./guest_build/quickjs.ts";

/** What a component was made of; it is stale as soon as one of these differs. */
interface Stamp {
  /** Hash of the build's own sources and the tools' versions. */
  readonly builder: string;
  /** Source files, relative to the workload, with their hashes. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Hash of the component. */
  readonly output: string;
}

type Stamps = Readonly<Record<string, Stamp>>;

const require = createRequire(import.meta.url);

/** A guest's source is wrong; the message says where. */
export class GuestBuildError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "GuestBuildError";
    // Printed as it is for whoever wrote the guest: the frames of the build itself, and a cause, would hide the place.
    this.stack = message;
  }
}

/** Builds what is missing or stale in every sub-folder of `folder`; prints a line for each guest it builds. */
export async function buildWorkloads(folder: string): Promise<void> {
  const builder = await builderHash();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await buildWorkload(join(folder, entry.name), builder);
  }
}

async function buildWorkload(workload: string, builder: string): Promise<void> {
  const names = await guestNames(workload);
  if (names.length === 0) return;
  const stampFile = join(workload, "dist/.build.json");
  let stamps = await readStamps(stampFile);
  for (const name of names) {
    if (await isFresh(workload, name, stamps[name], builder)) continue;
    const stamp = await buildGuest(workload, name, builder);
    stamps = { ...stamps, [name]: stamp };
    await writeWhole(stampFile, JSON.stringify(stamps, null, 2));
  }
}

async function buildGuest(workload: string, name: string, builder: string): Promise<Stamp> {
  const startedMs = performance.now();
  const scratch = await mkdtemp(join(tmpdir(), "loopgate-guest-"));
  try {
    const { component, inputs } = await buildQuickJsGuest(join(workload, "src", `${name}.ts`), scratch);
    const hashes = await Promise.all(
      inputs.map(async (file) => [relative(workload, file), hash(await readFile(file))] as const),
    );
    await writeWhole(join(workload, "dist", `${name}.wasm`), component);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(
      `built ${basename(workload)}/dist/${name}.wasm in ${seconds} s (${Math.round(component.length / 1024)} KiB)`,
    );
    return { builder, inputs: Object.fromEntries(hashes), output: hash(component) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GuestBuildError(`Cannot build ${basename(workload)}/src/${name}.ts: ${reason}`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function isFresh(workload: string, name: string, stamp: Stamp | undefined, builder: string): Promise<boolean> {
  if (stamp === undefined || stamp.builder !== builder) return false;
  const expected = [[`dist/${name}.wasm`, stamp.output], ...Object.entries(stamp.inputs)] as const;
  const matches = await Promise.all(
    expected.map(async ([file, was]) => (await hashOfFile(join(workload, file))) === was),
  );
  return matches.every(Boolean);
}

/** The names of guests that the workload's files use and that have a source here. */
async function guestNames(workload: string): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const file of (await readdir(workload)).sort()) {
    if (file !== "workload.jsonc" && !file.endsWith(".route.jsonc")) continue;
    // A broken file is reported by the gateway, with line and column; here it names what can be read of it.
    const root = parseTree(await readFile(join(workload, file), "utf8"), [], { allowTrailingComma: true });
    const places = [["component"], ["service", "component"]];
    for (const place of root === undefined ? [] : places) {
      const name = guestName(root === undefined ? undefined : findNodeAtLocation(root, place)?.value);
      if (name !== undefined && await exists(join(workload, "src", `${name}.ts`))) names.add(name);
    }
  }
  return [...names];
}

function guestName(component: unknown): string | undefined {
  return typeof component === "string" ? /^(?:\.\/)?dist\/([\w-]+)\.wasm$/.exec(component)?.[1] : undefined;
}

async function builderHash(): Promise<string> {
  const own = ["./build_workloads.ts", "./guest_build/quickjs.ts", "./guest_build/wit.ts"].map((file) =>
    fileURLToPath(new URL(file, import.meta.url))
  );
  const tools = QUICKJS_TOOLS.map(packageFile);
  const parts = await Promise.all([...own, ...tools].map((file) => readFile(file)));
  return hash(Buffer.concat(parts));
}

/** The manifest of an installed package, found through its main file because not every package exports it. */
function packageFile(name: string): string {
  const main = require.resolve(name);
  const folder = join("node_modules", ...name.split("/"));
  return join(main.slice(0, main.lastIndexOf(folder)), folder, "package.json");
}

async function readStamps(file: string): Promise<Stamps> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Stamps;
  } catch {
    // None yet, or cut off while being written by an older build: everything is built anew.
    return {};
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false);
}

async function hashOfFile(file: string): Promise<string | undefined> {
  return readFile(file).then(hash, () => undefined);
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Nobody ever sees half a file. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

if (import.meta.main) await buildWorkloads(resolve(process.argv[2] ?? "workloads"));
