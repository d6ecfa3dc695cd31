#!/usr/bin/env node
// The bin of the installed package. Node does not strip types below node_modules, so this does it for the package's
// own files, and it is plain JavaScript that an old Node can read far enough to say what to install.
import * as module from "node:module";
import process from "node:process";

const isDeno = process.versions.deno !== undefined;
if (!isDeno && (module.registerHooks === undefined || module.stripTypeScriptTypes === undefined)) {
  process.stderr.write(
    `error: Cannot run on Node ${process.versions.node}: expected Node 26 or newer, or Deno 2.9 or newer\n` +
      "Install one of them from https://nodejs.org or https://deno.com\n",
  );
  process.exit(2);
}

const sources = new URL("../", import.meta.url).href;
if (!isDeno && sources.includes("/node_modules/")) {
  const { readFileSync } = await import("node:fs");
  module.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(sources) || !url.endsWith(".ts")) return nextLoad(url, context);
      const source = module.stripTypeScriptTypes(readFileSync(new URL(url), "utf8"));
      return { format: "module", shortCircuit: true, source };
    },
  });
}
await import("./main.ts");
