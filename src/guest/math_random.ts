/**
 * `Math.random`, seeded by the host in each instance. An engine seeds its own once, before its memory is saved: every
 * instance would begin with the same numbers, and whoever has the component could tell them. While the guest is built
 * there is no host to ask, and two builds are to be the same: then it gives the numbers of a fixed seed.
 */
import { areFirstLinesRunning } from "./first_lines.ts";
import { randomBytes } from "./random_bytes.ts";

const SEED_BYTES = 16;
/** Halves of a number with 53 bits, as many as a double has between 0 and 1. */
const [HIGH_SHIFT, LOW_SHIFT, LOW_RANGE, RANGE] = [5, 6, 2 ** 26, 2 ** 53];

/** xoshiro128** (Blackman and Vigna): 32 bits a step, a period of 2^128 - 1. */
let [a, b, c, d] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
let isSeeded = false;

/** From 0 up to, but not including, 1. A method, for it is no constructor. */
const { random } = {
  random(this: void): number {
    if (!isSeeded && !areFirstLinesRunning()) seed();
    return ((next() >>> HIGH_SHIFT) * LOW_RANGE + (next() >>> LOW_SHIFT)) / RANGE;
  },
};

Object.defineProperty(Math, "random", { value: random, writable: true, enumerable: false, configurable: true });

function seed(): void {
  const view = new DataView(randomBytes(SEED_BYTES).slice().buffer);
  [a, b, c, d] = [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
  // The one state that gives nothing else for ever; a host under test may give it.
  if ((a | b | c | d) === 0) a = 1;
  isSeeded = true;
}

function next(): number {
  const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9);
  const shifted = b << 9;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= shifted;
  d = rotateLeft(d, 11);
  return result;
}

function rotateLeft(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
