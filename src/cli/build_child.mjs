/**
 * The start of a build process: `build_child.mjs <kind> <job>`. Which tools are loaded is known here only, so this is the one
 * place that imports by name. Plain JavaScript, as `loopgate.mjs`: in an installed package types have to be stripped first.
 */
import process from "node:process";
import { stripOwnSources } from "./strip_types.mjs";

const TOOLS = new Map([["quickjs", ["componentize-qjs", "rolldown"]], ["adapt", ["@bytecodealliance/jco"]]]);
const kind = process.argv[2];
const tools = TOOLS.get(kind);
if (tools === undefined) throw new TypeError(`Cannot build "${kind}", expected one of ${[...TOOLS.keys()].join(", ")}`);
// Before anything hooks into loading: Deno then takes a native addon for JavaScript.
for (const tool of tools) await import(tool);
stripOwnSources(undefined);
await import(new URL(`../build/${kind}_job.ts`, import.meta.url).href);
