/**
 * Where a start leaves something for the next one. Plain JavaScript, as `loopgate.mjs`.
 * A folder of this user's own, or none: code comes from it, and whoever can write it is this user.
 */
import { lstatSync, mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import process from "node:process";

/** What Deno would ask the user for when it was not given. */
const PERMISSIONS = [{ name: "env" }, { name: "read" }, { name: "write" }, { name: "sys", kind: "uid" }];

/** Where caches are; undefined where there is no folder that only this user can write to. */
export function cacheFolder() {
  if (globalThis.Deno !== undefined && !PERMISSIONS.every(isGranted)) return undefined;
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

function isGranted(permission) {
  return globalThis.Deno.permissions.querySync(permission).state === "granted";
}

function isOwn(stat) {
  if (!stat.isDirectory()) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0);
}
