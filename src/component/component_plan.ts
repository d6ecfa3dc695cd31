/** The static half of a component: every lift, lower and environment it needs, worked out once from its `LinkPlan`. */
import { checkTypeSize, childrenOf, type CoreSignature } from "./abi_layout.ts";
import { type LiftPlan, type LiftRef, planLift } from "./canon_lift.ts";
import { importLabel, type LowerPlan, planLower } from "./canon_lower.ts";
import { Codecs } from "./codecs.ts";
import {
  type HostNeeds,
  type ImportRef,
  type NeededClass,
  neededClass,
  type NeededFunction,
  neededFunction,
} from "./host_imports.ts";
import { bareName } from "./js_names.ts";
import type { CanonicalOptions, CoreRef, FuncRef, FuncType, LinkPlan, ResourceType, ValueType } from "./types.ts";

/** What the canonical options of one or more functions refer to. */
export interface EnvPlan {
  readonly componentInstance: number;
  /** Index into `ComponentPlan.memories`; -1 without a memory. */
  readonly memory: number;
  readonly realloc: CoreRef | null;
}

/** A builtin that something refers to. */
export type BuiltinPlan =
  | {
    readonly kind: "lower";
    readonly plan: LowerPlan;
    readonly env: number;
    readonly componentInstance: number;
    /** Index into `HostNeeds.functions`, or the function of another component. */
    readonly callee: number | FusedPlan;
  }
  | {
    readonly kind: "resource.new" | "resource.drop" | "resource.rep";
    readonly resource: ResourceType;
    readonly componentInstance: number;
  };

/** The other side of a call between two components. */
export interface FusedPlan {
  readonly lift: LiftPlan;
  readonly ref: LiftRef;
  readonly env: number;
}

/** Everything but the core modules. */
export interface ComponentPlan {
  readonly link: LinkPlan;
  /** By builtin number; null where nothing refers to it. */
  readonly builtins: readonly (BuiltinPlan | null)[];
  readonly envs: readonly EnvPlan[];
  readonly memories: readonly CoreRef[];
  readonly needs: HostNeeds;
  /** Builtin numbers in the order of the trampoline module's functions, and their core signatures. */
  readonly trampolines: readonly number[];
  readonly trampolineSignatures: readonly CoreSignature[];
  readonly codecs: Codecs;
  /** The environment of an exported function; `export_plan.ts` asks for them. */
  readonly envOf: (componentInstance: number, options: CanonicalOptions) => number;
  /** The place in `needs.functions` of a host function that is exported as it is. */
  readonly hostOf: (func: ImportRef) => number;
  /** Asks for the class of an imported resource that is exported as it is. */
  readonly needClass: (resource: ResourceType) => void;
}

/** Works out once what every instance of the component needs. */
export function planComponentParts(link: LinkPlan, suspending: ReadonlySet<string>): ComponentPlan {
  return new Planner(link, suspending).plan();
}

class Planner {
  readonly #link: LinkPlan;
  readonly #suspending: ReadonlySet<string>;
  readonly #used = new Set<number>();
  readonly #codecs = new Codecs();
  readonly #envs: EnvPlan[] = [];
  readonly #envKeys = new Map<string, number>();
  readonly #memories: CoreRef[] = [];
  readonly #memoryKeys = new Map<string, number>();
  readonly #functions: NeededFunction[] = [];
  readonly #functionKeys = new Map<string, number>();
  readonly #classes: NeededClass[] = [];

  constructor(link: LinkPlan, suspending: ReadonlySet<string>) {
    this.#link = link;
    this.#suspending = suspending;
  }

  plan(): ComponentPlan {
    this.#findUsed();
    const builtins = this.#link.builtins.map((_, index) => this.#used.has(index) ? this.#builtin(index) : null);
    const trampolines: number[] = [];
    const trampolineSignatures: CoreSignature[] = [];
    for (const [index, builtin] of builtins.entries()) {
      if (builtin?.kind !== "lower" || !builtin.plan.canWait) continue;
      trampolines.push(index);
      trampolineSignatures.push(builtin.plan.signature);
    }
    return {
      link: this.#link,
      builtins,
      envs: this.#envs,
      memories: this.#memories,
      needs: { functions: this.#functions, classes: this.#classes },
      trampolines,
      trampolineSignatures,
      codecs: this.#codecs,
      envOf: (componentInstance, options) => this.#envOf(componentInstance, options),
      hostOf: (func) => this.#hostFunction(func),
      needClass: (resource) => this.#needClass(resource),
    };
  }

  #findUsed(): void {
    for (const { args } of this.#link.coreInstances) {
      for (const arg of args.values()) {
        if (arg.kind === "inline") { for (const ref of arg.items.values()) this.#useCore(ref); }
      }
    }
    for (const { origin } of this.#link.resources) {
      if (origin.kind === "guest" && origin.destructor !== null) this.#useCore(origin.destructor);
    }
    this.#useExports(this.#link.exports);
  }

  #useExports(exports: LinkPlan["exports"]): void {
    for (const item of exports.values()) {
      if (item.kind === "instance") this.#useExports(item.exports);
      if (item.kind === "func") this.#useFunc(item.func);
    }
  }

  #useCore(ref: CoreRef): void {
    if (ref.kind !== "builtin" || this.#used.has(ref.builtin)) return;
    this.#used.add(ref.builtin);
    const builtin = this.#link.builtins[ref.builtin];
    if (builtin?.kind !== "lower") return;
    this.#useOptions(builtin.options);
    this.#useFunc(builtin.func);
  }

  #useFunc(func: FuncRef): void {
    if (func.kind === "import") return;
    this.#useCore(func.core);
    this.#useOptions(func.options);
  }

  #useOptions({ memory, realloc, postReturn }: CanonicalOptions): void {
    for (const ref of [memory, realloc, postReturn]) {
      if (ref !== null) this.#useCore(ref);
    }
  }

  /** Calls between components always can: a guest that computes waits for its turn. */
  #suspends(func: FuncRef): boolean {
    if (func.kind === "lift") return true;
    if (func.interfaceName === null) return this.#suspending.has(func.name);
    return this.#suspending.has(`${bareName(func.interfaceName)}#${func.name}`);
  }

  #builtin(index: number): BuiltinPlan | null {
    const builtin = this.#link.builtins[index];
    if (builtin === undefined) return null;
    if (builtin.kind !== "lower") {
      const { kind, resource, componentInstance } = builtin;
      return { kind, resource, componentInstance };
    }
    const { func, options, componentInstance, offset } = builtin;
    checkFunctionType(func.type, offset);
    const suspends = this.#suspends(func);
    return {
      kind: "lower",
      plan: planLower(builtin, this.#codecs, suspends),
      env: this.#envOf(componentInstance, options),
      componentInstance,
      callee: func.kind === "import" ? this.#hostFunction(func) : {
        lift: planLift(func, this.#codecs, { boundary: "fused", label: "a function of another component", suspends }),
        ref: func,
        env: this.#envOf(func.componentInstance, func.options),
      },
    };
  }

  #hostFunction(func: ImportRef): number {
    const key = importLabel(func.interfaceName, func.name);
    let index = this.#functionKeys.get(key);
    if (index === undefined) {
      index = this.#functions.push(neededFunction(func)) - 1;
      this.#functionKeys.set(key, index);
      if (func.type.result !== null) this.#noteResources(func.type.result);
    }
    return index;
  }

  /** The host passes objects of these in; their classes are asked for, to tell them from anything else. */
  #noteResources(type: ValueType): void {
    if (type.kind === "own" || type.kind === "borrow") {
      this.#needClass(type.resource);
    }
    for (const child of childrenOf(type)) this.#noteResources(child);
  }

  #needClass(resource: ResourceType): void {
    const need = neededClass(resource);
    if (need !== null && !this.#classes.some((one) => one.resourceId === need.resourceId)) this.#classes.push(need);
  }

  #envOf(componentInstance: number, options: CanonicalOptions): number {
    const key = `${componentInstance} ${refKey(options.memory)} ${refKey(options.realloc)}`;
    let index = this.#envKeys.get(key);
    if (index === undefined) {
      index = this.#envs.push({ componentInstance, memory: this.#memoryOf(options.memory), realloc: options.realloc }) -
        1;
      this.#envKeys.set(key, index);
    }
    return index;
  }

  #memoryOf(ref: CoreRef | null): number {
    if (ref === null) return -1;
    const key = refKey(ref);
    let index = this.#memoryKeys.get(key);
    if (index === undefined) {
      index = this.#memories.push(ref) - 1;
      this.#memoryKeys.set(key, index);
    }
    return index;
  }
}

/**
 * Refuses functions whose parameters or result are larger than lifts are built for.
 * @throws {ComponentError} reason "limit"
 */
export function checkFunctionType(type: FuncType, offset: number): void {
  for (const param of type.params) checkTypeSize(param.type, offset);
  if (type.result !== null) checkTypeSize(type.result, offset);
}

function refKey(ref: CoreRef | null): string {
  if (ref === null) return "-";
  return ref.kind === "builtin" ? `b${ref.builtin}` : `${ref.coreInstance}:${JSON.stringify(ref.name)}`;
}
