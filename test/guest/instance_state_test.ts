/** A guest's memory is saved when it is built, and each instance begins with it: what is of the instance is not in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testComponent, type TestedComponent } from "../../src/testing/mod.ts";
import { seededBytes } from "../../src/testing/test_random.ts";
import { componentBytes, type ComponentName } from "../support/gateway_harness.ts";
import { GUEST_ENGINES } from "../support/guest_engines.ts";

interface State {
  readonly first: { readonly random: number; readonly now: number; readonly timeOrigin: number };
  readonly random: readonly number[];
  readonly now: number;
  readonly timeOrigin: number;
  readonly today: number;
}

/** The first number of the seed that holds while a guest is built. */
const OF_THE_BUILD = 0.829201592275955;
const SEED_BYTES = 16;

const open = async (name: ComponentName, seed: number): Promise<TestedComponent> =>
  await testComponent(await componentBytes(name), { seed });

for (const { engine, app } of GUEST_ENGINES) {
  const stateOf = async (component: TestedComponent): Promise<State> => {
    const response = await component.fetch("/state");
    assert.equal(response.status, 200, component.failures().join("\n"));
    return await response.json() as State;
  };

  test(`${engine}, Math.random: the host seeds each instance, whatever the build has drawn`, async () => {
    for (const seed of [1, 2]) {
      await using component = await open(app, seed);
      const bytes = seededBytes(seed);
      for (const request of ["first", "second"]) {
        const { first, random } = await stateOf(component);
        assert.equal(first.random, OF_THE_BUILD);
        assert.deepEqual(random, expectedNumbers(bytes(SEED_BYTES), random.length), `${request} request, seed ${seed}`);
      }
    }
  });

  test(`${engine}, performance: its time begins in the instance`, async () => {
    await using component = await open(app, 0);
    const { first, now, timeOrigin, today } = await stateOf(component);
    assert.deepEqual([first.now, first.timeOrigin], [0, 0]);
    assert.ok(now >= 0 && now < 60_000, `${now} ms`);
    assert.ok(timeOrigin <= today && today - timeOrigin < 60_000, `${timeOrigin} at ${today}`);
  });
}

test("Math.random of a guest that speaks WIT itself: the host seeds each instance", async () => {
  await using component = await open("probe", 3);
  const bytes = seededBytes(3);
  for (const request of ["first", "second"]) {
    const [first, ...random] = await (await component.fetch("/random")).json() as readonly number[];
    assert.equal(first, OF_THE_BUILD);
    assert.deepEqual(random, expectedNumbers(bytes(SEED_BYTES), 2), request);
  }
});

/** What xoshiro128** gives from a seed, 53 bits of two steps each; written as its authors have it, on integers. */
function expectedNumbers(seed: Uint8Array, count: number): readonly number[] {
  const mask = 0xffff_ffffn;
  const view = new DataView(seed.buffer, seed.byteOffset);
  const state = [0, 4, 8, 12].map((at) => BigInt(view.getUint32(at)));
  const rotate = (bits: bigint, by: bigint): bigint => ((bits << by) | (bits >> (32n - by))) & mask;
  const next = (): bigint => {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = state;
    const result = (rotate((b * 5n) & mask, 7n) * 9n) & mask;
    const [mixedC, mixedD] = [c ^ a, d ^ b];
    state.splice(0, 4, a ^ mixedD, b ^ mixedC, mixedC ^ ((b << 9n) & mask), rotate(mixedD, 11n));
    return result;
  };
  return Array.from({ length: count }, () => {
    const [high, low] = [next() >> 5n, next() >> 6n];
    return Number((high << 26n) | low) / 2 ** 53;
  });
}
