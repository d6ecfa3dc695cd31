#!/usr/bin/env node
// The bin: what has to happen before anything else is loaded. The rest is `main.ts`, or what the package has in its place.
import * as module from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { digestOf, freshBundle } from "./start_bundle.mjs";
import { cacheFolder } from "./start_cache.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Of the package it is one file, and its name ends otherwise. */
const OWN_MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

const cache = cacheFolder();
// What V8 made of the modules, from one start to the next (Deno does so by itself).
// Not in Node's own place: that is a name below /tmp which another user may have taken first, and code is loaded from it.
// Before all TypeScript: without a cache, loading what strips its types alone takes 40 ms.
if (cache !== undefined && process.versions.deno === undefined) module.enableCompileCache?.(join(cache, "code"));
await import("./require_runtime.ts");

const isClone = OWN_MAIN.endsWith(".ts");
const bundle = isClone ? bundleOfClone() : OWN_MAIN;
const { main } = await (isClone && bundle !== undefined ? import(pathToFileURL(bundle).href) : import("./main.ts"));
await main({ kept: keptModules(), keepCode: () => module.flushCompileCache?.() });

function bundleOfClone() {
  if (process.env.LOOPGATE_CACHE === "off") return undefined;
  // Without the permission to look Deno would ask the user for it.
  const permission = globalThis.Deno?.permissions.querySync({ name: "read", path: ROOT });
  return permission === undefined || permission.state === "granted" ? freshBundle(ROOT) : undefined;
}

/** All that rewrites guests is in the one file. Sources are many, and may change while they are loaded: they keep nothing. */
function keptModules() {
  if (cache === undefined || bundle === undefined) return undefined;
  const version = `${digestOf(bundle).slice(0, 32)}-${process.versions.v8}`;
  return { folder: join(cache, "modules"), version };
}
