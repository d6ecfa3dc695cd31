/**
 * Builds one TypeScript guest into a component: rolldown bundles it, componentize-qjs puts it on top of QuickJS.
 *
 * Two versions of WASI are at work. The QuickJS runtime inside imports 0.2.12 for itself, and componentize-qjs refuses
 * a guest whose interfaces carry a 0.2 version, which it takes for its own. So a guest is built against the same WIT under
 * a version that does not exist, and this version is then replaced in the finished component by one of the same length.
 */
import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import { componentize } from "componentize-qjs";
import { bundleGuest, GUEST_VERSION } from "./bundle.ts";
import { GuestFault } from "./guest_fault.ts";
import { GuestMap } from "./guest_map.ts";
import { enablePromiseJobs } from "./promise_jobs.ts";
import { stripSource } from "./strip_source.ts";
import { guestWorld, writeWit } from "./wit.ts";

const BUILD_VERSION = "0.9.10";

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
export async function buildQuickJsGuest(entry: string, scratch: string): Promise<BuiltGuest> {
  const bundle = await bundleGuest(resolve(entry), BUILD_VERSION);
  const world = guestWorld([
    ...bundle.imports.map((name) => `import ${name}`),
    ...bundle.exports.map((name) => `export ${name}`),
  ]);
  const witPath = await writeWit(scratch, world, BUILD_VERSION);
  try {
    // The engine for size: 0.55 MB less, for about 100 us more of a request's CPU time.
    const { component } = await componentize({
      witPath,
      jsSource: bundle.code,
      world: "guest",
      sync: true,
      optSize: true,
    });
    const bytes = replaceVersion(component);
    if (bundle.usesSdk) enablePromiseJobs(bytes);
    return { component: stripSource(bytes, bundle.code), map: bundle.map, inputs: bundle.inputs };
  } catch (error) {
    throw new GuestFault(error, bundle.inputs, new GuestMap(bundle.map, "."));
  }
}

/** Of the same length, so no size or offset in the binary changes. */
function replaceVersion(component: Uint8Array): Buffer {
  const from = Buffer.from(`@${BUILD_VERSION}`);
  const bytes = Buffer.from(component);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) {
    at += bytes.write(`@${GUEST_VERSION}`, at);
  }
  return bytes;
}
