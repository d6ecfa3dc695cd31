/** Random programs, as they are and rewritten: what they give, what they pay, and that a restored memory has nothing of them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  coreBytes,
  exported,
  instantiateRewritten,
  type Instrumented,
  outcomeOf,
  scriptedHost,
} from "../../../test/support/instrumented.ts";
import { randomProgram } from "../../../test/support/random_program.ts";
import { clearWritten, restoreImage, takeImage } from "../memory_image.ts";
import { VirtualMemory } from "../virtual_memory.ts";
import { UNCHARGED_COST_MAX } from "./code_scanner.ts";

const MEMORIES = ["m", "other"];
const SEEDS = [7, 12_345, 99];
/** So much that none is asked for: what a guest owes then is forgiven. */
const MUCH = 1_000_000_000;

test("random programs do what they did, pay for it, and leave nothing in what is put back", async () => {
  let [ended, trapped] = [0, 0];
  const numbers = fc.noBias(fc.integer({ min: 1, max: 1_000_000_000 }));
  await fc.assert(
    fc.asyncProperty(numbers, async (number) => {
      const bytes = await coreBytes(randomProgram(number));
      for (const fuel of [MUCH, 3000]) {
        if (compare(bytes, fuel)) ended += 1;
        else trapped += 1;
      }
    }),
    { numRuns: 150 },
  );
  // Else there would be little to compare.
  assert.ok(ended > 100 && trapped > 10, `${ended} ended, ${trapped} trapped`);
});

/** Runs a program with each seed, from its first state each time. False: it trapped. */
function compare(bytes: Uint8Array<ArrayBuffer>, fuel: number): boolean {
  const host = scriptedHost({ ticksMax: 1_000_000, fuel, yieldEvery: 3 });
  const rewritten = instantiateRewritten(bytes, { host, tracksWrites: true });
  const left = rewritten.added("fuel") as WebAssembly.Global;
  const memories = MEMORIES.map((name, index) => openMemory(rewritten, { name, index }));
  const images = memories.map((memory) => takeImage(memory));
  for (const memory of memories) clearWritten(memory);
  const original = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const first = MEMORIES.map((name) => bytesOf(original, name).slice());
  for (const seed of SEEDS) {
    for (const instance of [original, rewritten.instance]) {
      setGlobals(instance, { n: 0n, left: 300, seed, h: seed });
    }
    left.value = fuel;
    host.ticks = 0;
    const expected = outcomeOf(() => exported(original, "run")());
    assert.equal(outcomeOf(() => exported(rewritten.instance, "run")()), expected);
    for (const name of ["n", "left", "seed", "h"]) {
      assert.equal(globalOf(rewritten.instance, name).value, globalOf(original, name).value, name);
    }
    for (const name of MEMORIES) {
      assert.equal(Buffer.compare(bytesOf(rewritten.instance, name), bytesOf(original, name)), 0, `memory ${name}`);
    }
    if (expected !== "undefined") return false;
    const [spent, counted] = [fuel - Number(left.value), Number(globalOf(original, "n").value)];
    // A small function that the host calls is not charged.
    if (fuel === MUCH) assert.ok(spent + UNCHARGED_COST_MAX >= counted, `${counted} were paid with ${spent}`);
    for (const [index, memory] of memories.entries()) {
      const [image, before, name = ""] = [images[index], first[index], MEMORIES[index]];
      assert.ok(image !== undefined && before !== undefined);
      restoreImage(memory, image);
      assert.equal(
        Buffer.compare(memory.bytes.subarray(0, before.length), before),
        0,
        `memory ${index} is not as it was`,
      );
      const added = memory.bytes.subarray(before.length);
      assert.equal(Buffer.compare(added, new Uint8Array(added.length)), 0, `memory ${index} has more than zeros`);
      // Tables stay as they are, in both.
      bytesOf(original, name).fill(0);
      bytesOf(original, name).set(before);
    }
  }
  return true;
}

function openMemory(
  { instance, added }: Instrumented,
  options: { readonly name: string; readonly index: number },
): VirtualMemory {
  const memory = instance.exports[options.name] as WebAssembly.Memory;
  const pages = BigInt(memory.buffer.byteLength / 65_536);
  const budget = { take: () => true, giveBack() {} };
  const virtual = new VirtualMemory({ is64: false, minPages: pages, maxPages: null, budget, tracksWrites: true });
  virtual.attach(memory);
  const map = added(`written:${options.index}`);
  if (map instanceof WebAssembly.Memory) virtual.addMap(map);
  return virtual;
}

function bytesOf(instance: WebAssembly.Instance, name: string): Uint8Array {
  return new Uint8Array((instance.exports[name] as WebAssembly.Memory).buffer);
}

function globalOf(instance: WebAssembly.Instance, name: string): WebAssembly.Global {
  return instance.exports[name] as WebAssembly.Global;
}

function setGlobals(instance: WebAssembly.Instance, values: Readonly<Record<string, number | bigint>>): void {
  for (const [name, value] of Object.entries(values)) globalOf(instance, name).value = value;
}
