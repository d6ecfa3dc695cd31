/** The file system behind `config`: the only file here that touches the operating system. */
import { constants } from "node:fs";
import { access, type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { FileFacts, FileReader, FolderEntry } from "./file_reader.ts";

/** A file that changes while it is read is read again, so often; an editor is done after the first. */
const READS_MAX = 10;
/** What lies between two attempts: one write of an editor takes less. */
const PAUSE_MS = 20;

/** Reads the machine's files. */
export const folderFiles: FileReader = {
  async list(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    return await Promise.all(entries.map(async (entry): Promise<FolderEntry> => {
      if (!entry.isSymbolicLink()) return { name: entry.name, kind: kindOf(entry) };
      return { name: entry.name, kind: await linkedKind(`${folder}/${entry.name}`) };
    }));
  },

  async read(file, bytesMax) {
    for (let attempt = 1; attempt <= READS_MAX; attempt++) {
      const bytes = await readOnce(file, bytesMax);
      if (bytes !== undefined) return bytes;
      await pause(PAUSE_MS);
    }
    throw new Error("it does not stop changing");
  },

  async inspect(path): Promise<FileFacts | undefined> {
    const facts = await statIfThere(path);
    if (facts === undefined) return undefined;
    const isReadable = await access(path, constants.R_OK).then(() => true, () => false);
    const isReadableByAll = (facts.mode & constants.S_IROTH) !== 0;
    return { kind: kindOf(facts), realPath: await realpath(path), isReadable, isReadableByAll };
  },

  variable: (name) => process.env[name],
};

/** The bytes, or undefined when the file (or which file the name stands for) changed meanwhile. */
async function readOnce(file: string, bytesMax: number): Promise<Uint8Array | undefined> {
  // Without O_NONBLOCK, opening a named pipe waits for its writer for ever.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const before = await handle.stat();
    if (!before.isFile()) throw new Error("it is no file");
    if (before.size > bytesMax) throw new Error(`it has ${before.size} bytes, expected at most ${bytesMax}`);
    // One byte more than there should be: growth is seen.
    const bytes = await readUpTo(handle, before.size + 1);
    const [after, named] = [await handle.stat(), await stat(file)];
    return isSame(before, after) && isSame(after, named) && after.size === bytes.length ? bytes : undefined;
  } finally {
    await handle.close();
  }
}

async function readUpTo(handle: FileHandle, bytesMax: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const { bytesRead } = await handle.read(buffer, length, bytesMax - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function isSame(first: Stats, second: Stats): boolean {
  return first.ino === second.ino && first.dev === second.dev && first.size === second.size &&
    first.mtimeMs === second.mtimeMs;
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** One link that leads in a circle, or to where this user may not go, keeps nobody from the other names. */
async function linkedKind(path: string): Promise<FolderEntry["kind"]> {
  try {
    const target = await statIfThere(path);
    return target === undefined ? "other" : kindOf(target);
  } catch {
    return "unknown";
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileFacts["kind"] {
  return entry.isFile() ? "file" : entry.isDirectory() ? "folder" : "other";
}
