/** A file reader that remembers what it read, so that two readings of a folder can be held against each other. */
import type { FileReader } from "../config/file_reader.ts";

/** The same files as `files`, for one reading. */
export class DigestingFiles implements FileReader {
  readonly list: FileReader["list"];
  readonly inspect: FileReader["inspect"];
  readonly variable: FileReader["variable"];
  readonly #files: FileReader;
  /** Of each read: a secret that several guests have is read for each of them, and may have changed meanwhile. */
  readonly #digests = new Map<string, Set<string>>();

  constructor(files: FileReader) {
    this.#files = files;
    this.list = (folder) => files.list(folder);
    this.inspect = (path) => files.inspect(path);
    this.variable = (name) => files.variable(name);
  }

  async read(file: string, bytesMax: number): Promise<Uint8Array> {
    const digests = this.#digests.get(file) ?? new Set();
    this.#digests.set(file, digests);
    try {
      const bytes = await this.#files.read(file, bytesMax);
      digests.add(await digestOf(bytes));
      return bytes;
    } catch (error) {
      digests.add(UNREADABLE);
      throw error;
    }
  }

  /**
   * Equal for two readings in which all of `paths` had the same bytes, or could not be read. One in which a file was first
   * this and then that equals none of either, so that the next one is another.
   */
  fingerprint(paths: readonly string[]): string {
    return JSON.stringify(paths.toSorted().map((path) => [path, ...[...this.#digests.get(path) ?? []].toSorted()]));
  }
}

/** In place of a digest. */
const UNREADABLE = "";

async function digestOf(bytes: Uint8Array): Promise<string> {
  // Web Crypto's types want bytes that are no view of shared memory, and these are none.
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toHex();
}
