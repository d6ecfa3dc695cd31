/**
 * The tools of other people that builds need. They are no dependencies of the gateway: whoever only serves installs none of
 * them. So before a build process is started, it is looked whether they are there, and which line installs them.
 */
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { LoopgateError } from "../base/errors.ts";
import { hashOf, kindAt, readText } from "./build_files.ts";
import type { JobKind } from "./build_job.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const TOOLS: Readonly<Record<JobKind, readonly string[]>> = {
  quickjs: ["componentize-qjs", "rolldown"],
  starlingmonkey: ["@bytecodealliance/componentize-js", "rolldown"],
  adapt: ["@bytecodealliance/jco"],
};

/** Our own files that shape a component, besides the tools. */
export const OWN_FILES: Readonly<Record<JobKind, readonly string[]>> = {
  quickjs: [
    "bundle.ts",
    "fixed_start.ts",
    "freed_memory.ts",
    "guest_engines.ts",
    "guest_map.ts",
    "guest_source.ts",
    "missing_files.ts",
    "promise_jobs.ts",
    "quickjs.ts",
    "quickjs_runtime.ts",
    "redirect_calls.ts",
    "strip_source.ts",
    "wasm_reader.ts",
    "web_globals.ts",
    "wit.ts",
  ],
  starlingmonkey: [
    "bundle.ts",
    "freed_memory.ts",
    "guest_engines.ts",
    "guest_map.ts",
    "guest_source.ts",
    "missing_files.ts",
    "starlingmonkey.ts",
    "strip_source.ts",
    "wasm_reader.ts",
    "web_globals.ts",
    "wit.ts",
  ],
  adapt: ["adapt.ts", "embed_world.ts", "wasm_reader.ts", "wit.ts"],
};

/**
 * A hash that differs when the tools or our use of them does. `root` is the folder of this package.
 *
 * @throws {LoopgateError} ERR_BUILD with the line that installs what is missing
 */
export async function toolsHash(kind: JobKind, root: string = ROOT): Promise<string> {
  const manifests = await Promise.all(TOOLS[kind].map((name) => manifestOf(name, root)));
  const missing = TOOLS[kind].filter((_, index) => manifests[index] === undefined);
  if (missing.length > 0) throw await missingTools(missing, root);
  const own = await Promise.all(OWN_FILES[kind].map((file) => readText(join(ROOT, "src/build", file))));
  return hashOf(kind, ...manifests.map(String), ...own);
}

/** The text of a package's manifest, where an import from here would find it. */
async function manifestOf(name: string, root: string): Promise<string | undefined> {
  for (let folder = root;; folder = dirname(folder)) {
    const file = join(folder, "node_modules", name, "package.json");
    if (await kindAt(file) === "file") return await readText(file);
    if (folder === dirname(folder)) return undefined;
  }
}

async function missingTools(names: readonly string[], root: string): Promise<LoopgateError> {
  const own = JSON.parse(await readText(join(ROOT, "package.json"))) as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  const packages = names.map((name) => `${name}@${own.peerDependencies[name] ?? "latest"}`).join(" ");
  const what = `Cannot build: ${names.join(" and ")} ${names.length === 1 ? "is" : "are"} not installed`;
  return new LoopgateError(
    "LG6001",
    `${what}, expected beside loopgate\nInstall with: ${await installLine(packages, root)}`,
  );
}

/** Installed in a project, for the whole machine, or a clone: each has its own way. */
async function installLine(packages: string, root: string): Promise<string> {
  const mark = `${sep}node_modules${sep}`;
  const at = root.lastIndexOf(mark);
  if (at < 0) return `cd ${root} && npm install`;
  const project = root.slice(0, at);
  if (await kindAt(join(project, "package.json")) === "file") {
    return `cd ${project} && npm install --save-dev ${packages}`;
  }
  return `npm install --global ${packages}`;
}
