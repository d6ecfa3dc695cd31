/** The engines that guests in TypeScript are built on, and what differs between them before and after their tools run. */
import { Buffer } from "node:buffer";
import type { GuestEngine } from "../config/build_definition.ts";

/** The version in a guest's own imports: `wasi:io/poll@0.2.10`. */
export const GUEST_VERSION = "0.2.10";

/** A version that does not exist, of the same length: see `ENGINE_FACTS`. */
export const BUILD_VERSION = "0.9.10";

/** What the bundler has to know. */
interface EngineFacts {
  /** The WASI packages that are imported under `BUILD_VERSION`; undefined for all. */
  readonly renamed: readonly string[] | undefined;
  /** Files of `src/guest`, and what takes their place. */
  readonly own: Readonly<Record<string, string>>;
}

/**
 * Both engines have a runtime that imports WASI for itself, and their tools take what a guest imports of the same version for
 * that. On QuickJS this is refused. On StarlingMonkey what the runtime does not need is taken out, the guest's calls of
 * the same interface included. So packages are imported under a version that does not exist, which becomes the right one in
 * the finished component.
 */
export const ENGINE_FACTS: Readonly<Record<GuestEngine, EngineFacts>> = {
  quickjs: { renamed: undefined, own: {} },
  starlingmonkey: {
    // The runtime keeps clocks and streams, and a component has one import of each name.
    renamed: ["http", "sockets"],
    own: {
      "crypto.ts": "starlingmonkey/crypto.ts",
      "engine/quickjs.ts": "engine/starlingmonkey.ts",
      "random_bytes.ts": "starlingmonkey/random_bytes.ts",
      "structured_clone.ts": "starlingmonkey/structured_clone.ts",
      "subtle_crypto.ts": "starlingmonkey/crypto.ts",
      "text_encoding.ts": "starlingmonkey/text_encoding.ts",
      "url.ts": "starlingmonkey/url.ts",
      "utf8.ts": "starlingmonkey/utf8.ts",
    },
  },
};

/** The version that a WASI package ("sockets") has while a guest is built. */
export function buildVersionOf(name: string, engine: GuestEngine): string {
  const { renamed } = ENGINE_FACTS[engine];
  return renamed === undefined || renamed.includes(name) ? BUILD_VERSION : GUEST_VERSION;
}

/** StarlingMonkey's own, which a component does not export; under another name of this length it is in nobody's way. */
const UNUSED_EXPORT = "wasi:http/incoming-handler@0.2.10#";

/** The finished component with the right version. Of the same length, so no size or offset in it changes. */
export function replaceBuildVersion(component: Uint8Array): Buffer {
  const bytes = Buffer.from(component);
  replaceAll(bytes, UNUSED_EXPORT, UNUSED_EXPORT.replace(GUEST_VERSION, "unused"));
  replaceAll(bytes, `@${BUILD_VERSION}`, `@${GUEST_VERSION}`);
  return bytes;
}

function replaceAll(bytes: Buffer, from: string, to: string): void {
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) at += bytes.write(to, at);
}
