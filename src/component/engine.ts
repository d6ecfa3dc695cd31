/** The component engine's public side: bytes to a compiled component, and from there to instances. */
import { planComponentParts } from "./component_plan.ts";
import { ComponentError } from "./errors.ts";
import { interfaceKeys, planExports } from "./export_plan.ts";
import { bindHost, type HostImports } from "./host_imports.ts";
import { ComponentInstance, type InstanceSource, type InstantiateOptions } from "./instance.ts";
import { planComponent } from "./link.ts";
import { encodeTrampolines } from "./trampoline.ts";
import type { ComponentExport, ComponentImport } from "./types.ts";

/** What the engine has to know of the host before it sees it. */
export interface CompileOptions {
  /** Host functions that may return a promise: `"wasi:io/poll#[method]pollable.block"`, the interface without its version. */
  readonly suspending: ReadonlySet<string>;
}

/** A component whose core modules are compiled; makes any number of instances. */
export class CompiledComponent {
  readonly imports: readonly ComponentImport[];
  readonly exports: ReadonlyMap<string, ComponentExport>;
  readonly #source: InstanceSource;

  /** Use `compileComponent`. */
  constructor(source: InstanceSource) {
    this.#source = source;
    this.imports = source.plan.link.imports;
    this.exports = source.plan.link.exports;
  }

  /**
   * Whether instances would find all they import; runs nothing.
   * @throws {ComponentError} reason "import", as `instantiate` does
   */
  checkImports(imports: HostImports): void {
    bindHost(this.#source.plan.needs, imports);
  }

  /**
   * Makes an instance; start functions run here.
   * @throws {ComponentError} reason "import", with everything that is missing and what is offered
   * @throws {WebAssembly.RuntimeError} the trap of a start function
   */
  async instantiate(imports: HostImports, options: InstantiateOptions = {}): Promise<ComponentInstance> {
    return new ComponentInstance(this.#source, imports, options);
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
export async function compileComponent(bytes: Uint8Array, options: CompileOptions): Promise<CompiledComponent> {
  const link = planComponent(bytes);
  const plan = planComponentParts(link, options.suspending);
  const exports = planExports(link.exports, plan);
  const used = new Set(link.coreInstances.map((instance) => instance.module));
  const [trampolines, ...modules] = await Promise.all([
    plan.trampolines.length === 0 ? null : WebAssembly.compile(encodeTrampolines(plan.trampolineSignatures)),
    ...link.modules.map(({ start, end }, index) =>
      used.has(index) ? compileModule(bytes.slice(start, end), start) : null
    ),
  ]);
  return new CompiledComponent({
    plan,
    modules,
    trampolines: trampolines ?? null,
    exports,
    interfaceKeys: interfaceKeys(exports),
  });
}

async function compileModule(bytes: Uint8Array<ArrayBuffer>, offset: number): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ComponentError("malformed", `Cannot compile a core module: ${reason}`, { offset, cause: error });
  }
}
