/** What wasm-tools says of a component, for tests that ask it about broken ones. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../scripts/tools.ts";

/** The part of jco's copy of wasm-tools that is needed. */
interface WasmTools {
  readonly $init: Promise<void>;
  readonly tools: { componentWit(bytes: Uint8Array): string };
}

const FILE = join(ROOT, "node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js");

let instance: WasmTools | undefined;
let instances = 0;

/**
 * Whether the reference takes it. Some broken components make it trap, and then it refuses everything that follows; so it has an
 * instance of its own here, beside the one that reads texts, and a new one after each trap.
 */
export async function isValid(bytes: Uint8Array): Promise<boolean> {
  instance ??= await import(`${pathToFileURL(FILE).href}?instance=${instances++}`) as WasmTools;
  await instance.$init;
  try {
    instance.tools.componentWit(bytes);
    return true;
  } catch (error) {
    // What it says of the component does not matter here.
    const isAnswer = error instanceof Error && "payload" in error;
    if (!isAnswer) instance = undefined;
    return false;
  }
}
