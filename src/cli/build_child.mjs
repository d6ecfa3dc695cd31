/**
 * The start of a build process: `build_child.mjs <kind> <job>`. Which tools are loaded is known here only, so this is the one
 * place that imports by name. Plain JavaScript, as `loopgate.mjs`: in an installed package types have to be stripped first.
 */
import process from "node:process";
import { stripOwnSources } from "./strip_types.mjs";

const JOBS = new Set(["quickjs", "adapt"]);
const kind = process.argv[2];
if (!JOBS.has(kind)) throw new TypeError(`Cannot build "${kind}", expected one of ${[...JOBS].join(", ")}`);
stripOwnSources(undefined);
await import(new URL(`../build/${kind}_job.ts`, import.meta.url).href);
