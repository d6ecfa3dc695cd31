/** Collects a `LinkPlan`, or, when linking only checks, just the counts of one. */
import {
  BUILTINS_MAX,
  COMPONENT_INSTANCES_MAX,
  CORE_INSTANCES_MAX,
  RESOURCES_MAX,
  ROOT_ITEMS_MAX,
} from "./link_limits.ts";
import { pastLimit } from "./parse_faults.ts";
import type { Builtin, ComponentImport, CoreInstantiation, CoreModuleRange, CoreRef, ResourceType } from "./types.ts";

/** The plan so far, with its bounds. */
export class PlanBuilder {
  /** A dry run checks a component that is not instantiated here; what it makes is thrown away. */
  readonly isDry: boolean;
  readonly modules: CoreModuleRange[] = [];
  readonly coreInstances: CoreInstantiation[] = [];
  readonly builtins: Builtin[] = [];
  readonly imports: ComponentImport[] = [];
  readonly resources: ResourceType[] = [];
  #moduleNumbers: Map<number, number> = new Map();
  #componentInstances = 0;
  #rootItems = 0;

  constructor(options: { readonly isDry: boolean }) {
    this.isDry = options.isDry;
  }

  get componentInstances(): number {
    return this.#componentInstances;
  }

  addComponentInstance(offset: number): number {
    if (this.#componentInstances >= COMPONENT_INSTANCES_MAX) {
      throw pastLimit(offset, "component instances", COMPONENT_INSTANCES_MAX);
    }
    this.#componentInstances += 1;
    return this.#componentInstances - 1;
  }

  /** The number of the module that starts at `range.start`; one that is instantiated often has one number. */
  addModule(range: CoreModuleRange): number {
    const known = this.#moduleNumbers.get(range.start);
    if (known !== undefined) return known;
    this.modules.push(range);
    this.#moduleNumbers.set(range.start, this.modules.length - 1);
    return this.modules.length - 1;
  }

  addCoreInstance(instantiation: CoreInstantiation, offset: number): number {
    if (this.coreInstances.length >= CORE_INSTANCES_MAX) throw pastLimit(offset, "core instances", CORE_INSTANCES_MAX);
    this.coreInstances.push(instantiation);
    return this.coreInstances.length - 1;
  }

  addBuiltin(builtin: Builtin): CoreRef {
    if (this.builtins.length >= BUILTINS_MAX) throw pastLimit(builtin.offset, "lowered functions", BUILTINS_MAX);
    this.builtins.push(builtin);
    return { kind: "builtin", builtin: this.builtins.length - 1 };
  }

  addResource(resource: Omit<ResourceType, "id">, offset: number): ResourceType {
    if (this.resources.length >= RESOURCES_MAX) throw pastLimit(offset, "resource types", RESOURCES_MAX);
    const numbered: ResourceType = { id: this.resources.length + 1, ...resource };
    this.resources.push(numbered);
    return numbered;
  }

  /** Counts an import or export of the root. */
  addRootItem(offset: number): void {
    this.#rootItems += 1;
    if (this.#rootItems > ROOT_ITEMS_MAX) throw pastLimit(offset, "imports and exports", ROOT_ITEMS_MAX);
  }
}
