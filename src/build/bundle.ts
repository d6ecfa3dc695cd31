/** One TypeScript source and what it imports, as one text of JavaScript that imports WASI alone. */
import { rolldown, type RolldownLog } from "rolldown";
import { GuestFault } from "./guest_fault.ts";

/** The version in a guest's imports: `wasi:io/poll@0.2.10`. */
export const GUEST_VERSION = "0.2.10";

/** A guest's program in one text. */
export interface Bundle {
  readonly code: string;
  readonly exports: readonly string[];
  /** Interfaces, with the version that was asked for. */
  readonly imports: readonly string[];
  readonly inputs: readonly string[];
}

/**
 * Bundles a source with all that it imports but WASI.
 *
 * @param wasiVersion stands in the bundle's imports instead of `GUEST_VERSION`
 * @throws {GuestFault} with file, line and column where the source is wrong
 */
export async function bundleGuest(entry: string, wasiVersion: string): Promise<Bundle> {
  const unresolved: RolldownLog[] = [];
  const build = await rolldown({
    input: entry,
    treeshake: true,
    onLog(level, log, handle) {
      // To rolldown a package that is not there is somebody else's to provide; here there is nobody else.
      if (log.code === "UNRESOLVED_IMPORT") unresolved.push(log);
      else handle(level, log);
    },
    plugins: [{
      name: "wasi",
      resolveId: (id: string) =>
        id.startsWith("wasi:") ? { id: id.replace(`@${GUEST_VERSION}`, `@${wasiVersion}`), external: true } : null,
    }],
  });
  try {
    const { output } = await build.generate({ format: "esm", codeSplitting: false });
    if (unresolved.length > 0) throw Object.assign(new Error("unresolved imports"), { errors: unresolved });
    const chunk = output[0];
    const inputs = chunk.moduleIds.filter((id) => !id.startsWith("\0"));
    return { code: chunk.code, exports: chunk.exports, imports: chunk.imports, inputs };
  } catch (error) {
    throw new GuestFault(error, await build.watchFiles);
  } finally {
    await build.close();
  }
}
