/** The core instances of one component instance: made in start order, with what instrumentation added to them bound. */
import { ComponentError } from "./errors.ts";
import { GROW_BYTES, INSTANCE_BYTES } from "./fuel.ts";
import type { PageBudget } from "./guest_meter.ts";
import type { InstanceState } from "./instance_state.ts";
import {
  EXPORT_NAMES,
  IMPORT_NAMES,
  type InstrumentedModule,
  type ModuleMemory,
} from "./instrument/instrumented_module.ts";
import { promising, Suspending } from "./jspi.ts";
import { TableBudget } from "./table_budget.ts";
import { trapOfGuest } from "./trap.ts";
import type { CoreArgument, CoreRef, LinkPlan } from "./types.ts";
import { VirtualMemory } from "./virtual_memory.ts";

/** A core module of a component, ready for any instance. */
export interface CoreModule {
  readonly module: WebAssembly.Module;
  readonly facts: Omit<InstrumentedModule, "bytes">;
  /** It has any of the added imports. */
  readonly hasHooks: boolean;
}

/** A core instance that was made. */
export interface CoreInstance {
  readonly facts: CoreModule["facts"];
  readonly exports: WebAssembly.Exports;
}

/** What core instances are made of. */
export interface CoreInstancesOptions {
  /** By module number; null where no core instance needs it. */
  readonly modules: readonly (CoreModule | null)[];
  readonly link: LinkPlan;
  readonly state: InstanceState;
  readonly pages: PageBudget;
  readonly tables: TableBudget;
  readonly builtin: (index: number) => WebAssembly.ImportValue;
  /** A core instance is there; its start function has not run. */
  readonly onMade: (index: number) => void;
}

type ImportItems = Record<string, WebAssembly.ImportValue>;

/** All core instances of one component instance. */
export class CoreInstances {
  readonly made: CoreInstance[] = [];
  /** The memories that they define. */
  readonly memories: VirtualMemory[] = [];
  readonly #options: CoreInstancesOptions;
  readonly #byMemory = new Map<WebAssembly.Memory, VirtualMemory>();
  /** The budget of the instance, with the time that growing takes charged to the guest. */
  readonly #pages: PageBudget;
  readonly #tick: WebAssembly.ImportValue;
  readonly #yield: WebAssembly.ImportValue;

  constructor(options: CoreInstancesOptions) {
    this.#options = options;
    const { state, pages } = options;
    this.#pages = {
      take(count) {
        state.fuel.charge(GROW_BYTES);
        return pages.take(count);
      },
      giveBack: (count) => pages.giveBack(count),
    };
    this.#tick = () => state.tick();
    this.#yield = new Suspending(() => state.turn());
  }

  /**
   * Makes them from number `from` on. A promise when there are start functions: each ends before the next one is made. Or
   * when there are so many core instances that the guest has to wait for its turn between two.
   */
  start(from = 0): Promise<void> | undefined {
    const { link, state, onMade } = this.#options;
    state.fuel.run();
    for (let index = from; index < link.coreInstances.length; index++) {
      const instance = this.#make(index);
      this.made.push(instance);
      onMade(index);
      if (instance.facts.hasStart) return this.#runStart(instance).then(() => this.start(index + 1));
      state.checkAlive();
      const turn = this.#turnAfter(index);
      if (turn !== undefined) return turn.then(() => this.start(index + 1));
    }
    return undefined;
  }

  /** A promise when the guest is to wait before the next one is made. */
  #turnAfter(index: number): Promise<unknown> | undefined {
    const { link: { coreInstances, modules }, state } = this.#options;
    const { start, end } = modules[coreInstances[index]?.module ?? -1] ?? { start: 0, end: 0 };
    state.fuel.charge(INSTANCE_BYTES + end - start);
    return index + 1 < coreInstances.length ? state.turnIfDue() : undefined;
  }

  /** The memory behind what a core instance exports. */
  virtual(memory: WebAssembly.Memory): VirtualMemory {
    const found = this.#byMemory.get(memory);
    if (found === undefined) throw new ComponentError("malformed", "Cannot use a memory: no core instance defines it");
    return found;
  }

  get(ref: CoreRef): WebAssembly.ExportValue | undefined {
    return ref.kind === "export" ? this.made[ref.coreInstance]?.exports[ref.name] : undefined;
  }

  /** Pages that memories got beyond their first ones. */
  get grownPages(): number {
    return this.memories.reduce((sum, memory) => sum + memory.grownPages, 0);
  }

  #make(index: number): CoreInstance {
    const { link, modules, state } = this.#options;
    const { module: number, args } = link.coreInstances[index] ?? missing(`core instance ${index}`);
    const offset = link.modules[number]?.start ?? -1;
    const core = modules[number] ?? missing(`core module ${number}`);
    const { facts } = core;
    const imports: Record<string, ImportItems> = Object.create(null);
    for (const [name, arg] of args) imports[name] = this.#argument(arg);
    const memories = facts.memories.map((memory) => this.#memory(memory, facts, imports));
    imports[facts.importModule] = this.#hooks(core, memories);
    let exports: WebAssembly.Exports;
    try {
      exports = new WebAssembly.Instance(core.module, imports).exports;
    } catch (error) {
      throw instantiationError(error, offset, state);
    }
    for (const [at, memory] of memories.entries()) {
      if (facts.memories[at]?.imported !== null) continue;
      const own = exports[facts.exportPrefix + EXPORT_NAMES.memory(at)];
      if (!(own instanceof WebAssembly.Memory)) return missing(`memory ${at} of a core module`);
      memory.attach(own);
      this.memories.push(memory);
      this.#byMemory.set(own, memory);
    }
    for (const { memory, kind } of facts.writtenMaps) {
      if (kind === "import") continue;
      const map = exports[facts.exportPrefix + EXPORT_NAMES.written(memory)];
      if (!(map instanceof WebAssembly.Memory)) return missing(`the map of memory ${memory} of a core module`);
      memories[memory]?.addMap(map);
    }
    if (facts.hasFuel) {
      const fuel = exports[facts.exportPrefix + EXPORT_NAMES.fuel];
      if (!(fuel instanceof WebAssembly.Global)) return missing("the fuel of a core module");
      state.fuel.add(fuel);
    }
    return { facts, exports };
  }

  #argument(arg: CoreArgument): ImportItems {
    if (arg.kind === "instance") return this.made[arg.coreInstance]?.exports ?? missing("a core instance");
    const items: ImportItems = Object.create(null);
    for (const [name, ref] of arg.items) {
      items[name] = ref.kind === "builtin" ? this.#options.builtin(ref.builtin) : this.#export(ref);
    }
    return items;
  }

  #export(ref: Extract<CoreRef, { kind: "export" }>): WebAssembly.ExportValue {
    return this.get(ref) ?? missing(`"${ref.name}" of core instance ${ref.coreInstance}`);
  }

  /** The module's own memory, or the one that it is given: known by its identity. */
  #memory(
    { imported, ...type }: ModuleMemory,
    { tracksWrites }: CoreModule["facts"],
    imports: Readonly<Record<string, ImportItems>>,
  ): VirtualMemory {
    if (imported === null) return new VirtualMemory({ ...type, budget: this.#pages, tracksWrites });
    const given = imports[imported.module]?.[imported.name];
    if (!(given instanceof WebAssembly.Memory)) return missing(`memory "${imported.name}" of "${imported.module}"`);
    return this.virtual(given);
  }

  /** What the module imports beside what it was written with. */
  #hooks({ hasHooks, facts }: CoreModule, memories: readonly VirtualMemory[]): ImportItems {
    const { tables } = this.#options;
    const items: ImportItems = Object.create(null);
    if (!hasHooks) return items;
    items[IMPORT_NAMES.tick] = this.#tick;
    items[IMPORT_NAMES.yield] = this.#yield;
    items[IMPORT_NAMES.growTable] = (table: number, size: bigint, delta: bigint) =>
      tables.mayGrow(facts.tables[table]?.maxElements ?? null, size, delta) ? 1 : 0;
    for (const [index, memory] of memories.entries()) {
      const { grow, size } = memory.hooks;
      items[IMPORT_NAMES.grow(index)] = grow;
      items[IMPORT_NAMES.size(index)] = size;
    }
    for (const { memory, kind } of facts.writtenMaps) {
      const map = memories[memory];
      if (kind === "import" && map !== undefined) items[IMPORT_NAMES.written(memory)] = map.sharedMap;
    }
    return items;
  }

  /** Runs in a stack that can suspend: it may wait for the host, and for its turn when it computes for long. */
  async #runStart({ facts, exports }: CoreInstance): Promise<void> {
    const { state } = this.#options;
    const start = exports[facts.exportPrefix + EXPORT_NAMES.start];
    if (typeof start !== "function") return missing("the start function of a core module");
    state.fuel.run();
    state.mayBlock = true;
    try {
      await promising(start as () => void)();
      state.checkAlive();
    } catch (error) {
      throw state.failCall(trapOfGuest(error));
    }
    state.fuel.rest();
  }
}

function instantiationError(error: unknown, offset: number, state: InstanceState): Error {
  if (error instanceof WebAssembly.LinkError || error instanceof TypeError) {
    return new ComponentError("malformed", `Cannot link a core module: ${error.message}`, { offset, cause: error });
  }
  if (error instanceof RangeError) {
    // The runtime has no memory, or no address space, for another one.
    return new ComponentError("limit", `Cannot instantiate a core module: ${error.message}`, { offset, cause: error });
  }
  return state.failCall(trapOfGuest(error));
}

function missing(what: string): never {
  throw new ComponentError("malformed", `Cannot use ${what}: there is none`);
}
