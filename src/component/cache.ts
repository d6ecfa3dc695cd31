/** Compiled components in memory, by the SHA-256 of their bytes: what several routes or reloads share compiles once. */
import { compileComponent, type CompiledComponent, type CompileOptions } from "./engine.ts";

/** How the cache compiles, and how much it keeps. */
export interface ComponentCacheOptions extends CompileOptions {
  /** How many are kept; the one that was asked for longest ago goes first. */
  readonly entriesMax?: number;
}

/** Compiled code is ten times its source: a folder that is edited all day would fill the memory with old versions. */
export const CACHE_ENTRIES_MAX = 256;

/** Compiles each component once, whoever asks. */
export class ComponentCache {
  readonly #options: CompileOptions;
  readonly #entriesMax: number;
  /** In order of last use. Promises, so that callers at the same time share one compilation. */
  readonly #entries: Map<string, Promise<CompiledComponent>> = new Map();

  constructor(options: ComponentCacheOptions) {
    this.#options = options;
    this.#entriesMax = options.entriesMax ?? CACHE_ENTRIES_MAX;
  }

  /** Components that are kept or being compiled. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The component of these bytes, which must not change meanwhile.
   * @throws {ComponentError} every time anew: failures are not kept
   */
  async compile(bytes: Uint8Array): Promise<CompiledComponent> {
    const key = await digest(bytes);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const compiling = compileComponent(bytes, this.#options);
    this.#entries.set(key, compiling);
    this.#trim();
    try {
      return await compiling;
    } catch (error) {
      if (this.#entries.get(key) === compiling) this.#entries.delete(key);
      throw error;
    }
  }

  #trim(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#entriesMax) return;
      this.#entries.delete(key);
    }
  }
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return new Uint8Array(hash).toHex();
}
