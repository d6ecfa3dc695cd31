/** A core module that speaks WASI 0.1 (as `wasm32-wasip1` makes them) as a component, by the adapter that comes with jco. */
import { componentNew, preview1AdapterCommandPath, preview1AdapterReactorPath } from "@bytecodealliance/jco";
import { fileURLToPath } from "node:url";
import { readBytes } from "./build_files.ts";
import { embedWorld } from "./embed_world.ts";
import { GuestFault } from "./guest_fault.ts";

/** The interfaces that the adapter stands in for. */
const ADAPTED = "wasi_snapshot_preview1";

/**
 * Makes a component of the module in a file: of a program with `_start` a command, of others a reactor.
 *
 * @throws {GuestFault} when it is none of a component's modules
 */
export async function adaptModule(
  file: string,
): Promise<{ readonly component: Uint8Array; readonly inputs: readonly string[] }> {
  const module = await readBytes(file);
  try {
    const isCommand = WebAssembly.Module.exports(new WebAssembly.Module(module.slice())).some(({ name }) =>
      name === "_start"
    );
    const adapter = isCommand ? preview1AdapterCommandPath() : preview1AdapterReactorPath();
    const path = adapter instanceof URL ? fileURLToPath(adapter) : adapter;
    const component = await componentNew(await embedWorld(module.slice()), [[ADAPTED, await readBytes(path)]]);
    return { component, inputs: [file] };
  } catch (error) {
    throw new GuestFault(error, [file]);
  }
}
