/** Binds the functions of one instance: builtins, exports and destructors to the core functions behind them. */
import { CanonEnv, MemoryView } from "./abi_env.ts";
import { bindLift, type LiftPlan, type LiftRef, type TargetFunction } from "./canon_lift.ts";
import { bindLower } from "./canon_lower.ts";
import {
  bindResourceDrop,
  bindResourceNew,
  bindResourceRep,
  type Destroy,
  hostDestroyer,
  runDestructor,
} from "./canon_resource.ts";
import type { BuiltinPlan, ComponentPlan, FusedPlan } from "./component_plan.ts";
import type { CoreFunction } from "./core_function.ts";
import { CoreInstances, type CoreInstancesOptions } from "./core_instances.ts";
import { ComponentError } from "./errors.ts";
import type { bindExports } from "./export_plan.ts";
import { GuestObjects } from "./guest_resource.ts";
import type { Invoke } from "./host_call.ts";
import type { HostBindings } from "./host_imports.ts";
import { ComponentScope, type InstanceState } from "./instance_state.ts";
import { trapOfHost } from "./trap.ts";
import { bindTrampolines } from "./trampoline.ts";
import type { CoreRef, ResourceType } from "./types.ts";

/** What an instance is bound from. */
export interface BinderOptions extends Pick<CoreInstancesOptions, "modules" | "state" | "pages" | "tables"> {
  readonly plan: ComponentPlan;
  readonly trampolines: WebAssembly.Module | null;
  readonly host: HostBindings;
}

/** The functions of one instance. */
export class Binder {
  readonly scopes: readonly ComponentScope[];
  readonly core: CoreInstances;
  readonly guestObjects: GuestObjects;
  readonly #plan: ComponentPlan;
  readonly #host: HostBindings;
  readonly #state: InstanceState;
  readonly #memories: readonly MemoryView[];
  readonly #envs: readonly CanonEnv[];
  readonly #builtins: readonly (CoreFunction | null)[];

  constructor({ plan, trampolines, host, ...options }: BinderOptions) {
    const { state } = options;
    this.#plan = plan;
    this.#host = host;
    this.#state = state;
    this.guestObjects = new GuestObjects(host.classes, (id, rep) => this.#destroyForHost(id, rep));
    this.scopes = Array.from(
      { length: plan.link.componentInstances },
      (_, id) => new ComponentScope(id, state, this.guestObjects),
    );
    this.#memories = plan.memories.map(() => new MemoryView());
    const none = new MemoryView();
    this.#envs = plan.envs.map((env) =>
      new CanonEnv(this.#memories[env.memory] ?? none, this.#scope(env.componentInstance))
    );
    this.#builtins = this.#bindBuiltins(trampolines);
    this.core = new CoreInstances({
      ...options,
      link: plan.link,
      builtin: (builtin) => this.#coreFunction({ kind: "builtin", builtin }),
      onMade: (index) => this.#attach(index),
    });
    this.#attach(-1);
  }

  exportContext(): Parameters<typeof bindExports>[1] {
    return {
      state: this.#state,
      guestObjects: this.guestObjects,
      host: this.#host,
      invoke: (plan, ref, env) => this.#invoke(plan, ref, env),
    };
  }

  /** Gives the environments what core instance `index` (or, with -1, the builtins) provides. */
  #attach(index: number): void {
    const plan = this.#plan;
    const isNew = (ref: CoreRef): boolean => (ref.kind === "builtin" ? -1 : ref.coreInstance) === index;
    for (const [at, ref] of plan.memories.entries()) {
      if (!isNew(ref)) continue;
      const memory = this.#core(ref);
      if (memory instanceof WebAssembly.Memory) this.#memories[at]?.attach(this.core.virtual(memory));
    }
    for (const [at, { realloc }] of plan.envs.entries()) {
      const env = this.#envs[at];
      if (env !== undefined && realloc !== null && isNew(realloc)) env.realloc = this.#coreFunction(realloc);
    }
  }

  #bindBuiltins(trampolines: WebAssembly.Module | null): (CoreFunction | null)[] {
    const plan = this.#plan;
    const bound = plan.builtins.map((builtin) => builtin === null ? null : this.#bindBuiltin(builtin));
    if (trampolines !== null) {
      const halves = plan.trampolines.flatMap((index) => bound[index] ?? []);
      for (const [at, made] of bindTrampolines(trampolines, this.#state, halves).entries()) {
        const index = plan.trampolines[at];
        if (index !== undefined) bound[index] = made;
      }
    }
    return bound;
  }

  #bindBuiltin(builtin: BuiltinPlan): CoreFunction {
    const scope = this.#scope(builtin.componentInstance);
    switch (builtin.kind) {
      case "resource.new":
        return bindResourceNew(scope, builtin.resource);
      case "resource.rep":
        return bindResourceRep(scope, builtin.resource);
      case "resource.drop":
        return bindResourceDrop(scope, builtin.resource, this.#destroyer(builtin.resource, scope));
      case "lower": {
        const env = this.#env(builtin.env);
        const { callee } = builtin;
        if (typeof callee !== "number") return bindLower(builtin.plan, env, scope, this.#fused(callee));
        const hostCallee = this.#host.callees[callee];
        if (hostCallee === undefined) throw new RangeError(`Cannot bind host function ${callee}: it was not looked up`);
        return bindLower(builtin.plan, env, scope, hostCallee);
      }
    }
  }

  /** Bound on the first call: the other component's core instance is there by then. */
  #fused({ lift, ref, env }: FusedPlan): Invoke {
    let invoke: Invoke | null = null;
    return (values) => (invoke ??= this.#invoke(lift, ref, env))(values);
  }

  #invoke(plan: LiftPlan, ref: LiftRef, env: number): Invoke {
    const { postReturn } = ref.options;
    return bindLift(plan, {
      env: this.#env(env),
      scope: this.#scope(ref.componentInstance),
      ...this.#target(ref.core),
      postReturn: postReturn === null ? null : this.#target(postReturn),
    });
  }

  #target(ref: CoreRef): TargetFunction {
    const isWasm = ref.kind === "export" || this.#plan.trampolines.includes(ref.builtin);
    return { core: this.#coreFunction(ref), isWasm };
  }

  #destroyer(resource: ResourceType, by: ComponentScope | null): Destroy {
    const { origin } = resource;
    if (origin.kind === "host") return hostDestroyer();
    const { destructor, componentInstance } = origin;
    if (destructor === null) return () => {};
    const definer = this.#scope(componentInstance);
    return (rep) => runDestructor(this.#coreFunction(destructor), Number(rep), definer, by);
  }

  /** The host disposes an object of a guest's resource. With the instance ended, the resource ended as well. */
  #destroyForHost(resourceId: number, rep: number): void {
    const { life } = this.#state;
    if (life === "trapped" || life === "disposed") return;
    const resource = this.#plan.link.resources[resourceId - 1];
    if (resource === undefined) throw new RangeError(`Cannot drop resource type ${resourceId}: there is none`);
    this.#state.enter("drop a resource", false);
    try {
      this.#destroyer(resource, null)(rep);
      this.#state.checkAlive();
    } catch (error) {
      throw this.#state.failCall(trapOfHost(error, "Symbol.dispose"));
    }
    this.#state.leave();
  }

  #core(ref: CoreRef): WebAssembly.ExportValue {
    const found = ref.kind === "builtin" ? this.#builtins[ref.builtin] : this.core.get(ref);
    if (found === undefined || found === null) {
      const what = ref.kind === "builtin"
        ? `builtin ${ref.builtin}`
        : `"${ref.name}" of core instance ${ref.coreInstance}`;
      throw new ComponentError("malformed", `Cannot use ${what}: there is none`);
    }
    return found;
  }

  #coreFunction(ref: CoreRef): CoreFunction {
    const found = this.#core(ref);
    if (typeof found !== "function") {
      throw new ComponentError("malformed", "Cannot call a core export: it is no function");
    }
    return found as CoreFunction;
  }

  #scope(index: number): ComponentScope {
    const scope = this.scopes[index];
    if (scope === undefined) {
      throw new RangeError(`Cannot use component instance ${index}: there are ${this.scopes.length}`);
    }
    return scope;
  }

  #env(index: number): CanonEnv {
    const env = this.#envs[index];
    if (env === undefined) throw new RangeError(`Cannot use environment ${index}: there are ${this.#envs.length}`);
    return env;
  }
}
