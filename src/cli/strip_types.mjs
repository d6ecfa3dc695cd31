/** The package's own sources below a `node_modules` folder: neither Node nor Deno strips types there. Plain JavaScript. */
import * as module from "node:module";
import { StrippedSources } from "./start_cache.mjs";

/** From now on this package's `.ts` files can be imported wherever it is installed. */
export function stripOwnSources(cache) {
  const sources = new URL("../", import.meta.url).href;
  if (!sources.includes("/node_modules/")) return;
  const stripped = new StrippedSources(cache);
  module.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(sources) || !url.endsWith(".ts")) return nextLoad(url, context);
      return { format: "module", shortCircuit: true, source: stripped.read(new URL(url)) };
    },
  });
}
