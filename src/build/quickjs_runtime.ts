/** The QuickJS that guests are built on: the tool's own, taken out of the program that has it within, and its start fixed. */
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import type { BuildGoal } from "../config/build_definition.ts";
import { hashOf, readBytes, readText } from "./build_files.ts";
import { fixStart } from "./fixed_start.ts";

/** componentize-qjs 0.4.5, runtimes without async exports; the same for every platform. */
const RUNTIMES: Readonly<Record<BuildGoal, { readonly bytes: number; readonly sha256: string }>> = {
  size: { bytes: 956_298, sha256: "51bced91769e0a3cb8bc288d230675b03fca8f97b42723b9f9f1702e6903b6f7" },
  speed: { bytes: 1_497_910, sha256: "25703f010b80efb806f9c35daf9ee6524ad60320c9781b0bae4e234264f8dac5" },
};
/** How a module for dynamic linking begins. */
const BEGINNING = Buffer.from("\0asm\x01\0\0\0\0", "latin1");

/** A runtime for the tool. @throws {Error} when the tool has others than it had */
export async function quickJsRuntime(goal: BuildGoal): Promise<Buffer> {
  const { bytes, sha256 } = RUNTIMES[goal];
  const { buffer, byteOffset, byteLength } = await readBytes(await programOf());
  // A view: it has 40 MB.
  const program = Buffer.from(buffer, byteOffset, byteLength);
  for (let at = program.indexOf(BEGINNING); at >= 0; at = program.indexOf(BEGINNING, at + 1)) {
    const runtime = program.subarray(at, at + bytes);
    if (hashOf(runtime) === sha256) return fixStart(runtime);
  }
  throw new Error("Cannot find the runtime in componentize-qjs: it is another one, expected that of version 0.4.5");
}

/** The tool's native program: there is a package of it for each platform, and one is installed. */
async function programOf(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve("componentize-qjs/package.json");
  const { optionalDependencies } = JSON.parse(await readText(manifest)) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const tool = createRequire(manifest);
  for (const name of Object.keys(optionalDependencies)) {
    try {
      return tool.resolve(name);
    } catch {
      // Of another platform.
    }
  }
  throw new Error("Cannot find the program of componentize-qjs: it is not installed for this platform");
}
