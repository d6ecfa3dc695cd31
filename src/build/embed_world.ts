/**
 * A core module may name the functions of WASI itself (`wasi:http/types@0.2.12`, as C and Go can) without a tool that would have
 * written its world into it. The names are the world.
 */
import { componentEmbed } from "@bytecodealliance/jco";
import { Buffer } from "node:buffer";
import { WASM_HEADER_BYTES, WasmReader } from "./wasm_reader.ts";
import { witText, worldOf } from "./wit.ts";

const CUSTOM_SECTION = 0;
/** What such tools write; its name goes on with theirs. */
const WORLD_SECTION = "component-type";
/** An interface, of an import as it is and of an export with the function behind it. */
const FACE = /^(wasi:[a-z-]+\/[a-z-]+)@(0\.2\.\d+)(?:#|$)/;

/** `module` with the world of its names; as it is where it has one, or names nothing of WASI 0.2. @throws Error for names of two versions */
export async function embedWorld(module: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (hasWorld(module)) return module;
  const compiled = new WebAssembly.Module(module);
  const imports = facesOf(WebAssembly.Module.imports(compiled).map(({ module: name }) => name));
  const exports = facesOf(WebAssembly.Module.exports(compiled).map(({ name }) => name));
  const versions = new Set([...imports, ...exports].map((face) => face.split("@")[1] ?? ""));
  const [version] = versions;
  if (version === undefined) return module;
  if (versions.size > 1) {
    throw new Error(`Cannot tell its world: it names ${[...versions].join(" and ")} of WASI, expected one version`);
  }
  const witSource = await witText(worldOf({ imports, exports }), () => version);
  return await componentEmbed({ binary: module, world: "guest", witSource });
}

/** The interfaces that are named, each once. */
function facesOf(names: readonly string[]): readonly string[] {
  const faces = names.flatMap((name) => {
    const [, face, version] = FACE.exec(name) ?? [];
    return face === undefined ? [] : [`${face}@${version}`];
  });
  return [...new Set(faces)];
}

function hasWorld(module: Uint8Array): boolean {
  const reader = new WasmReader(Buffer.from(module.buffer, module.byteOffset, module.byteLength));
  reader.bytes(WASM_HEADER_BYTES);
  while (!reader.isAtEnd()) {
    const id = reader.u8();
    const content = new WasmReader(reader.bytes(reader.u32()));
    if (id === CUSTOM_SECTION && content.name().startsWith(WORLD_SECTION)) return true;
  }
  return false;
}
