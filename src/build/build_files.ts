/** The files of a build: sources that are read, results that are written whole, and a folder for what is thrown away. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

/** More files than this are no workload's own: a folder of data, or a link to the root of the disk. */
const FILES_MAX = 10_000;

/** Of the map of a component: ten times that of a large one. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;

/** A file as text. Fails as the system does. */
export function readText(file: string): Promise<string> {
  return readFile(file, "utf8");
}

/** A file as text, now; undefined when it cannot be read, is no plain file or is too large: who serves waits for it. */
export function readTextNow(file: string): string | undefined {
  try {
    const found = statSync(file);
    return found.isFile() && found.size <= TEXT_BYTES_MAX ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** A file's bytes. Fails as the system does. */
export async function readBytes(file: string): Promise<Uint8Array> {
  return await readFile(file);
}

/** Writes a file and the folders above it. Nobody ever sees half of it. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

/** Writes a program for this user alone; gives its path. */
export async function writeProgram(file: string, text: string): Promise<string> {
  await writeFile(file, text, { mode: 0o700 });
  return file;
}

/** Writes a file that was not there, and the folders above it; false when something is there already. */
export async function writeNew(file: string, content: string | Uint8Array): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** What stands at a path, links followed; undefined for nothing. */
export async function kindAt(path: string): Promise<"file" | "folder" | "other" | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  } catch {
    return undefined;
  }
}

/** When a file was last written to, by the machine's clock; undefined when it is not there. */
export async function changedMs(file: string): Promise<number | undefined> {
  return stat(file).then(({ mtimeMs }) => mtimeMs, () => undefined);
}

/** SHA-256 in hexadecimal. */
export function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** The hash of a file; undefined when it cannot be read. */
export function hashOfFile(file: string): Promise<string | undefined> {
  return readFile(file).then((bytes) => hashOf(bytes), () => undefined);
}

/** The files below a folder, in order; a link to a folder is not followed, a folder that `skips` names is passed over. */
export async function filesBelow(folder: string, skips: (name: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // What has gone meanwhile has no files.
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory() && !skips(entry.name)) waiting.push(path);
      else if (entry.isFile()) found.push(path);
    }
    if (found.length > FILES_MAX) throw new Error(`it has more than ${FILES_MAX} files`);
  }
  return found.toSorted();
}

/** A folder for `use` alone, which is gone afterwards. */
export async function withScratch<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-build-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
