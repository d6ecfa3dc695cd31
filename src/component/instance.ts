/** One running instance of a component: core instances, builtins and exports, bound to each other in start order. */
import { CanonEnv, MemoryView } from "./abi_env.ts";
import { HostTrap } from "../base/errors.ts";
import { bindLift, type LiftPlan, type LiftRef } from "./canon_lift.ts";
import { bindLower } from "./canon_lower.ts";
import {
  bindResourceDrop,
  bindResourceNew,
  bindResourceRep,
  type Destroy,
  disposeHandles,
  disposeHostObject,
  runDestructor,
} from "./canon_resource.ts";
import type { BuiltinPlan, ComponentPlan, FusedPlan } from "./component_plan.ts";
import type { CoreFunction } from "./core_function.ts";
import { ComponentError } from "./errors.ts";
import { bindExports, type ExportedInterface, type ExportPlan } from "./export_plan.ts";
import { GuestObjects } from "./guest_resource.ts";
import type { Invoke } from "./host_call.ts";
import { bindHost, type HostBindings, type HostImports } from "./host_imports.ts";
import { ComponentScope, InstanceState, type LifeState } from "./instance_state.ts";
import { trapOfGuest, trapOfHost } from "./trap.ts";
import { bindTrampolines } from "./trampoline.ts";
import type { CoreArgument, CoreRef, ResourceType } from "./types.ts";

/** The compiled parts that all instances share. */
export interface InstanceSource {
  readonly plan: ComponentPlan;
  /** By module number; null where no core instance needs it. */
  readonly modules: readonly (WebAssembly.Module | null)[];
  readonly trampolines: WebAssembly.Module | null;
  readonly exports: readonly ExportPlan[];
  /** Keys of the exported interfaces by their names without a version. */
  readonly interfaceKeys: ReadonlyMap<string, string>;
}

/** Limits of one instance. */
export interface InstantiateOptions {
  /** How many resource handles the guest may hold at a time, over all its tables. */
  readonly handlesMax?: number;
}

/** A guest that only creates would fill the host's memory with objects of 0.1 to 1 KB each: 64 Ki are at most some 60 MB. */
export const HANDLES_MAX = 65_536;

/** A component that runs. */
export class ComponentInstance {
  /** jco's shape: `exports["wasi:http/incoming-handler@0.2.9"].handle(...)`, and functions of the world by camelCase name. */
  readonly exports: ExportedInterface;
  readonly #state: InstanceState;
  readonly #scopes: readonly ComponentScope[];
  readonly #interfaceKeys: ReadonlyMap<string, string>;

  /** Use `CompiledComponent.instantiate`. Start functions run here. */
  constructor(source: InstanceSource, imports: HostImports, options: InstantiateOptions = {}) {
    const host = bindHost(source.plan.needs, imports);
    this.#interfaceKeys = source.interfaceKeys;
    this.#state = new InstanceState(options.handlesMax ?? HANDLES_MAX);
    const binder = new Binder(source, host, this.#state);
    this.#scopes = binder.scopes;
    try {
      binder.start();
      this.exports = bindExports(source.exports, binder.exportContext());
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.#state.leave();
  }

  /** The exported interface of that name whatever its version: `wasi:cli/run`. */
  findInterface(name: string): ExportedInterface | undefined {
    const key = this.#interfaceKeys.get(name);
    const found = key === undefined ? undefined : this.exports[key];
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

  /**
   * Ends a call that is under way, now if it is suspended, else as soon as the running host function returns: the wasm
   * stack is unwound by a genuine trap with `cause`, and the export's promise rejects with it. Does nothing when idle.
   */
  kill(cause: Error): void {
    this.#state.kill(cause);
  }

  /**
   * Ends the instance and disposes every host object that its tables still own, newest first. Later calls trap; a call
   * that is suspended ends like with `kill`. Idempotent.
   * @throws {AggregateError} of what the objects' `Symbol.dispose` threw; all of them were called
   */
  dispose(): void {
    if (this.#state.life === "disposed") return;
    if (this.#state.life === "busy") this.#state.kill(new HostTrap("The instance was disposed"));
    this.#state.life = "disposed";
    disposeHandles(this.#scopes.flatMap((scope) => scope.table.drain()));
  }
}

class Binder {
  readonly scopes: readonly ComponentScope[];
  readonly #source: InstanceSource;
  readonly #host: HostBindings;
  readonly #state: InstanceState;
  readonly #guestObjects: GuestObjects;
  readonly #memories: readonly MemoryView[];
  readonly #envs: readonly CanonEnv[];
  readonly #builtins: readonly (CoreFunction | null)[];
  readonly #coreExports: WebAssembly.Exports[] = [];

  constructor(source: InstanceSource, host: HostBindings, state: InstanceState) {
    this.#source = source;
    this.#host = host;
    this.#state = state;
    const { plan } = source;
    this.#guestObjects = new GuestObjects(host.classes, (id, rep) => this.#destroyForHost(id, rep));
    this.scopes = Array.from(
      { length: plan.link.componentInstances },
      (_, id) => new ComponentScope(id, state, this.#guestObjects),
    );
    this.#memories = plan.memories.map(() => new MemoryView());
    const none = new MemoryView();
    this.#envs = plan.envs.map((env) =>
      new CanonEnv(this.#memories[env.memory] ?? none, this.#scope(env.componentInstance))
    );
    this.#builtins = this.#bindBuiltins();
    this.#attach(-1);
  }

  /** Instantiates the core modules; their start functions run, with nothing that could suspend. */
  start(): void {
    for (const [index, { module, args }] of this.#source.plan.link.coreInstances.entries()) {
      const compiled = this.#source.modules[module];
      const offset = this.#source.plan.link.modules[module]?.start ?? -1;
      if (!compiled) {
        throw new ComponentError("malformed", `Cannot instantiate core module ${module}: there is none`, { offset });
      }
      this.#coreExports.push(this.#instantiateCore(compiled, args, offset));
      this.#attach(index);
    }
  }

  exportContext(): Parameters<typeof bindExports>[1] {
    return {
      state: this.#state,
      guestObjects: this.#guestObjects,
      host: this.#host,
      invoke: (plan, ref, env) => this.#invoke(plan, ref, env),
    };
  }

  #instantiateCore(
    module: WebAssembly.Module,
    args: ReadonlyMap<string, CoreArgument>,
    offset: number,
  ): WebAssembly.Exports {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
    for (const [name, arg] of args) {
      if (arg.kind === "instance") {
        imports[name] = this.#coreExports[arg.coreInstance] ?? {};
        continue;
      }
      const items: Record<string, WebAssembly.ImportValue> = Object.create(null);
      for (const [key, ref] of arg.items) items[key] = this.#core(ref);
      imports[name] = items;
    }
    try {
      return new WebAssembly.Instance(module, imports).exports;
    } catch (error) {
      if (error instanceof WebAssembly.LinkError || error instanceof TypeError) {
        throw new ComponentError("malformed", `Cannot link a core module: ${error.message}`, { offset, cause: error });
      }
      throw this.#state.fail(trapOfGuest(error));
    }
  }

  /** Gives the environments what core instance `index` (or, with -1, the builtins) provides. */
  #attach(index: number): void {
    const { plan } = this.#source;
    const isNew = (ref: CoreRef): boolean => (ref.kind === "builtin" ? -1 : ref.coreInstance) === index;
    for (const [at, ref] of plan.memories.entries()) {
      if (!isNew(ref)) continue;
      const memory = this.#core(ref);
      if (memory instanceof WebAssembly.Memory) this.#memories[at]?.attach(memory);
    }
    for (const [at, { realloc }] of plan.envs.entries()) {
      const env = this.#envs[at];
      if (env !== undefined && realloc !== null && isNew(realloc)) env.realloc = this.#coreFunction(realloc);
    }
  }

  #bindBuiltins(): (CoreFunction | null)[] {
    const { plan, trampolines } = this.#source;
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
      core: this.#coreFunction(ref.core),
      postReturn: postReturn === null ? null : this.#coreFunction(postReturn),
      isWasm: ref.core.kind === "export" || this.#source.plan.trampolines.includes(ref.core.builtin),
    });
  }

  #destroyer(resource: ResourceType, by: ComponentScope | null): Destroy {
    const { origin } = resource;
    if (origin.kind === "host") return disposeHostObject;
    const { destructor, componentInstance } = origin;
    if (destructor === null) return () => {};
    const definer = this.#scope(componentInstance);
    return (rep) => runDestructor(this.#coreFunction(destructor), Number(rep), definer, by);
  }

  /** The host disposes an object of a guest's resource. With the instance ended, the resource ended as well. */
  #destroyForHost(resourceId: number, rep: number): void {
    const { life } = this.#state;
    if (life === "trapped" || life === "disposed") return;
    const resource = this.#source.plan.link.resources[resourceId - 1];
    if (resource === undefined) throw new RangeError(`Cannot drop resource type ${resourceId}: there is none`);
    this.#state.enter("drop a resource", false);
    try {
      this.#destroyer(resource, null)(rep);
      this.#state.checkAlive();
    } catch (error) {
      throw this.#state.fail(trapOfHost(error, "Symbol.dispose"));
    }
    this.#state.leave();
  }

  #core(ref: CoreRef): WebAssembly.ExportValue {
    const found = ref.kind === "builtin"
      ? this.#builtins[ref.builtin]
      : this.#coreExports[ref.coreInstance]?.[ref.name];
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
