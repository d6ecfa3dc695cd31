/** Builds one TypeScript guest into a component: rolldown bundles it, componentize-js puts it on top of StarlingMonkey. */
import { componentize } from "@bytecodealliance/componentize-js";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { writeProgram, writeWhole } from "./build_files.ts";
import { type Bundle, bundleGuest } from "./bundle.ts";
import { buildVersionOf, replaceBuildVersion } from "./guest_engines.ts";
import { GuestFault } from "./guest_fault.ts";
import { BUNDLE_FILE } from "./guest_map.ts";
import type { BuiltGuest } from "./quickjs.ts";
import { dropFreed } from "./strip_source.ts";
import { witText, worldOf } from "./wit.ts";

/** The interface that gives a network, while a guest is built. */
const NETWORK = `wasi:sockets/instance-network@${buildVersionOf("sockets", "starlingmonkey")}`;
/** How the tool's bindings call the class of a network. */
const NETWORK_CLASS = "import_network_0_9_10$Network";
/** Most modules are loaded in two. The tool does it in a process that is not ended with ours. */
const LOAD_CPU_SECONDS_MAX = 20;

/**
 * @param scratch a folder that the build may fill
 * @throws {GuestFault} where the source is wrong
 */
export async function buildStarlingMonkeyGuest(entry: string, scratch: string): Promise<BuiltGuest> {
  const bundle = await bundleGuest(resolve(entry), "starlingmonkey");
  const sourcePath = join(scratch, BUNDLE_FILE);
  await writeWhole(sourcePath, bundle.code + networkClass(bundle));
  try {
    // `witWorld` is the text itself; the tool's types know only the path of a folder.
    const options = {
      sourcePath,
      witWorld: await witText(worldOf(bundle), (name) => buildVersionOf(name, "starlingmonkey")),
      worldName: "guest",
      // The engine's own; a guest has ours, over what it imports itself.
      disableFeatures: ["http" as const, "fetch-event" as const],
      wizerBin: await boundedWizer(scratch),
    };
    const { component } = await componentize(options);
    return { component: dropFreed(replaceBuildVersion(component)), map: bundle.map, inputs: bundle.inputs };
  } catch (error) {
    throw new GuestFault(loadFault(error), bundle.inputs, bundle);
  }
}

/** What the tool says of first lines that throw or do not end, as it is said on the other engine. */
function loadFault(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith("Failed to initialize component")) return error;
  const { message } = error;
  if (/^Process was killed by signal: SIG(?:KILL|XCPU)$/m.test(message)) {
    const what = `its first lines did not end within ${LOAD_CPU_SECONDS_MAX} s of computing`;
    return new Error(`Cannot build: ${what}, expected a module that can be loaded`);
  }
  const thrown = /^Exception while evaluating top-level script\n(?:\S+:\d+:\d+ )?([^\n]*)/m.exec(message)?.[1];
  if (thrown === undefined) return error;
  const [stack = ""] = /(?<=^Stack:\n)(?: {2}.*\n?)+/m.exec(message) ?? [];
  return new Error(`Cannot load it: ${thrown}\n${stack.replaceAll(/^ +/gm, "    at ")}`.trimEnd());
}

/**
 * The tool's bindings make objects of a class that they forget to declare when it has no methods. They are in a realm of
 * their own, whose global object has what its `Object.prototype` has.
 */
function networkClass({ imports }: Bundle): string {
  if (!imports.includes(NETWORK)) return "";
  return `
import { instanceNetwork as __instanceNetwork } from ${JSON.stringify(NETWORK)};
Object.defineProperty(Object.getPrototypeOf(Object.getPrototypeOf(__instanceNetwork)), ${
    JSON.stringify(NETWORK_CLASS)
  }, {
  value: class Network { [Symbol.dispose]() {} },
});
`;
}

/** The program that loads the module, with a limit on its CPU time where the system has one. */
async function boundedWizer(scratch: string): Promise<string> {
  // The tool's own, wherever it is installed.
  const tool = createRequire(import.meta.resolve("@bytecodealliance/componentize-js"));
  const wizer = createRequire(tool.resolve("@bytecodealliance/wizer"));
  const { default: program } = wizer(`@bytecodealliance/wizer-${process.platform}-${process.arch}`) as Wizer;
  if (process.platform === "win32") return program;
  const quoted = `'${program.replaceAll("'", String.raw`'\''`)}'`;
  const script = `#!/bin/sh\nulimit -t ${LOAD_CPU_SECONDS_MAX}\nexec ${quoted} "$@"\n`;
  return await writeProgram(join(scratch, "wizer.sh"), script);
}

/** A package that has the program for one platform. */
interface Wizer {
  /** Its path. */
  readonly default: string;
}
