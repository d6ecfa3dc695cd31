/**
 * Rewritten modules below the folder of the start cache (`start_cache.mjs` says whom that has to belong to), for the next start.
 * What cannot be read or written there is made again at each start, and nothing else.
 */
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { ModuleStore } from "../component/module_store.ts";
import { writeWholeFile } from "./write_file.ts";

/** The folder, and what the version of this program is called. */
export interface KeptModulesOptions {
  readonly folder: string;
  /** Differs where anything that rewrites modules differs. */
  readonly version: string;
}

/** A folder that is edited all day has a new component every minute. Those that were used the longest ago go. */
const FOLDER_BYTES_MAX = 256 * 1024 * 1024;
/** One component does not put out all others. */
const FILE_BYTES_MAX = FOLDER_BYTES_MAX / 4;

/** Opens nothing: the folder is made when there is something to keep. */
export function keptModules({ folder, version }: KeptModulesOptions): ModuleStore {
  const pathOf = (name: string): string => join(folder, `${version}-${name}`);
  return {
    async read(name) {
      try {
        const bytes = await readFile(pathOf(name));
        const now = new Date();
        await utimes(pathOf(name), now, now);
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      } catch {
        // Most often there is none.
        return undefined;
      }
    },
    async write(name, bytes) {
      if (bytes.length > FILE_BYTES_MAX) return;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await makeRoom(folder, bytes.length);
        await writeWholeFile(pathOf(name), bytes);
      } catch {
        // A full disk, or a read-only one: the next start is slower.
      }
    },
  };
}

async function makeRoom(folder: string, wanted: number): Promise<void> {
  const files = await Promise.all((await readdir(folder)).map(async (name) => {
    const { size, mtimeMs } = await stat(join(folder, name));
    return { path: join(folder, name), size, mtimeMs };
  }));
  let total = files.reduce((sum, { size }) => sum + size, wanted);
  for (const { path, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= FOLDER_BYTES_MAX) return;
    await rm(path, { force: true });
    total -= size;
  }
}
