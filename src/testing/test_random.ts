/** Random bytes that are the same in every run. */

/** FNV-1a: far apart for seeds that differ in a letter. */
function hashOf(text: string, basis: number): number {
  let hash = basis;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
  return hash;
}

/**
 * The same sequence for the same seed, of the quality that hash tables and shuffles need and no secret may have (sfc32).
 *
 * @example
 * const random = seededBytes(7);
 * random(16); // always the same
 */
export function seededBytes(seed: number | string): (length: number) => Uint8Array {
  const text = `${typeof seed} ${seed}`;
  let [a, b, c, counter] = [hashOf(text, 0x811c_9dc5), hashOf(text, 0x9e37_79b9), hashOf(text, 0x7f4a_7c15), 1];
  const next = (): number => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  // The first numbers show the seed.
  for (let round = 0; round < 16; round++) next();
  return (length) => Uint8Array.from({ length }, () => next() >>> 24);
}
