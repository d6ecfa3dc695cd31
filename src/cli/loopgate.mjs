#!/usr/bin/env node
// The bin of the installed package. Neither Node nor Deno strips types below node_modules, so this does it for the package's
// own files, and it is plain JavaScript that an old Node can read far enough to say what to install.
import * as module from "node:module";
import { join } from "node:path";
import process from "node:process";
import { cacheFolder } from "./start_cache.mjs";
import { stripOwnSources } from "./strip_types.mjs";

if (module.registerHooks === undefined || module.stripTypeScriptTypes === undefined) {
  const { deno, node } = process.versions;
  process.stderr.write(
    `error: Cannot run on ${
      deno === undefined ? `Node ${node}` : `Deno ${deno}`
    }: expected Node 26 or Deno 2.9, or newer\n` +
      "Install one of them from https://nodejs.org or https://deno.com\n",
  );
  process.exit(2);
}

const cache = process.versions.deno === undefined ? cacheFolder() : undefined;
// What V8 made of the sources, and what was left of them without types, from one start to the next (Deno does so by itself).
// Not in Node's own place: that is a name below /tmp which another user may have taken first, and code is loaded from it.
if (cache !== undefined) module.enableCompileCache(join(cache, "code"));

stripOwnSources(cache);
await import("./main.ts");
