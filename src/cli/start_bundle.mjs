/**
 * The program as one file, for a quick start of a clone: loading its sources, one after the other, takes longer than all that they
 * do then. `scripts/start_bundle.ts` makes it. Plain JavaScript, as `loopgate.mjs`: the launcher asks here too, on any Node.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where it is, below the root of a clone: a folder for each version, and `MANIFEST`, which names one. */
export const BUNDLES = ".cache/start";
/** What was made of what. */
export const MANIFEST = "manifest.json";
/** The file of a version that is started. */
export const MAIN = "main.mjs";
/** What decides how names are resolved, besides the sources. */
export const RESOLUTION = ["package.json", "package-lock.json"];

/**
 * The file to start when it was made of what the sources are now, all of which are read for that: times can be set, and a stale one
 * would run what nobody sees. Undefined when there is none; then the sources run.
 */
export function freshBundle(root) {
  try {
    const { version, sources, digest } = JSON.parse(readFileSync(join(root, BUNDLES, MANIFEST), "utf8"));
    if (version !== versionOf(sources, (name) => readFileSync(join(root, name)))) return undefined;
    const file = join(root, BUNDLES, version, MAIN);
    return digestOf(file) === digest ? file : undefined;
  } catch {
    // There is none, or a source has gone. Whatever it is, the sources tell.
    return undefined;
  }
}

/** What a bundle of these sources is called: their names and contents, and what resolves their imports. */
export function versionOf(sources, read) {
  const hash = createHash("sha256");
  for (const name of [...RESOLUTION, ...sources]) {
    const bytes = read(name);
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/** Of a file's contents. */
export function digestOf(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
