/**
 * Bundles a guest's TypeScript into one module: what it imports from "loopgate/guest", the web's globals that it names,
 * and the WIT exports that its default export makes. What it does not name is not in it.
 */
import { basename, dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown, type RolldownLog } from "rolldown";
import type { GuestEngine } from "../config/build_definition.ts";
import { readText } from "./build_files.ts";
import { buildVersionOf, ENGINE_FACTS, GUEST_VERSION } from "./guest_engines.ts";
import { GuestFault } from "./guest_fault.ts";
import { type GuestShape, guestShape } from "./guest_source.ts";
import { missingFilesPlugin } from "./missing_files.ts";
import { webGlobals } from "./web_globals.ts";

/** The guest's half of the project: sources, also in an installed package, because the bundler takes their types off. */
const SDK = fileURLToPath(new URL("../../src/guest", import.meta.url));
/** Of a clone. Where the gateway is a package itself, those that it uses stand in the project of the guest, or above it. */
const PACKAGES = fileURLToPath(new URL("../../node_modules", import.meta.url));
/** Stands for a guest whose WIT exports are made from its default export. */
const WRAPPED = "loopgate:guest";
/** The packages that `author_files.ts` gives the types of. */
const SHARED = /^hono(?:\/|$)/;

/** Parts of the SDK that a program has only when it may use them, by what it then mentions. */
const MENTIONED: readonly (readonly [words: RegExp, file: string])[] = [
  // Members that are streams, or need one.
  [/\b(?:body|clone|stream)\b/, "web_streams.ts"],
  [/\b(?:formData|parseBody)\b/, "form_data.ts"],
  [/\bblob\b/, "blob.ts"],
  [/\bsubtle\b/, "subtle_crypto.ts"],
];
/** What mentions more than a program needs: packages within the SDK, and a part of Hono that every application has. */
const NEEDS_NO_MORE =
  /\/node_modules\/(?:(?:web-streams-polyfill|whatwg-url-minimum|@noble\/hashes)\/|hono\/dist\/utils\/crypto\.js$)/;

/** What a guest may export, the interface it then implements, and the one function of that. */
const EXPORTS: ReadonlyMap<string, { readonly face: string; readonly call: string }> = new Map([
  ["incomingHandler", { face: "wasi:http/incoming-handler", call: "handle" }],
  ["run", { face: "wasi:cli/run", call: "run" }],
]);

/** One module, and what a component of it has to import and export. */
export interface Bundle {
  readonly code: string;
  /** From its places to those of its sources: text of a source map, with absolute paths. */
  readonly map: string;
  /** Interfaces, with the version that they are built under. */
  readonly imports: readonly string[];
  /** Interfaces, with the version that they are built under. */
  readonly exports: readonly string[];
  /** Whether the web's half of `src/guest` runs it. */
  readonly usesSdk: boolean;
  /** Every source file that went into it, absolute. */
  readonly inputs: readonly string[];
}

/** @throws {GuestFault} with file, line and column where the source is wrong */
export async function bundleGuest(entry: string, engine: GuestEngine): Promise<Bundle> {
  const shape = await shapeOf(entry);
  const usesSdk = shape?.kind === "handler" || shape?.kind === "service";
  const unresolved: RolldownLog[] = [];
  const build = await rolldown({
    // One that cannot be parsed is left to the bundler, which says where it is wrong.
    input: shape === undefined ? entry : WRAPPED,
    treeshake: true,
    // No comments with the names of files, as they are from the folder that the build was started in.
    experimental: { attachDebugInfo: "none" },
    // A guest that speaks WIT itself has nothing that would turn the loop.
    ...(usesSdk ? { transform: { inject: webGlobals(SDK) } } : {}),
    onLog(level, log, handle) {
      // To rolldown a package that is not there is somebody else's to provide; here there is nobody else.
      if (log.code === "UNRESOLVED_IMPORT") unresolved.push(log);
      else handle(level, log);
    },
    plugins: [
      enginePlugin(engine),
      wasiPlugin(engine),
      sharedPlugin(),
      ...(usesSdk ? [sdkPlugin()] : []),
      ...(shape === undefined ? [] : [wrapPlugin(entry, shape)]),
      missingFilesPlugin(unresolved),
    ],
  });
  try {
    const { output } = await build.generate({
      format: "esm",
      codeSplitting: false,
      comments: false,
      // Kept apart: a component that told of it would carry the names of this machine's folders.
      sourcemap: "hidden",
      sourcemapPathTransform: (source, map) => sourceName(resolve(dirname(map), source)),
    });
    if (unresolved.length > 0) throw Object.assign(new Error("unresolved imports"), { errors: unresolved });
    const chunk = output[0];
    // Not the chunk's own list: a file of which only a constant is left is not in it.
    const offered = [...EXPORTS].filter(([name]) => chunk.exports.includes(name));
    return {
      code: chunk.code,
      map: String(chunk.map),
      imports: chunk.imports,
      exports: offered.map(([, { face }]) => versioned(face, engine)),
      usesSdk,
      inputs: sourcesOf(await build.watchFiles),
    };
  } catch (error) {
    throw new GuestFault(error, sourcesOf(await build.watchFiles));
  } finally {
    await build.close();
  }
}

/** What the entry is; undefined for one that cannot be parsed. */
async function shapeOf(entry: string): Promise<GuestShape | undefined> {
  const source = await readText(entry);
  let shape: GuestShape | undefined;
  try {
    shape = guestShape(source, entry, EXPORTS.keys());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
  if (shape !== undefined) return shape;
  const expected = "expected `export default { fetch(request) {} }` for a handler, or `{ run() {} }` for a service";
  const said = `it has no default export, and none of ${[...EXPORTS.keys()].join(", ")}`;
  throw new GuestFault(new Error(`Cannot use it as a guest: ${said}, ${expected}`), [entry]);
}

/** Files alone, no modules that a plugin made. */
function sourcesOf(ids: readonly string[]): readonly string[] {
  return ids.filter((id) => id !== WRAPPED && !id.startsWith("\0"));
}

/** In stacks the gateway's own half of a guest has a short name, which is the same wherever the gateway and the guest are. */
function sourceName(file: string): string {
  if (basename(file) === WRAPPED) return `${WRAPPED}/entry`;
  for (const [folder, name] of [[SDK, "loopgate:guest"], [PACKAGES, "loopgate:node_modules"]] as const) {
    const path = relative(folder, file);
    if (!path.startsWith("..")) return `${name}/${path}`;
  }
  return file;
}

/** "loopgate/guest" is found wherever the guest's source is. */
function sdkPlugin(): Plugin {
  return {
    name: "loopgate-guest",
    resolveId: (id) => id === "loopgate/guest" ? `${SDK}/mod.ts` : null,
    transform(code, id) {
      // Of the entry that is made here only the folder's name could match.
      if (id === WRAPPED || id.startsWith(SDK) || NEEDS_NO_MORE.test(id)) return null;
      const files = MENTIONED.filter(([words]) => words.test(code));
      if (files.length === 0) return null;
      const imports = files.map(([, file]) => `import ${JSON.stringify(`${SDK}/${file}`)};`).join("");
      // Behind it, on a line of their own: what faults and stacks say of lines and columns is true of the source.
      return { code: `${code}\n${imports}`, map: null };
    },
  };
}

/** Packages of the gateway's own that a guest may use without an installation; one of its own comes first. */
function sharedPlugin(): Plugin {
  return {
    name: "loopgate-shared",
    async resolveId(id, importer) {
      if (!SHARED.test(id) || importer === undefined) return null;
      const own = await this.resolve(id, importer, { skipSelf: true });
      return own !== null && !own.external ? own : await this.resolve(id, `${SDK}/mod.ts`, { skipSelf: true });
    },
  };
}

/** Files of `src/guest` that the engine has others for. */
function enginePlugin(engine: GuestEngine): Plugin {
  const { own } = ENGINE_FACTS[engine];
  return {
    name: "loopgate-engine",
    resolveId(id, importer) {
      const isFile = id.startsWith(".") || id.startsWith(SDK);
      const file = isFile && importer !== undefined ? relative(SDK, resolve(dirname(importer), id)) : "";
      const replacement = Object.hasOwn(own, file) ? own[file] : undefined;
      return replacement === undefined ? null : `${SDK}/${replacement}`;
    },
  };
}

/** `wasi:` imports, and the files of `src/guest/wasi`, which declare an interface each, become the component's imports. */
function wasiPlugin(engine: GuestEngine): Plugin {
  return {
    name: "wasi",
    resolveId(id, importer) {
      if (id.startsWith("wasi:")) {
        const [face, version] = id.split("@");
        return { id: version === GUEST_VERSION && face !== undefined ? versioned(face, engine) : id, external: true };
      }
      const file = basename(id, ".ts");
      const isDeclared = importer?.startsWith(SDK) === true && basename(dirname(id)) === "wasi";
      if (!isDeclared) return null;
      const [name, ...face] = file.split("_");
      return { id: versioned(`wasi:${name}/${face.join("-")}`, engine), external: true };
    },
  };
}

/** An interface with the version that its package is built under. */
function versioned(face: string, engine: GuestEngine): string {
  return `${face}@${buildVersionOf(/^wasi:([^/]+)/.exec(face)?.[1] ?? "", engine)}`;
}

function wrapPlugin(entry: string, shape: GuestShape): Plugin {
  return {
    name: "loopgate-entry",
    resolveId: (id) => id === WRAPPED ? id : null,
    load: (id) => id === WRAPPED ? entryText(entry, shape) : null,
  };
}

/** The module that the component is made of. What belongs to an instance comes before the guest's own first lines. */
function entryText(entry: string, shape: GuestShape): string {
  const guest = JSON.stringify(entry);
  const from = (file: string): string => `from ${JSON.stringify(`${SDK}/${file}`)};`;
  const lines = [`import ${JSON.stringify(`${SDK}/instance_state.ts`)};`];
  if (shape.kind === "wit") {
    lines.push(`import * as guest from ${guest};`, `import { rawExport } ${from("raw_export.ts")}`);
    for (const name of shape.exports) {
      const call = JSON.stringify(EXPORTS.get(name)?.call);
      lines.push(`export const ${name} = rawExport(() => guest.${name}, ${call});`);
    }
  } else if (shape.kind === "service") {
    lines.push(`import guest from ${guest};`, `import { commandRun } ${from("service_run.ts")}`);
    lines.push("export const run = commandRun(guest);");
  } else {
    lines.push(`import guest from ${guest};`, `import { incomingHandler as make } ${from("http_handler.ts")}`);
    lines.push("export const incomingHandler = make(guest);");
  }
  return lines.join("\n");
}
