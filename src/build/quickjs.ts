/** Builds one TypeScript guest into a component: rolldown bundles it, componentize-qjs puts it on top of QuickJS. */
import { resolve } from "node:path";
import { componentize } from "componentize-qjs";
import type { BuildGoal } from "../config/build_definition.ts";
import { bundleGuest } from "./bundle.ts";
import { buildVersionOf, replaceBuildVersion } from "./guest_engines.ts";
import { GuestFault } from "./guest_fault.ts";
import { enablePromiseJobs } from "./promise_jobs.ts";
import { quickJsRuntime } from "./quickjs_runtime.ts";
import { stripSource } from "./strip_source.ts";
import { worldOf, writeWit } from "./wit.ts";

/** A finished guest. */
export interface BuiltGuest {
  readonly component: Uint8Array;
  /** The bundle's, see there. */
  readonly map: string;
  /** Every source file that went into it, absolute. */
  readonly inputs: readonly string[];
}

/**
 * @param scratch a folder that the build may fill
 * @throws {GuestFault} where the source is wrong
 */
export async function buildQuickJsGuest(
  entry: string,
  scratch: string,
  optimize: BuildGoal = "size",
): Promise<BuiltGuest> {
  const bundle = await bundleGuest(resolve(entry), "quickjs");
  const world = worldOf(bundle);
  const witPath = await writeWit(scratch, world, (name) => buildVersionOf(name, "quickjs"));
  try {
    const { component } = await componentize({
      witPath,
      jsSource: bundle.code,
      world: "guest",
      runtimeBytes: await quickJsRuntime(optimize),
    });
    const bytes = replaceBuildVersion(component);
    if (bundle.usesSdk) enablePromiseJobs(bytes);
    return { component: stripSource(bytes, bundle.code), map: bundle.map, inputs: bundle.inputs };
  } catch (error) {
    throw new GuestFault(error, bundle.inputs, bundle);
  }
}
