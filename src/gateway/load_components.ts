/** Reads, compiles and checks every component that a folder names; what cannot be used is told where it is named. */
import type { FaultCode } from "../base/fault_codes.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { formatByteSize } from "../base/quantity.ts";
import type { ComponentCache } from "../component/cache.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { ComponentError } from "../component/errors.ts";
import { ConfigDocument } from "../config/document.ts";
import { nodeAt } from "../config/faults.ts";
import { fileFault, type FileReader, joinPath } from "../config/file_reader.ts";
import { ROUTE_LIMIT_KEYS } from "../config/limit_keys.ts";
import { readText } from "../config/read_text.ts";
import { WORKLOAD_NAME } from "../config/workload_folder.ts";
import { INCOMING_HANDLER } from "../instance/handler.ts";
import { COMMAND_RUN } from "../workload/service_run.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { faultOf, missingImports, roleFault } from "./component_role.ts";

/** The largest component file. A JavaScript engine with its program has 12 MiB; this keeps a mistaken file out of memory. */
export const COMPONENT_BYTES_MAX = 64 * 1024 * 1024;

const PAGE_BYTES = 65_536;
const MIB = 1024 * 1024;

/** One place where a file names a component. */
interface ComponentUse {
  /** The component's file. */
  readonly component: string;
  /** The interface that it has to export there. */
  readonly exported: string;
  /** The file that names it. */
  readonly file: string;
  readonly key: readonly string[];
  /** What its instances may have there. */
  readonly memoryBytesMax: number;
  /** Its instances are put back after each request, which is dear unless their writes are tracked. */
  readonly isPutBack: boolean;
}

/** What the folder's components came to. */
export interface LoadedComponents {
  /** By path, as the specs name it. */
  readonly components: ReadonlyMap<string, CompiledComponent>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Files that are in memory at a time, while they are read and compiled: a thousand of 12 MiB would be too many. */
const LOADING_MAX = 4;

/** Each file is compiled once, a few of them side by side. */
export async function loadComponents(
  workloads: readonly WorkloadSpec[],
  options: { readonly cache: ComponentCache; readonly files: FileReader },
): Promise<LoadedComponents> {
  const uses = workloads.flatMap(usesOf);
  const paths = [...new Set(uses.map((use) => use.component))];
  const loaded = new Map<string, CompiledComponent | UseFault>();
  // Tracking costs compute some per cent more: what only services and kept instances use does without.
  const putBack = new Set(uses.filter((use) => use.isPutBack).map((use) => use.component));
  // One list for all of them: each takes what is next.
  const left = paths.values();
  const loadNext = async (): Promise<void> => {
    for (const path of left) {
      loaded.set(path, await loadOne(path, { ...options, tracksWrites: putBack.has(path) }));
    }
  };
  await Promise.all(Array.from({ length: LOADING_MAX }, loadNext));

  const components = new Map<string, CompiledComponent>();
  const diagnostics: Diagnostic[] = [];
  for (const use of uses) {
    const component = loaded.get(use.component);
    if (component === undefined) continue;
    const fault = "is" in component ? component : useFault(component, use);
    if (fault !== undefined) diagnostics.push(await diagnosticOf(use, fault, options.files));
    else if (!("is" in component)) components.set(use.component, component);
  }
  return { components, diagnostics };
}

function usesOf(workload: WorkloadSpec): readonly ComponentUse[] {
  const uses: ComponentUse[] = workload.routes.map((route) => ({
    component: route.component,
    exported: INCOMING_HANDLER,
    file: route.file,
    key: ["component"],
    memoryBytesMax: route.limits.memoryBytesMax,
    isPutBack: route.instance.kind === "fresh",
  }));
  if (workload.service !== undefined) {
    const file = joinPath(workload.folder, WORKLOAD_NAME);
    const { component, limits: { memoryBytesMax } } = workload.service;
    uses.push({
      component,
      exported: COMMAND_RUN,
      file,
      key: ["service", "component"],
      memoryBytesMax,
      isPutBack: false,
    });
  }
  return uses;
}

/** What is wrong with the use of a component, as the middle of a sentence. */
interface UseFault {
  readonly code: FaultCode;
  readonly is: string;
  readonly fix?: string;
}

function useFault(component: CompiledComponent, use: ComponentUse): UseFault | undefined {
  const role = roleFault(component, use.exported);
  if (role !== undefined) return { code: "LG2005", is: role };
  const missing = missingImports(component);
  return missing === undefined ? memoryFault(component, use) : { code: "LG2004", is: missing };
}

/** Its memories are larger from the start than the limit: every instance of it would be refused. */
function memoryFault({ memoryPagesMin }: CompiledComponent, use: ComponentUse): UseFault | undefined {
  const { memoryBytesMax, key } = use;
  const needed = memoryPagesMin * PAGE_BYTES;
  if (needed <= memoryBytesMax) return undefined;
  const is = `its instances have ${formatByteSize(needed)} of memory from the start and may have ` +
    `${formatByteSize(memoryBytesMax)}, expected a limit that is no smaller`;
  if (needed > ROUTE_LIMIT_KEYS.memory.max) return { code: "LG2006", is };
  const limits = `"limits": { "memory": "${formatByteSize(Math.ceil(needed / MIB) * MIB)}" }`;
  return { code: "LG2006", is, fix: key[0] === "service" ? `write ${limits} in "service"` : `write ${limits}` };
}

/** The component, or what is wrong with it. */
async function loadOne(
  path: string,
  options: { readonly cache: ComponentCache; readonly files: FileReader; readonly tracksWrites: boolean },
): Promise<CompiledComponent | UseFault> {
  let bytes: Uint8Array;
  try {
    bytes = await options.files.read(path, COMPONENT_BYTES_MAX);
  } catch (error) {
    return { code: "LG2007", is: `${fileFault(error)}, expected a readable component` };
  }
  try {
    return await options.cache.compile(bytes, { tracksWrites: options.tracksWrites });
  } catch (error) {
    if (error instanceof ComponentError) return { code: error.fault, is: faultOf(error) };
    throw error;
  }
}

/** Where the file names the component. The file was read without fault a moment ago; should it have gone, its start is named. */
async function diagnosticOf(use: ComponentUse, { code, is, fix }: UseFault, files: FileReader): Promise<Diagnostic> {
  const message = `Cannot use "${use.key.join(".")}" (${use.component}): ${is}`;
  const start = { code, file: use.file, line: 1, column: 1, message, ...(fix === undefined ? {} : { fix }) };
  let document: ConfigDocument;
  try {
    document = new ConfigDocument(use.file, (await readText(use.file, files)).text);
  } catch {
    // The fault that matters is the component's, and it is in the message.
    return start;
  }
  if (document.root === undefined) return start;
  return document.fault(code, nodeAt(document.root, use.key).offset, message, fix);
}
