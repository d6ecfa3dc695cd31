/** `wasi:random/random`, `insecure` and `insecure-seed`: one secure source behind all three, which WIT allows. */
import type * as DeclaredInsecure from "@bytecodealliance/preview2-shim/interfaces/wasi-random-insecure";
import type * as DeclaredSeed from "@bytecodealliance/preview2-shim/interfaces/wasi-random-insecure-seed";
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-random-random";
import { HostTrap } from "../../base/errors.ts";
import type { HostContext } from "../context.ts";
import type { HostInterface } from "../types.ts";

/**
 * The most random bytes one call gives; more traps. Without it one call (the length is any u64) holds the event loop
 * and the heap as long as it likes; a mebibyte takes about 3 ms. WIT has no shorter answer: the length is exact.
 */
export const RANDOM_BYTES_MAX = 1_048_576;

/** The interface `wasi:random/random`. */
export function randomInterface(context: HostContext) {
  return {
    // WIT get-random-bytes: func(len: u64) -> list<u8>
    getRandomBytes: (len: bigint) => takeBytes(context, len),

    // WIT get-random-u64: func() -> u64
    getRandomU64: () => takeU64(context),
  } satisfies HostInterface<typeof Declared>;
}

/** The interface `wasi:random/insecure`. */
export function insecureInterface(context: HostContext) {
  return {
    // WIT get-insecure-random-bytes: func(len: u64) -> list<u8>
    getInsecureRandomBytes: (len: bigint) => takeBytes(context, len),

    // WIT get-insecure-random-u64: func() -> u64
    getInsecureRandomU64: () => takeU64(context),
  } satisfies HostInterface<typeof DeclaredInsecure>;
}

/** The interface `wasi:random/insecure-seed`. */
export function insecureSeedInterface(context: HostContext) {
  return {
    // WIT insecure-seed: func() -> tuple<u64, u64>
    insecureSeed: (): [bigint, bigint] => [takeU64(context), takeU64(context)],
  } satisfies HostInterface<typeof DeclaredSeed>;
}

function takeBytes(context: HostContext, len: bigint): Uint8Array {
  if (len > RANDOM_BYTES_MAX) {
    throw new HostTrap(`Cannot get ${len} random bytes: too many, expected at most ${RANDOM_BYTES_MAX} per call`);
  }
  return context.randomBytes(Number(len));
}

function takeU64(context: HostContext): bigint {
  const bytes = context.randomBytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
