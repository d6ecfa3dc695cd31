#!/usr/bin/env node
// The bin: what has to happen before anything else is loaded. The rest is `main.ts`, or what the package has in its place.
import * as module from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { freshBundle } from "./start_bundle.mjs";
import { cacheFolder } from "./start_cache.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

// What V8 made of the modules, from one start to the next (Deno does so by itself).
// Not in Node's own place: that is a name below /tmp which another user may have taken first, and code is loaded from it.
const cache = process.versions.deno === undefined ? cacheFolder() : undefined;
// Before all TypeScript: without a cache, loading what strips its types alone takes 40 ms.
if (cache !== undefined) module.enableCompileCache?.(join(cache, "code"));
await import("./require_runtime.ts");

const bundle = mayUseBundle() ? freshBundle(ROOT) : undefined;
const { main } = await (bundle === undefined ? import("./main.ts") : import(pathToFileURL(bundle).href));
await main();

/** In a clone alone: the package has one file in place of `./main.ts`, whose name ends otherwise. */
function mayUseBundle() {
  if (!"./main.ts".endsWith(".ts") || process.env.LOOPGATE_CACHE === "off") return false;
  // Without the permission to look Deno would ask the user for it.
  return globalThis.Deno?.permissions.querySync({ name: "read", path: ROOT }).state !== "prompt";
}
