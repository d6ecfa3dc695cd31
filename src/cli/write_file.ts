/** Writes what a command makes: as a whole, so that nobody reads half of it. */
import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";

/** Replaces the file at `path`, which keeps what it has when this fails. */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(beside, bytes, { flag: "wx" });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
