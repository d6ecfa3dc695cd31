/** The component engine's public side: bytes to a compiled component, and from there to instances. */
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { planComponentParts } from "./component_plan.ts";
import { ComponentError } from "./errors.ts";
import { interfaceKeys, planExports } from "./export_plan.ts";
import { bindHost, type HostImports } from "./host_imports.ts";
import type { CoreModule } from "./core_instances.ts";
import { instrumentModuleInSteps } from "./instrument/instrument.ts";
import type { InstrumentedModule } from "./instrument/instrumented_module.ts";
import { stepsInTurns } from "./instrument/steps.ts";
import { ComponentInstance, type InstanceSource, type InstantiateOptions } from "./instance.ts";
import { planComponent } from "./link.ts";
import type { RewrittenModules } from "./module_store.ts";
import { encodeTrampolines } from "./trampoline.ts";
import type { ComponentExport, ComponentImport, CoreModuleRange, LinkPlan } from "./types.ts";

/** What the engine has to know of the host before it sees it. */
export interface CompileOptions {
  /** Host functions that may return a promise: `"wasi:io/poll#[method]pollable.block"`, the interface without its version. */
  readonly suspending: ReadonlySet<string>;
  /** Guests mark the pages that they write, so that only these have to be put back: for components that are recycled often. */
  readonly tracksWrites?: boolean;
}

/** What was made of the same bytes before, by the same program. */
export interface KeptComponent {
  /** Undefined: nothing; the modules are rewritten, and given to `onRewritten`. */
  readonly modules: RewrittenModules | undefined;
  readonly onRewritten: (modules: RewrittenModules) => void;
}

/** A component whose core modules are compiled; makes any number of instances. */
export class CompiledComponent {
  readonly imports: readonly ComponentImport[];
  readonly exports: ReadonlyMap<string, ComponentExport>;
  /** Pages (64 KiB each) that all memories of an instance have from the start: a smaller budget is of no use. */
  readonly memoryPagesMin: number;
  /** Likewise the elements of its tables. */
  readonly tableElementsMin: number;
  /** Memories that an instance takes of the runtime, maps of written pages included, whatever their sizes. */
  readonly memoryCount: number;
  readonly #source: InstanceSource;

  /** Use `compileComponent`. */
  constructor(source: InstanceSource, { memoryCount }: { readonly memoryCount: number }) {
    this.#source = source;
    this.memoryCount = memoryCount;
    this.imports = source.plan.link.imports;
    this.exports = source.plan.link.exports;
    this.memoryPagesMin = source.memoryPagesMin;
    this.tableElementsMin = source.tableElementsMin;
  }

  /**
   * Whether instances would find all they import; runs nothing.
   * @throws {ComponentError} reason "import", as `instantiate` does
   */
  checkImports(imports: HostImports): void {
    bindHost(this.#source.plan.needs, imports);
  }

  /**
   * Makes an instance; start functions run here, and may wait.
   * @throws {ComponentError} reason "import", with everything that is missing and what is offered; reason "limit" when its
   * memories and tables cannot be had
   * @throws {WebAssembly.RuntimeError} the trap of a start function
   */
  async instantiate(imports: HostImports, options: InstantiateOptions = {}): Promise<ComponentInstance> {
    return ComponentInstance.open(this.#source, imports, options);
  }
}

/**
 * Parses, links, validates and compiles a component; once per component. Core modules compile in parallel, off the thread.
 *
 * @example
 * const component = await compileComponent(bytes, { suspending: new Set(["wasi:io/poll#poll"]) });
 * const instance = await component.instantiate(imports);
 * await instance.findInterface("wasi:cli/run")?.run();
 *
 * @throws {ComponentError}
 */
export async function compileComponent(
  bytes: Uint8Array,
  options: CompileOptions,
  kept?: KeptComponent,
): Promise<CompiledComponent> {
  const link = planComponent(bytes);
  const plan = planComponentParts(link, options.suspending);
  const exports = planExports(link.exports, plan);
  const { tracksWrites = false } = options;
  const used = new Set(link.coreInstances.map((instance) => instance.module));
  const rewritten: (InstrumentedModule | null)[] = link.modules.map((_, index) => kept?.modules?.[index] ?? null);
  const [trampolines, ...modules] = await Promise.all([
    plan.trampolines.length === 0 ? null : WebAssembly.compile(encodeTrampolines(plan.trampolineSignatures)),
    ...link.modules.map(async ({ start, end }, index) => {
      if (!used.has(index)) return null;
      const made = rewritten[index] ??= await rewriteModule(bytes, { start, end, tracksWrites });
      return await compileModule(made, start);
    }),
  ]);
  if (kept !== undefined && kept.modules === undefined) kept.onRewritten(rewritten);
  return new CompiledComponent({
    plan,
    modules,
    trampolines: trampolines ?? null,
    exports,
    interfaceKeys: interfaceKeys(exports),
    ...firstSizes(link, modules),
    firstState: null,
  }, { memoryCount: countMemories(link, modules) });
}

/** Modules that are given a memory share its one map. */
function countMemories(link: LinkPlan, modules: readonly (CoreModule | null)[]): number {
  let own = 0;
  let maps = 0;
  let sharing = 0;
  for (const { module } of link.coreInstances) {
    const { memories = [], writtenMaps = [] } = modules[module]?.facts ?? {};
    own += memories.filter(({ imported }) => imported === null).length;
    maps += writtenMaps.filter(({ kind }) => kind === "export").length;
    sharing += writtenMaps.filter(({ kind }) => kind === "import").length;
  }
  return own + maps + Math.min(own, sharing);
}

/** What the memories and tables of all core instances have from the start. */
function firstSizes(
  link: LinkPlan,
  modules: readonly (CoreModule | null)[],
): Pick<InstanceSource, "memoryPagesMin" | "tableElementsMin"> {
  let pages = 0n;
  let elements = 0n;
  for (const { module } of link.coreInstances) {
    const facts = modules[module]?.facts;
    for (const memory of facts?.memories ?? []) pages += memory.imported === null ? memory.minPages : 0n;
    for (const table of facts?.tables ?? []) elements += table.imported === null ? table.minElements : 0n;
  }
  return { memoryPagesMin: Number(pages), tableElementsMin: Number(elements) };
}

function rewriteModule(
  component: Uint8Array,
  options: CoreModuleRange & { readonly tracksWrites: boolean },
): Promise<InstrumentedModule> {
  return stepsInTurns(instrumentModuleInSteps(component, options), nextEventLoopTurn);
}

/** Compiles what was rewritten; it came from `offset` of the component. */
async function compileModule({ bytes, ...facts }: InstrumentedModule, offset: number): Promise<CoreModule> {
  try {
    const module = await WebAssembly.compile(bytes);
    const hasHooks = WebAssembly.Module.imports(module).some((item) => item.module === facts.importModule);
    return { module, facts, hasHooks };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ComponentError("malformed", `Cannot compile a core module: ${reason}`, { offset, cause: error });
  }
}
