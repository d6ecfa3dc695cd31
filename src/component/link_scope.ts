/** Index spaces of one component instance, component type or instance type while it is linked. */
import type {
  ComponentAst,
  CoreItemSort,
  Declaration,
  ExternDescription,
  ExternName,
  ImportDeclaration,
  Sort,
} from "./ast.ts";
import type { CoreExternType, CoreFuncType, CoreModuleType } from "./core_module_types.ts";
import type { LinkContext } from "./link_context.ts";
import type { PlanBuilder } from "./link_plan.ts";
import { malformed } from "./parse_faults.ts";
import type { CoreArgument, CoreModuleRange, CoreRef, FuncRef, FuncType, ResourceType, ValueType } from "./types.ts";
import { ExternChecks } from "./validate_externs.ts";

/** An instance or component type: its declarations, and the scope that outer aliases in them mean. */
export interface TypeClosure {
  readonly declarations: readonly Declaration[];
  readonly scope: Scope;
}

/** A resource under one name: each import and export of a resource is an object of its own. */
export interface ResourceAlias {
  readonly resource: ResourceType;
}

/** A type of the type index space. */
export type TypeEntity =
  | { readonly kind: "value"; readonly type: ValueType }
  | { readonly kind: "func"; readonly type: FuncType }
  | { readonly kind: "resource"; readonly alias: ResourceAlias }
  | { readonly kind: "instance" | "component"; readonly closure: TypeClosure };

/** An instance: what it exports. */
export interface InstanceEntity {
  readonly exports: ReadonlyMap<string, Entity>;
}

/** A component that can be instantiated, or, in dry runs, one of which only the type is known. */
export type ComponentEntity =
  | { readonly kind: "defined"; readonly component: ComponentAst; readonly scope: Scope }
  | { readonly kind: "declared"; readonly closure: TypeClosure };

/** A core module; `range` is null in dry runs where only its type is known. */
export interface ModuleEntity {
  readonly range: CoreModuleRange | null;
  readonly type: CoreModuleType;
}

/** A core function, table, memory, global or tag. */
export interface CoreItem {
  readonly ref: CoreRef;
  readonly type: CoreExternType;
}

/** A core instance: of a module, or made of single exports. */
export interface CoreInstanceEntity {
  /** How a core instantiation refers to it. */
  readonly argument: CoreArgument;
  item(name: string): CoreItem | undefined;
}

/** A core type: of a function or of a module. */
export type CoreTypeEntity =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "module"; readonly type: CoreModuleType };

/** Anything that crosses a component's boundary. */
export type Entity =
  | { readonly sort: "core module"; readonly module: ModuleEntity }
  | { readonly sort: "func"; readonly func: FuncRef }
  | { readonly sort: "type"; readonly type: TypeEntity }
  | { readonly sort: "component"; readonly component: ComponentEntity }
  | { readonly sort: "instance"; readonly instance: InstanceEntity };

/** What making a scope costs, in steps of linking. */
export const SCOPE_STEPS = 5;

/** What a scope belongs to. */
export interface ScopeOptions {
  readonly link: LinkContext;
  readonly plan: PlanBuilder;
  readonly kind: "component" | "instance type" | "component type";
  readonly parent: Scope | null;
  /** -1 in types. */
  readonly componentInstance: number;
  /** False where the same definitions were checked before. */
  readonly isChecked: boolean;
}

/** The index spaces, filled in the order of definitions. */
export class Scope {
  readonly link: LinkContext;
  readonly plan: PlanBuilder;
  readonly kind: "component" | "instance type" | "component type";
  readonly parent: Scope | null;
  readonly componentInstance: number;
  readonly externs: ExternChecks | null;
  readonly coreTypes: CoreTypeEntity[] = [];
  readonly coreModules: ModuleEntity[] = [];
  readonly coreInstances: CoreInstanceEntity[] = [];
  readonly coreItems: Readonly<Record<CoreItemSort, CoreItem[]>> = {
    func: [],
    table: [],
    memory: [],
    global: [],
    tag: [],
  };
  readonly types: TypeEntity[] = [];
  readonly funcs: FuncRef[] = [];
  readonly instances: InstanceEntity[] = [];
  readonly components: ComponentEntity[] = [];
  readonly exports: Map<string, Entity> = new Map();

  constructor(options: ScopeOptions) {
    this.link = options.link;
    this.plan = options.plan;
    this.kind = options.kind;
    this.parent = options.parent;
    this.componentInstance = options.componentInstance;
    this.externs = options.isChecked ? new ExternChecks(options.kind) : null;
  }

  /** The scope `count` levels outwards. */
  outer(count: number, offset: number): Scope {
    if (count === 0) return this;
    if (this.parent === null) throw malformed(offset, "an outer alias goes past the root", "an enclosing component");
    return this.parent.outer(count - 1, offset);
  }

  type(index: number, offset: number): TypeEntity {
    return itemAt(this.types, index, "type", offset);
  }

  funcType(index: number, offset: number): FuncType {
    const entity = this.type(index, offset);
    if (entity.kind !== "func") throw malformed(offset, `type ${index} is a ${entity.kind} type`, "a function type");
    return entity.type;
  }

  resource(index: number, offset: number): ResourceAlias {
    const entity = this.type(index, offset);
    if (entity.kind !== "resource") {
      throw malformed(offset, `type ${index} is a ${entity.kind} type`, "a resource type");
    }
    return entity.alias;
  }

  closure(index: number, kind: "instance" | "component", offset: number): TypeClosure {
    const entity = this.type(index, offset);
    if (entity.kind !== kind) throw malformed(offset, `type ${index} is a ${entity.kind} type`, `an ${kind} type`);
    return entity.closure;
  }

  moduleType(index: number, offset: number): CoreModuleType {
    const entity = itemAt(this.coreTypes, index, "core type", offset);
    if (entity.kind !== "module") throw malformed(offset, `core type ${index} is a function type`, "a module type");
    return entity.type;
  }

  coreItem(sort: CoreItemSort, index: number, offset: number): CoreItem {
    return itemAt(this.coreItems[sort], index, `core ${sort}`, offset);
  }

  /** A core function with its signature. */
  coreFunc(index: number, offset: number): { readonly ref: CoreRef; readonly type: CoreFuncType } {
    const { ref, type } = this.coreItem("func", index, offset);
    if (type.kind !== "func") throw malformed(offset, `core func ${index} is a ${type.kind}`, "a function");
    return { ref, type: type.type };
  }

  entity(sort: Sort, index: number, offset: number): Entity {
    switch (sort) {
      case "core module":
        return { sort, module: itemAt(this.coreModules, index, sort, offset) };
      case "func":
        return { sort, func: itemAt(this.funcs, index, sort, offset) };
      case "type":
        return { sort, type: this.type(index, offset) };
      case "component":
        return { sort, component: itemAt(this.components, index, sort, offset) };
      case "instance":
        return { sort, instance: itemAt(this.instances, index, sort, offset) };
    }
  }

  /** Enters what `make` makes of an import. */
  import(
    { name, description }: ImportDeclaration,
    make: (name: ExternName, description: ExternDescription, scope: Scope) => Entity,
  ): void {
    if (description.kind === "type eq") {
      this.externs?.expectImportable(name, this.type(description.type, description.offset));
    }
    const entity = make(name, description, this);
    this.externs?.declare("import", name, entity, this.link);
    this.push(entity);
  }

  /** Exports `entity`, which is an index of its own from here on. */
  export(name: ExternName, entity: Entity): void {
    this.externs?.declare("export", name, entity, this.link);
    this.push(entity);
    this.exports.set(name.name, entity);
  }

  /** Appends to the index space of its sort. */
  push(entity: Entity): void {
    switch (entity.sort) {
      case "core module":
        this.coreModules.push(entity.module);
        return;
      case "func":
        this.funcs.push(entity.func);
        return;
      case "type":
        this.types.push(entity.type);
        return;
      case "component":
        this.components.push(entity.component);
        return;
      case "instance":
        this.instances.push(entity.instance);
        return;
    }
  }
}

/** Item `index` of an index space. */
export function itemAt<T>(items: readonly T[], index: number, what: string, offset: number): T {
  const item = items[index];
  if (item === undefined) {
    throw malformed(
      offset,
      `${what} ${index} is used`,
      items.length === 0 ? `no ${what}, there is none before` : `one of the ${items.length} before`,
    );
  }
  return item;
}
