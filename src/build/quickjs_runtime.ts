/** The QuickJS that guests are built on: the tool's own, taken out of the program that has it within, and its start fixed. */
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import type { BuildGoal } from "../config/build_definition.ts";
import { hashOf, readBytes, readText } from "./build_files.ts";
import { fixStart } from "./fixed_start.ts";

/** A runtime within the tool's program. */
interface Runtime {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * componentize-qjs 0.4.5, runtimes without async exports. Each was built with the program that has it: those of Linux are
 * the same, then come macOS on Intel's and on Apple's processors, and Windows.
 */
const RUNTIMES: Readonly<Record<BuildGoal, readonly Runtime[]>> = {
  size: [
    { bytes: 956_298, sha256: "51bced91769e0a3cb8bc288d230675b03fca8f97b42723b9f9f1702e6903b6f7" },
    { bytes: 957_132, sha256: "f9fa7e9f0c610775ab561057c971bc89d9b54c29c028a367e01ff3e70bc75476" },
    { bytes: 957_054, sha256: "40e6dbde8baa33879e1678205ed01d432488e6bb60761da147e66ec23834c2b0" },
    { bytes: 957_313, sha256: "c9f6f5e67fc5353b88856a8782750670715ee5025b1f829438cd4369d110d270" },
  ],
  speed: [
    { bytes: 1_497_910, sha256: "25703f010b80efb806f9c35daf9ee6524ad60320c9781b0bae4e234264f8dac5" },
    { bytes: 1_497_936, sha256: "be9f5e706b5e872019768771b1ae4c427065b626f25b258bf4f990ef558409ad" },
    { bytes: 1_497_939, sha256: "46a26a617e491169d0abf8a56e180a3910ff9842a70d2e2135e42311514770bf" },
    { bytes: 1_498_106, sha256: "fc619766ee7d5f0f6524150bdaae904b60a928553c56627aa124661f6e2cb030" },
  ],
};
/** How a module for dynamic linking begins. */
const BEGINNING = Buffer.from("\0asm\x01\0\0\0\0", "latin1");

/** A runtime for the tool. @throws {Error} when the tool has others than it had */
export async function quickJsRuntime(goal: BuildGoal): Promise<Buffer> {
  const { buffer, byteOffset, byteLength } = await readBytes(await programOf());
  // A view: it has 40 MB.
  const program = Buffer.from(buffer, byteOffset, byteLength);
  for (let at = program.indexOf(BEGINNING); at >= 0; at = program.indexOf(BEGINNING, at + 1)) {
    for (const { bytes, sha256 } of RUNTIMES[goal]) {
      const runtime = program.subarray(at, at + bytes);
      if (hashOf(runtime) === sha256) return fixStart(runtime);
    }
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
