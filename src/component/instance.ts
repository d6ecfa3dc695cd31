/** One running instance of a component: made, called by its exports, put back to its first state, ended. */
import { HostTrap } from "../base/errors.ts";
import { Binder } from "./binder.ts";
import { disposeHandles } from "./canon_resource.ts";
import type { ComponentPlan } from "./component_plan.ts";
import type { CoreModule } from "./core_instances.ts";
import { deadMemory } from "./dead_memory.ts";
import { ComponentError } from "./errors.ts";
import { bindExports, type ExportedInterface, type ExportPlan } from "./export_plan.ts";
import { beginChanges, type FirstState, type RecycleRefusal, Restorer, takeFirstState } from "./first_state.ts";
import {
  type GuestMeter,
  type HostBudget,
  type PageBudget,
  TABLE_ELEMENTS_MAX,
  UNLIMITED_HOST,
  UNMETERED,
} from "./guest_meter.ts";
import type { LeftHandle } from "./handles.ts";
import { bindHost, type HostImports } from "./host_imports.ts";
import { InstanceState, type LifeState } from "./instance_state.ts";
import { TableBudget } from "./table_budget.ts";
import { PAGE_BYTES } from "./virtual_memory.ts";

/** The compiled parts that all instances share. */
export interface InstanceSource {
  readonly plan: ComponentPlan;
  /** By module number; null where no core instance needs it. */
  readonly modules: readonly (CoreModule | null)[];
  readonly trampolines: WebAssembly.Module | null;
  readonly exports: readonly ExportPlan[];
  /** Keys of the exported interfaces by their names without a version. */
  readonly interfaceKeys: ReadonlyMap<string, string>;
  /** What every instance has from the start. */
  readonly memoryPagesMin: number;
  readonly tableElementsMin: number;
  /** The first state of all instances; null until there was one. */
  firstState: FirstState | RecycleRefusal | null;
}

/** Limits of one instance, and who is told about it. */
export interface InstantiateOptions {
  /** How many resource handles the guest may hold at a time, over all its tables. */
  readonly handlesMax?: number;
  /** Default: it computes as long as it likes. */
  readonly meter?: GuestMeter;
  /** Where the pages of its memories come from. Default: as many as it likes. */
  readonly pages?: PageBudget;
  /** Where everything else comes from that the host keeps for it. Default: as much as it likes. */
  readonly host?: HostBudget;
  /** Default: `TABLE_ELEMENTS_MAX`. */
  readonly tableElementsMax?: number;
  /** Pages that a memory may have grown by to be kept when the instance is put back. Default: `RECYCLE_GROWTH_PAGES_MAX`. */
  readonly recycleGrowthPagesMax?: number;
  /** Called before the start functions run: `kill` and `dispose` work from here on. */
  readonly onMade?: (instance: ComponentInstance) => void;
}

/** A guest that only creates would fill the host's memory with objects of 0.1 to 1 KB each: 64 Ki are at most some 60 MB. */
export const HANDLES_MAX = 65_536;
/** 4 MiB: a request that needed more leaves an idle instance that would hold on to memory which the next does not need. */
export const RECYCLE_GROWTH_PAGES_MAX = 64;

const UNLIMITED: PageBudget = { take: () => true, giveBack() {} };

/** A component that runs. */
export class ComponentInstance {
  readonly #source: InstanceSource;
  readonly #state: InstanceState;
  readonly #binder: Binder;
  readonly #tables: TableBudget;
  readonly #growthPagesMax: number;
  readonly #pages: PageBudget;
  #exports: ExportedInterface = Object.freeze({});
  /** What its start functions did that makes it differ from others. */
  #refusal: RecycleRefusal | null = null;
  #restorer: Restorer | null = null;

  /** Use `open`. */
  private constructor(source: InstanceSource, imports: HostImports, options: InstantiateOptions) {
    const { handlesMax = HANDLES_MAX, meter = UNMETERED, pages = UNLIMITED } = options;
    const { tableElementsMax = TABLE_ELEMENTS_MAX, host: budget = UNLIMITED_HOST } = options;
    const { memoryPagesMin, tableElementsMin } = source;
    const host = bindHost(source.plan.needs, imports);
    if (tableElementsMin > tableElementsMax) {
      throw pastBudget(`its tables have ${tableElementsMin} elements, expected at most ${tableElementsMax}`);
    }
    this.#source = source;
    this.#pages = pages;
    this.#growthPagesMax = options.recycleGrowthPagesMax ?? RECYCLE_GROWTH_PAGES_MAX;
    this.#tables = new TableBudget(tableElementsMin, { max: tableElementsMax, host: budget });
    this.#state = new InstanceState({ handlesMax, meter, host: budget });
    const { plan, modules, trampolines } = source;
    this.#binder = new Binder({ plan, modules, trampolines, host, state: this.#state, pages, tables: this.#tables });
    // Last, for from here on the instance is disposed whatever happens.
    if (!pages.take(memoryPagesMin)) throw pastBudget(`its memories need ${memoryPagesMin} pages, expected fewer`);
    if (this.#tables.open()) return;
    pages.giveBack(memoryPagesMin);
    throw pastBudget(`the host has no memory for the ${tableElementsMin} elements of its tables`);
  }

  /** Use `CompiledComponent.instantiate`. Start functions run here. */
  static async open(
    source: InstanceSource,
    imports: HostImports,
    options: InstantiateOptions,
  ): Promise<ComponentInstance> {
    const instance = new ComponentInstance(source, imports, options);
    try {
      options.onMade?.(instance);
      const starting = instance.#binder.core.start();
      // Most components have none: nothing is to wait for.
      if (starting !== undefined) await starting;
      instance.#open(starting !== undefined);
    } catch (error) {
      instance.#state.fuel.rest();
      instance.dispose();
      throw error;
    }
    return instance;
  }

  #open(hasRun: boolean): void {
    const state = this.#state;
    state.checkAlive();
    const { core } = this.#binder;
    if (hasRun) {
      if (state.fuel.hasCalled) this.#refusal = "start-called-host";
      else if (this.#tables.settle() || core.memories.some((memory) => memory.hasRefused)) {
        this.#refusal = "start-met-limit";
      }
      beginChanges(core);
    }
    if (this.#refusal === null) {
      const first = this.#source.firstState ??= takeFirstState(core);
      if (typeof first === "string") this.#refusal = first;
      else if (core.memories.some((memory, index) => memory.pages !== first.memories[index]?.pages)) {
        this.#refusal = "other-first-state";
      }
    }
    this.#exports = bindExports(this.#source.exports, this.#binder.exportContext());
    state.fuel.settle();
    state.leave();
  }

  /** jco's shape: `exports["wasi:http/incoming-handler@0.2.9"].handle(...)`, and functions of the world by camelCase name. */
  get exports(): ExportedInterface {
    return this.#exports;
  }

  /** The exported interface of that name whatever its version: `wasi:cli/run`. */
  findInterface(name: string): ExportedInterface | undefined {
    const key = this.#source.interfaceKeys.get(name);
    const found = key === undefined ? undefined : this.#exports[key];
    return typeof found === "object" ? found : undefined;
  }

  /** "busy": a call is under way, maybe suspended. "trapped" and "disposed" are final. */
  get state(): LifeState {
    return this.#state.life;
  }

  /** Live handles over all tables. */
  get handleCount(): number {
    return this.#state.limit.live;
  }

  /** Pages of all memories, those included that are kept for the next request. */
  get memoryPages(): number {
    return this.#source.memoryPagesMin + this.#binder.core.grownPages;
  }

  /**
   * Ends a call that is under way: now if it is suspended, as soon as the running host function returns, or when its fuel
   * runs out. The wasm stack is unwound by a genuine trap, and the export's promise rejects with one that has this
   * `cause`. Does nothing when idle.
   */
  kill(cause: Error): void {
    this.#state.kill(cause);
  }

  /**
   * Puts an idle instance back to its first state: host objects that its tables own are disposed, memories, globals
   * and handle tables are as after the start functions, and host objects of its resources are dead. Answers null, or why
   * it cannot be: nothing has been done then, and the instance is to be disposed.
   * @throws {AggregateError} of what the objects' `Symbol.dispose` threw; the instance is disposed then
   */
  recycle(): RecycleRefusal | null {
    const state = this.#state;
    if (state.life !== "idle") return state.life;
    if (this.#refusal !== null) return this.#refusal;
    const first = this.#source.firstState;
    if (first === null || typeof first === "string") return first ?? "other-first-state";
    const { core, guestObjects, scopes } = this.#binder;
    this.#restorer ??= new Restorer(core, first, this.#growthPagesMax);
    const refusal = this.#restorer.refusal();
    if (refusal !== null) return refusal;
    // Host objects are told to go: they must not find a guest that they could call.
    state.life = "busy";
    try {
      const left: LeftHandle[] = [];
      for (const scope of scopes) scope.reset(left);
      disposeHandles(left);
    } catch (error) {
      this.dispose();
      throw error;
    }
    if (!state.reset()) return "trapped";
    guestObjects.forget();
    state.limit.settle();
    this.#tables.reset();
    this.#restorer.restore();
    return null;
  }

  /**
   * Ends the instance and disposes every host object that its tables still own, newest first. Later calls trap; a call
   * that is suspended ends like with `kill`. Idempotent.
   * @throws {AggregateError} of what the objects' `Symbol.dispose` threw; all of them were called
   */
  dispose(): void {
    if (this.#state.life === "disposed") return;
    if (this.#state.life === "busy") this.#state.kill(new HostTrap("The instance was disposed"));
    this.#state.end();
    const pages = this.#source.memoryPagesMin + this.#binder.core.grownPages;
    this.#pages.giveBack(pages);
    deadMemory.add(pages * PAGE_BYTES);
    this.#tables.close();
    const left: LeftHandle[] = [];
    for (const { table } of this.#binder.scopes) table.drain(left);
    this.#state.limit.settle();
    disposeHandles(left);
  }
}

function pastBudget(why: string): ComponentError {
  return new ComponentError("limit", `Cannot instantiate the component: ${why}`);
}
