/**
 * Rewritten modules of a component as one piece of bytes, for a store that outlives the process: to rewrite them takes longer
 * than all else that a component needs. The store is trusted as the program's own files are, since what comes from it runs
 * without being looked at again; a digest only tells what was cut or damaged from what is whole.
 */
import type { InstrumentedModule } from "./instrument/instrumented_module.ts";

/** Where they are kept. Neither function rejects: what cannot be kept is made again. */
export interface ModuleStore {
  /** What was written under this name last, by the same version of the program, or undefined. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps it, in place of what was written under this name before. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/** By module number; null where no core instance needs it. */
export type RewrittenModules = readonly (InstrumentedModule | null)[];

/** What stands before the modules: a digest of all that follows it, and the length of the facts. */
const DIGEST_BYTES = 32;
const HEADER_BYTES = DIGEST_BYTES + 4;

/** A module without its bytes, which stand behind all facts, one after the other. */
type Facts = Omit<InstrumentedModule, "bytes"> & { readonly byteLength: number };

/** The piece that `decodeModules` reads. */
export async function encodeModules(modules: RewrittenModules): Promise<Uint8Array<ArrayBuffer>> {
  const facts = modules.map((module): Facts | null => {
    if (module === null) return null;
    const { bytes, ...rest } = module;
    return { ...rest, byteLength: bytes.length };
  });
  const text = new TextEncoder().encode(JSON.stringify(facts, writeBigint));
  const length = modules.reduce((sum, module) => sum + (module?.bytes.length ?? 0), 0);
  const piece = new Uint8Array(HEADER_BYTES + text.length + length);
  new DataView(piece.buffer).setUint32(DIGEST_BYTES, text.length);
  piece.set(text, HEADER_BYTES);
  let at = HEADER_BYTES + text.length;
  for (const module of modules) {
    if (module === null) continue;
    piece.set(module.bytes, at);
    at += module.bytes.length;
  }
  piece.set(await digest(piece.subarray(DIGEST_BYTES)));
  return piece;
}

/** Undefined for anything but a whole piece. */
export async function decodeModules(piece: Uint8Array<ArrayBuffer>): Promise<RewrittenModules | undefined> {
  if (piece.length < HEADER_BYTES) return undefined;
  const expected = await digest(piece.subarray(DIGEST_BYTES));
  if (expected.some((byte, at) => byte !== piece[at])) return undefined;
  let at = HEADER_BYTES + new DataView(piece.buffer, piece.byteOffset).getUint32(DIGEST_BYTES);
  const text = new TextDecoder().decode(piece.subarray(HEADER_BYTES, at));
  const facts = JSON.parse(text, readBigint) as readonly (Facts | null)[];
  return facts.map((each) => {
    if (each === null) return null;
    const { byteLength, ...rest } = each;
    at += byteLength;
    return { ...rest, bytes: piece.subarray(at - byteLength, at) };
  });
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Sizes are bigints, which JSON has not; no fact is an object with this one key. */
function writeBigint(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? { bigint: String(value) } : value;
}

function readBigint(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("bigint" in value)) return value;
  return BigInt(String(value.bigint));
}
