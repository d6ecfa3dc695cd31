/** What one run of the linker shares: its budgets, and what it has checked already. */
import { ItemBudget } from "./binary_reader.ts";
import { checkModuleImports, scanCoreModule } from "./core_module.ts";
import { type CoreModuleType, SignatureTable } from "./core_module_types.ts";
import { FUNCTION_TYPE_NODES_MAX, LINK_DEPTH_MAX, LINK_STEPS_MAX } from "./link_limits.ts";
import type { PlanBuilder } from "./link_plan.ts";
import type { ComponentEntity, Entity, TypeEntity } from "./link_scope.ts";
import { pastLimit } from "./parse_faults.ts";
import type { CoreModuleRange, ResourceType } from "./types.ts";

/** Instantiates `component` into `plan`. `offset` is where it is asked for. */
export type Instantiate = (
  component: ComponentEntity,
  options: {
    readonly args: ReadonlyMap<string, Entity>;
    readonly plan: PlanBuilder;
    readonly link: LinkContext;
    readonly offset: number;
  },
) => ReadonlyMap<string, Entity>;

/** Runs an instance or component type with placeholders for everything it declares. */
export type Expand = (
  type: Extract<TypeEntity, { readonly kind: "instance" | "component" }>,
  options: { readonly link: LinkContext; readonly offset: number; readonly isChecked: boolean },
) => {
  readonly exports: ReadonlyMap<string, Entity>;
  /** Everything that it imports or exports. */
  readonly entities: readonly Entity[];
  /** The resource types that it introduces. */
  readonly resources: readonly ResourceType[];
};

/** The steps that need each other: comparing component types instantiates, instantiating compares. */
export interface LinkSteps {
  readonly instantiate: Instantiate;
  readonly expand: Expand;
}

/** The shared state of one run. */
export class LinkContext {
  readonly bytes: Uint8Array;
  readonly instantiate: Instantiate;
  readonly expand: Expand;
  readonly #modules: Map<number, CoreModuleType> = new Map();
  readonly #signatures = new SignatureTable();
  readonly #budget = new ItemBudget();
  readonly #checked: WeakSet<object> = new WeakSet();
  #stepsLeft = LINK_STEPS_MAX;
  #functionNodesLeft = FUNCTION_TYPE_NODES_MAX;
  #depth = 0;

  constructor(bytes: Uint8Array, steps: LinkSteps) {
    this.bytes = bytes;
    this.instantiate = steps.instantiate;
    this.expand = steps.expand;
  }

  /** Steps taken so far; for measuring. */
  get steps(): number {
    return LINK_STEPS_MAX - this.#stepsLeft;
  }

  spend(steps: number, offset: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw pastLimit(offset, "steps of linking", LINK_STEPS_MAX);
  }

  spendFunctionNodes(nodes: number, offset: number): void {
    this.#functionNodesLeft -= nodes;
    if (this.#functionNodesLeft < 0) throw pastLimit(offset, "types in its functions", FUNCTION_TYPE_NODES_MAX);
  }

  /** Runs `step` one level deeper. */
  nested<T>(offset: number, step: () => T): T {
    if (this.#depth >= LINK_DEPTH_MAX) throw pastLimit(offset, "instances or types inside each other", LINK_DEPTH_MAX);
    this.#depth += 1;
    const result = step();
    // Not in a `finally`: an error ends the whole run.
    this.#depth -= 1;
    return result;
  }

  /** True for the first caller with `node`, who then has to check it. */
  isFirstCheck(node: object): boolean {
    if (this.#checked.has(node)) return false;
    this.#checked.add(node);
    return true;
  }

  /** The type of the core module at `range`, read once. */
  moduleType(range: CoreModuleRange): CoreModuleType {
    const known = this.#modules.get(range.start);
    if (known !== undefined) return known;
    const type = scanCoreModule(this.bytes, { ...range, budget: this.#budget, signatures: this.#signatures });
    checkModuleImports(type, range.start);
    this.#modules.set(range.start, type);
    return type;
  }
}
