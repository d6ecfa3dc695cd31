/**
 * What the components of a workload were made of: `dist/.build.json`. A component is stale as soon as the tools, a source
 * or the component itself is another; times of files say nothing.
 */
import { join, relative } from "node:path";
import { changedMs, hashOfFile, readText, writeWhole } from "./build_files.ts";

/** Of one component, or of all that one command makes. */
export interface Stamp {
  /** Hash of the tools and of how they were used. */
  readonly builder: string;
  /** Source files, relative to the workload, with their hashes. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Components, relative to the workload, with their hashes. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The stamps of a workload's folder, by what was built. */
export class Stamps {
  readonly #folder: string;
  readonly #known: Map<string, Stamp>;
  private constructor(folder: string, known: Map<string, Stamp>) {
    this.#folder = folder;
    this.#known = known;
  }

  /** Reads them. */
  static async open(folder: string): Promise<Stamps> {
    return new Stamps(folder, await readStamps(fileOf(folder)));
  }

  /** Whether all is as it was when `key` was built. */
  async isFresh(key: string, builder: string): Promise<boolean> {
    const stamp = this.#known.get(key);
    if (stamp?.builder !== builder) return false;
    const expected = [...Object.entries(stamp.outputs), ...Object.entries(stamp.inputs)];
    const matches = await Promise.all(
      expected.map(async ([file, was]) => (await hashOfFile(join(this.#folder, file))) === was),
    );
    return matches.every(Boolean);
  }

  /** The sources of the last build of `key`. */
  inputsOf(key: string): readonly string[] {
    return Object.keys(this.#known.get(key)?.inputs ?? {}).map((file) => join(this.#folder, file));
  }

  /** Notes that `key` was built, from sources as they were at `startedMs`. Whoever reads it meanwhile sees the former stamps. */
  async note(
    key: string,
    made: {
      readonly builder: string;
      readonly inputs: readonly string[];
      readonly outputs: readonly string[];
      /** By the wall clock. */
      readonly startedMs: number;
    },
  ): Promise<void> {
    const [inputs, outputs] = await Promise.all([
      this.#hashes(made.inputs, made.startedMs),
      this.#hashes(made.outputs, Number.POSITIVE_INFINITY),
    ]);
    this.#known.set(key, { builder: made.builder, inputs, outputs });
    await writeWhole(fileOf(this.#folder), `${JSON.stringify(Object.fromEntries(this.#known), undefined, 2)}\n`);
  }

  /** A file that was written to since it may have been read, or that has gone, has no hash: what it went into is stale. */
  async #hashes(files: readonly string[], readMs: number): Promise<Readonly<Record<string, string>>> {
    const hashes = await Promise.all(files.map(async (file) => {
      const hash = await hashOfFile(file);
      const isSettled = hash !== undefined && (await changedMs(file) ?? Number.POSITIVE_INFINITY) <= readMs;
      return [relative(this.#folder, file), isSettled ? hash : ""] as const;
    }));
    return Object.fromEntries(hashes);
  }
}

function fileOf(folder: string): string {
  return join(folder, "dist/.build.json");
}

async function readStamps(file: string): Promise<Map<string, Stamp>> {
  try {
    const read = JSON.parse(await readText(file)) as Record<string, Stamp>;
    return new Map(Object.entries(read).filter(([, stamp]) => typeof stamp.outputs === "object"));
  } catch {
    // None yet, or an older one: everything is built anew.
    return new Map();
  }
}
