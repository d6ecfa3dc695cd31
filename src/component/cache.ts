/**
 * Compiled components, by the SHA-256 of their bytes: what several routes or reloads share compiles once. The cache
 * itself keeps nothing alive: compiled code is ten times its source, and a folder that is edited all day would fill the
 * memory with versions that nobody serves.
 */
import { compileComponent, type CompiledComponent, type CompileOptions } from "./engine.ts";
import { decodeModules, encodeModules, type ModuleStore, type RewrittenModules } from "./module_store.ts";

/** What a cache compiles with, and what it finds of earlier processes. */
export interface ComponentCacheOptions extends CompileOptions {
  /** Default: nothing is kept beyond this process. */
  readonly store?: ModuleStore | undefined;
}

/** Compiles each component once, whoever asks, as long as somebody has it. */
export class ComponentCache {
  readonly #options: ComponentCacheOptions;
  /** Promises while they compile, so that callers at the same time share one compilation. */
  readonly #entries = new Map<string, Promise<CompiledComponent> | WeakRef<CompiledComponent>>();
  readonly #collected: FinalizationRegistry<string>;
  /** What is being written to the store. */
  readonly #writes = new Set<Promise<void>>();

  constructor(options: ComponentCacheOptions) {
    this.#options = options;
    this.#collected = new FinalizationRegistry((key) => {
      const entry = this.#entries.get(key);
      if (entry instanceof WeakRef && entry.deref() === undefined) this.#entries.delete(key);
    });
  }

  /** Components that somebody has or had until lately, or that are being compiled. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The component of these bytes, which must not change meanwhile. With and without tracked writes are two.
   *
   * @throws {ComponentError} every time anew: failures are not kept
   */
  async compile(
    bytes: Uint8Array,
    { tracksWrites = this.#options.tracksWrites ?? false }: { readonly tracksWrites?: boolean } = {},
  ): Promise<CompiledComponent> {
    const key = `${await digest(bytes)}-${tracksWrites ? "tracked" : "plain"}`;
    const entry = this.#entries.get(key);
    const known = entry instanceof WeakRef ? entry.deref() : entry;
    if (known !== undefined) return known;
    const compiling = this.#compile(key, bytes, tracksWrites);
    this.#entries.set(key, compiling);
    try {
      const component = await compiling;
      this.#entries.set(key, new WeakRef(component));
      this.#collected.register(component, key);
      return component;
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
  }

  /** Resolves when nothing is being written to the store any more. */
  async settled(): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes);
  }

  async #compile(key: string, bytes: Uint8Array, tracksWrites: boolean): Promise<CompiledComponent> {
    const options = { ...this.#options, tracksWrites };
    const { store } = options;
    if (store === undefined) return await compileComponent(bytes, options);
    const piece = await store.read(key);
    const modules = piece && await decodeModules(piece);
    return await compileComponent(bytes, options, { modules, onRewritten: (made) => this.#keep(store, key, made) });
  }

  /** Not waited for: a workload that is being deployed answers sooner. */
  #keep(store: ModuleStore, key: string, modules: RewrittenModules): void {
    const write = encodeModules(modules).then((piece) => store.write(key, piece)).finally(() =>
      this.#writes.delete(write)
    );
    this.#writes.add(write);
  }
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return new Uint8Array(hash).toHex();
}
