/** Core modules as text, run as they are and rewritten, with a scripted host. */
import { parse } from "@bytecodealliance/jco";
import { instrumentModule } from "../../src/component/instrument/instrument.ts";
import {
  EXPORT_NAMES,
  IMPORT_NAMES,
  type InstrumentedModule,
} from "../../src/component/instrument/instrumented_module.ts";

/** A rewritten module with its instance and what its host saw. */
export interface Instrumented {
  readonly module: InstrumentedModule;
  readonly instance: WebAssembly.Instance;
  readonly host: ScriptedHost;
  /** An export that was added. */
  readonly added: (name: string) => WebAssembly.ExportValue | undefined;
}

/** Gives fuel a number of times, then ends the guest. */
export interface ScriptedHost {
  ticks: number;
  yields: number;
  readonly ticksMax: number;
  readonly fuel: number;
  /** Every so many ticks the guest has to yield. */
  readonly yieldEvery: number;
  readonly growTable: (index: number, size: bigint, delta: bigint) => number;
  /** Looks at the guest each time it asks. */
  readonly onTick: () => void;
}

/** A host that gives `fuel` at each of `ticksMax` ticks. */
export function scriptedHost(options: Partial<ScriptedHost> = {}): ScriptedHost {
  return {
    ticks: 0,
    yields: 0,
    ticksMax: 1000,
    fuel: 100_000,
    yieldEvery: 0,
    growTable: () => 1,
    onTick() {},
    ...options,
  };
}

/** Core module text to bytes. */
export async function coreBytes(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return (await parse(`(module ${text})`)) as Uint8Array<ArrayBuffer>;
}

/** Rewrites and instantiates a module that imports nothing but from `imports`. */
export function instantiateRewritten(
  bytes: Uint8Array,
  options: {
    readonly tracksWrites?: boolean;
    readonly host?: ScriptedHost;
    readonly imports?: WebAssembly.Imports;
  } = {},
): Instrumented {
  const module = instrumentModule(bytes, { tracksWrites: options.tracksWrites ?? false });
  const host = options.host ?? scriptedHost();
  const memories: (() => WebAssembly.Memory)[] = [];
  const functions: WebAssembly.ModuleImports = {
    [IMPORT_NAMES.tick]: () => {
      host.ticks += 1;
      host.onTick();
      if (host.ticks > host.ticksMax) return -1;
      return host.yieldEvery > 0 && host.ticks % host.yieldEvery === 0 ? 0 : host.fuel;
    },
    [IMPORT_NAMES.yield]: () => {
      host.yields += 1;
      return host.fuel;
    },
    [IMPORT_NAMES.growTable]: host.growTable,
  };
  module.memories.forEach(({ is64 }, index) => {
    const memory = (): WebAssembly.Memory => {
      const found = memories[index];
      if (found === undefined) throw new Error(`The module has no memory ${index} yet`);
      return found();
    };
    const pages = (count: number): number | bigint => is64 ? BigInt(count) : count;
    functions[IMPORT_NAMES.size(index)] = () => pages(memory().buffer.byteLength / 65_536);
    functions[IMPORT_NAMES.grow(index)] = (delta: number | bigint) => {
      try {
        return pages(memory().grow((is64 ? BigInt(delta) : Number(delta) >>> 0) as number));
      } catch {
        return pages(-1);
      }
    };
    functions[IMPORT_NAMES.written(index)] = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), {
    ...options.imports,
    [module.importModule]: functions,
  });
  const added = (name: string): WebAssembly.ExportValue | undefined => instance.exports[module.exportPrefix + name];
  module.memories.forEach(({ imported }, index) => {
    memories[index] = () =>
      (imported === null
        ? added(EXPORT_NAMES.memory(index))
        : options.imports?.[imported.module]?.[imported.name]) as WebAssembly.Memory;
  });
  return { module, instance, host, added };
}

/** What a call comes to: its result, or the kind and text of what it throws. */
export function outcomeOf(call: () => unknown): string {
  try {
    const result = call();
    return Array.isArray(result) ? result.map(String).join() : String(result);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return `trap: ${error.message}`;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** An exported function. */
export function exported(instance: WebAssembly.Instance, name: string): (...args: readonly unknown[]) => unknown {
  const found = instance.exports[name];
  if (typeof found !== "function") throw new Error(`There is no exported function ${name}`);
  return found as (...args: readonly unknown[]) => unknown;
}

/** Calls "run" with 100: the instructions that the module itself counted in "n", and the fuel that they were paid with. */
export function runCounting(bytes: Uint8Array): { readonly counted: number; readonly spent: number } {
  const { instance, added } = instantiateRewritten(bytes);
  const left = added("fuel") as WebAssembly.Global;
  left.value = 1_000_000;
  exported(instance, "run")(100);
  return {
    counted: Number((instance.exports["n"] as WebAssembly.Global).value),
    spent: 1_000_000 - Number(left.value),
  };
}
