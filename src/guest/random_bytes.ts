/** Random bytes of the host. */
import { u64 } from "./engine/quickjs.ts";
import { getRandomBytes } from "./wasi/random_random.ts";

/** `length` bytes that nobody can guess. */
export function randomBytes(length: number): Uint8Array {
  return getRandomBytes(u64(length));
}
