/**
 * Compiled components, by the SHA-256 of their bytes: what several routes or reloads share compiles once. The cache
 * itself keeps nothing alive: compiled code is ten times its source, and a folder that is edited all day would fill the
 * memory with versions that nobody serves.
 */
import { compileComponent, type CompiledComponent, type CompileOptions } from "./engine.ts";

/** Compiles each component once, whoever asks, as long as somebody has it. */
export class ComponentCache {
  readonly #options: CompileOptions;
  /** Promises while they compile, so that callers at the same time share one compilation. */
  readonly #entries = new Map<string, Promise<CompiledComponent> | WeakRef<CompiledComponent>>();
  readonly #collected: FinalizationRegistry<string>;

  constructor(options: CompileOptions) {
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
    const key = `${await digest(bytes)} ${tracksWrites ? "tracked" : "plain"}`;
    const entry = this.#entries.get(key);
    const known = entry instanceof WeakRef ? entry.deref() : entry;
    if (known !== undefined) return known;
    const compiling = compileComponent(bytes, { ...this.#options, tracksWrites });
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
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return new Uint8Array(hash).toHex();
}
