#!/usr/bin/env node
// The bin: what has to happen before anything else is loaded. The rest is `main.ts`, or what the package has in its place.
import "./require_runtime.ts";
import * as module from "node:module";
import { join } from "node:path";
import process from "node:process";
import { cacheFolder } from "./start_cache.mjs";

// What V8 made of the modules, from one start to the next (Deno does so by itself).
// Not in Node's own place: that is a name below /tmp which another user may have taken first, and code is loaded from it.
const cache = process.versions.deno === undefined ? cacheFolder() : undefined;
if (cache !== undefined) module.enableCompileCache(join(cache, "code"));

await import("./main.ts");
