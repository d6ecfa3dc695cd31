/**
 * What a start leaves for the next one. Plain JavaScript, as `loopgate.mjs`: it runs before types can be stripped.
 * A folder of this user's own, or none: code comes from it, and whoever can write it is this user.
 */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as module from "node:module";
import { isAbsolute, join } from "node:path";
import process from "node:process";

/** Where caches are; undefined where there is no folder that only this user can write to. */
export function cacheFolder() {
  const { LOOPGATE_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  if (LOOPGATE_CACHE === "off") return undefined;
  const home = HOME === undefined || !isAbsolute(HOME) ? undefined : join(HOME, ".cache");
  // A relative path is no path here (XDG base directories), and would be another one in every working folder.
  const base = [XDG_CACHE_HOME, home].find((path) => path !== undefined && isAbsolute(path));
  const folder = LOOPGATE_CACHE ?? (base === undefined ? undefined : join(base, "loopgate"));
  if (folder === undefined || !isAbsolute(folder)) return undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isOwn(lstatSync(folder)) ? folder : undefined;
  } catch {
    // A home that cannot be written to: a start without a cache is slower, and nothing else.
    return undefined;
  }
}

function isOwn(stat) {
  if (!stat.isDirectory()) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0);
}

/** The package's sources without their types: each by the digest of what it was made of, all in one file. */
export class StrippedSources {
  #file;
  #known = new Map();
  #used = new Map();
  #isNew = false;

  /** Without a folder nothing is kept. */
  constructor(folder) {
    if (folder === undefined) return;
    this.#file = join(folder, "stripped.json");
    try {
      const { node, sources } = JSON.parse(readFileSync(this.#file, "utf8"));
      if (node === process.version) this.#known = new Map(Object.entries(sources));
    } catch {
      // There is none, or it is damaged: it is made anew.
    }
    process.once("exit", () => this.#save());
  }

  /** The JavaScript of a file of the package. */
  read(url) {
    const source = readFileSync(url, "utf8");
    const key = createHash("sha256").update(source).digest("base64url");
    let stripped = this.#known.get(key);
    if (typeof stripped !== "string") {
      stripped = quietly(() => module.stripTypeScriptTypes(source));
      this.#isNew = true;
    }
    this.#used.set(key, stripped);
    return stripped;
  }

  /** Only what this start used: sources of earlier versions go. */
  #save() {
    if (!this.#isNew || this.#file === undefined) return;
    const own = `${this.#file}.${process.pid}`;
    try {
      writeFileSync(
        own,
        JSON.stringify({ node: process.version, sources: Object.fromEntries(this.#used) }),
        { mode: 0o600, flag: "wx" },
      );
      renameSync(own, this.#file);
    } catch {
      // The disk is full, or the folder has gone; the next start strips again.
      rmSync(own, { force: true });
    }
  }
}

/** Without the one warning that says that stripping is experimental: its user is `loopgate.mjs`, not the one who reads it. */
function quietly(strip) {
  const emitWarning = Reflect.get(process, "emitWarning");
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).includes("stripTypeScriptTypes")) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return strip();
  } finally {
    process.emitWarning = emitWarning;
  }
}
