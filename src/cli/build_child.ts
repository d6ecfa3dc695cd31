/** The start of a build process: `build_child.ts <kind> <job>`. Each kind is loaded alone, for the tools of another may not be there. */
import process from "node:process";
import type { JobKind } from "../build/build_job.ts";

const LOADERS: Readonly<Record<JobKind, () => Promise<unknown>>> = {
  // lazy: its tools are optional peers
  quickjs: () => import("../build/quickjs_job.ts"),
  // lazy: its tools are optional peers
  starlingmonkey: () => import("../build/starlingmonkey_job.ts"),
  // lazy: its tools are optional peers
  adapt: () => import("../build/adapt_job.ts"),
};

const kind = process.argv[2] ?? "";
if (!Object.hasOwn(LOADERS, kind)) {
  throw new TypeError(`Cannot build "${kind}", expected one of ${Object.keys(LOADERS).join(", ")}`);
}
await LOADERS[kind as JobKind]();
