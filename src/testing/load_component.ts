/** Components of tests: compiled once for all tests of a process. */
import type { FaultCode } from "../base/fault_codes.ts";
import { fileURLToPath } from "node:url";
import { ComponentCache } from "../component/cache.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { ComponentError } from "../component/errors.ts";
import { fileFault } from "../config/file_reader.ts";
import { folderFiles } from "../config/folder_files.ts";
import { faultOf, missingImports } from "../gateway/component_role.ts";
import { COMPONENT_BYTES_MAX } from "../gateway/load_components.ts";
import { LoopgateError } from "../base/errors.ts";
import { SUSPENDING } from "../host/suspending.ts";
import { loadUndici } from "../network/http_wire_undici.ts";

/** A path, as the process sees it, a file URL, or the bytes of a component. */
export type ComponentSource = string | URL | Uint8Array;

/** What all tests of this process have compiled. */
export const TEST_CACHE = new ComponentCache({ suspending: SUSPENDING, tracksWrites: true });

/** The cache itself keeps nothing; a test file uses few components, each in many tests. */
const KEPT_MAX = 32;
const kept = new Set<CompiledComponent>();

/** Keeps it for later tests. */
export function keepCompiled(component: CompiledComponent): void {
  kept.delete(component);
  kept.add(component);
  for (const oldest of kept) {
    if (kept.size <= KEPT_MAX) break;
    kept.delete(oldest);
  }
}

/**
 * Loads what the gateway's parts load for the first guest that needs it. The time of a test is not the machine's: while they
 * did, it would go on to the next timer, and that is the limit of the request.
 */
export async function loadLateParts(): Promise<void> {
  await loadUndici();
}

/** @throws {LoopgateError} ERR_COMPONENT */
export async function loadTestComponent(source: ComponentSource): Promise<CompiledComponent> {
  const name = nameOfComponent(source);
  const refuse = (fault: FaultCode, is: string, cause: unknown): LoopgateError =>
    new LoopgateError(fault, `Cannot test "${name}": ${is}`, { cause });
  let bytes: Uint8Array;
  try {
    bytes = source instanceof Uint8Array ? source : await folderFiles.read(pathOf(source), COMPONENT_BYTES_MAX);
  } catch (error) {
    throw refuse("LG2007", `${fileFault(error)}, expected a component`, error);
  }
  try {
    const component = await TEST_CACHE.compile(bytes);
    keepCompiled(component);
    return component;
  } catch (error) {
    if (error instanceof ComponentError) throw refuse(error.fault, faultOf(error), error);
    throw error;
  }
}

/** What is missing for a component is the same in every test. */
const missing = new WeakMap<CompiledComponent, string | null>();

/** As `missingImports`, asked once. */
export function missingImportsOnce(component: CompiledComponent): string | undefined {
  let fault = missing.get(component);
  if (fault === undefined) {
    fault = missingImports(component) ?? null;
    missing.set(component, fault);
  }
  return fault ?? undefined;
}

/** The program's name, as in `argv`. */
export function nameOfComponent(source: ComponentSource): string {
  return pathOfComponent(source)?.split(/[\\/]/).at(-1) ?? "component.wasm";
}

/** Where its file is; bytes have none. */
export function pathOfComponent(source: ComponentSource): string | undefined {
  return source instanceof Uint8Array ? undefined : pathOf(source);
}

function pathOf(source: string | URL): string {
  return source instanceof URL ? fileURLToPath(source) : source;
}
