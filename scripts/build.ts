/** `npm run build`: the sample workloads, or those of the folders it is given, when they are missing or stale. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { buildWorkloads } from "./build_workloads.ts";
import { ROOT } from "./tools.ts";

const named = process.argv.slice(2).map((folder) => resolve(folder));
for (const folder of named.length === 0 ? [join(ROOT, "workloads")] : named) {
  const isFolder = await stat(folder).then((found) => found.isDirectory(), () => false);
  if (!isFolder) {
    console.error(`Cannot build "${folder}": it is no folder, expected a folder of workloads`);
    process.exit(2);
  }
  await buildWorkloads(folder);
}
