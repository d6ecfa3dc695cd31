/** `npm run build`: the sample workloads, when they are missing or stale. */
import { join } from "node:path";
import { buildWorkloads } from "./build_workloads.ts";
import { ROOT } from "./tools.ts";

await buildWorkloads(join(ROOT, "workloads"));
