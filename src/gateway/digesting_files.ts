/** A file reader that remembers what it read, so that two readings of a folder can be held against each other. */
import type { FileReader } from "../config/file_reader.ts";

/** The same files as `files`, for one reading. */
export class DigestingFiles implements FileReader {
  readonly list: FileReader["list"];
  readonly inspect: FileReader["inspect"];
  readonly variable: FileReader["variable"];
  readonly #files: FileReader;
  readonly #digests = new Map<string, string>();

  constructor(files: FileReader) {
    this.#files = files;
    this.list = (folder) => files.list(folder);
    this.inspect = (path) => files.inspect(path);
    this.variable = (name) => files.variable(name);
  }

  async read(file: string, bytesMax: number): Promise<Uint8Array> {
    this.#digests.delete(file);
    const bytes = await this.#files.read(file, bytesMax);
    this.#digests.set(file, await digestOf(bytes));
    return bytes;
  }

  /** Equal for two readings in which all of `paths` had the same bytes, or could not be read. */
  fingerprint(paths: readonly string[]): string {
    return JSON.stringify(paths.toSorted().map((path) => [path, this.#digests.get(path) ?? null]));
  }
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  // Web Crypto's types want bytes that are no view of shared memory, and these are none.
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toHex();
}
