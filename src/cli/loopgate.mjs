#!/usr/bin/env node
// The bin of the installed package. Neither Node nor Deno strips types below node_modules, so this does it for the package's
// own files, and it is plain JavaScript that an old Node can read far enough to say what to install.
import * as module from "node:module";
import process from "node:process";

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

const sources = new URL("../", import.meta.url).href;
if (sources.includes("/node_modules/")) {
  const { readFileSync } = await import("node:fs");
  // The one warning that says that stripping is experimental: its user is this file, not the one who reads it.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).includes("stripTypeScriptTypes")) emitWarning(warning, ...rest);
  };
  module.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(sources) || !url.endsWith(".ts")) return nextLoad(url, context);
      const source = module.stripTypeScriptTypes(readFileSync(new URL(url), "utf8"));
      return { format: "module", shortCircuit: true, source };
    },
  });
}
await import("./main.ts");
