/**
 * Builds one TypeScript guest into a component: rolldown bundles it, componentize-qjs puts it on top of QuickJS.
 *
 * Two versions of WASI are at work. The QuickJS runtime inside imports 0.2.12 for itself, and componentize-qjs refuses
 * a guest whose interfaces carry a 0.2 version, which it takes for its own. So a guest is built against the same WIT under
 * a version that does not exist, and this version is then replaced in the finished component by one of the same length.
 */
import { guestWorld, writeWit } from "./wit.ts";

/** The version in a guest's imports: `wasi:io/poll@0.2.10`. */
const GUEST_VERSION = "0.2.10";
const BUILD_VERSION = "0.9.10";

/** What a guest may export, and the interface it then implements. */
const EXPORTS: ReadonlyMap<string, string> = new Map([
  ["incomingHandler", "wasi:http/incoming-handler"],
  ["run", "wasi:cli/run"],
]);

/** A finished guest. */
export interface BuiltGuest {
  readonly component: Uint8Array;
  /** Every source file that went into it, absolute. */
  readonly inputs: readonly string[];
}

/** The versions of everything that shapes a component; part of what makes a build stale. */
export const QUICKJS_TOOLS: readonly string[] = ["componentize-qjs", "rolldown", "@bytecodealliance/jco"];

/** @param scratch a folder that the build may fill */
export async function buildQuickJsGuest(entry: string, scratch: string): Promise<BuiltGuest> {
  const bundle = await bundleGuest(entry);
  const offered = [...EXPORTS].filter(([name]) => bundle.exports.includes(name)).map(([, face]) => face);
  if (offered.length === 0) {
    throw new Error(`Cannot build "${entry}": it exports none of ${[...EXPORTS.keys()].join(", ")}, expected one`);
  }
  const imports = bundle.imports.map((name) => `import ${name}`);
  const world = guestWorld([...imports, ...offered.map((name) => `export ${name}@${BUILD_VERSION}`)]);
  const witPath = await writeWit(scratch, world, BUILD_VERSION);
  const { componentize } = await import("componentize-qjs");
  const { component } = await componentize({ witPath, jsSource: bundle.code, world: "guest", sync: true });
  return { component: replaceVersion(component), inputs: bundle.inputs };
}

interface Bundle {
  readonly code: string;
  readonly exports: readonly string[];
  /** Interfaces, with the build's version. */
  readonly imports: readonly string[];
  readonly inputs: readonly string[];
}

/** @throws with file, line, column and a code frame where the source is wrong */
async function bundleGuest(entry: string): Promise<Bundle> {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    input: entry,
    treeshake: true,
    plugins: [{
      name: "wasi",
      resolveId: (id: string) =>
        id.startsWith("wasi:") ? { id: id.replace(`@${GUEST_VERSION}`, `@${BUILD_VERSION}`), external: true } : null,
    }],
  });
  try {
    const { output } = await build.generate({ format: "esm", codeSplitting: false });
    const chunk = output[0];
    return { code: chunk.code, exports: chunk.exports, imports: chunk.imports, inputs: chunk.moduleIds };
  } finally {
    await build.close();
  }
}

/** Of the same length, so no size or offset in the binary changes. */
function replaceVersion(component: Uint8Array): Uint8Array {
  const from = Buffer.from(`@${BUILD_VERSION}`);
  const bytes = Buffer.from(component);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) {
    at += bytes.write(`@${GUEST_VERSION}`, at);
  }
  return bytes;
}
