import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeContext } from "../../../test/support/host_context.ts";
import { HostTrap } from "../../base/errors.ts";
import { insecureInterface, insecureSeedInterface, RANDOM_BYTES_MAX, randomInterface } from "./random.ts";

const LENGTHS_REFUSED: readonly bigint[] = [BigInt(RANDOM_BYTES_MAX) + 1n, 1n << 32n, 0xffff_ffff_ffff_ffffn];

for (const len of LENGTHS_REFUSED) {
  test(`random: ${len} bytes trap, and none are made`, () => {
    const context = fakeContext({ randomBytes: () => assert.fail("asked for bytes") });
    assert.throws(() => randomInterface(context).getRandomBytes(len), HostTrap);
    assert.throws(() => insecureInterface(context).getInsecureRandomBytes(len), HostTrap);
  });
}

test("random: any length up to the limit is exact", () => {
  const random = randomInterface(fakeContext());
  for (const len of [0, 1, 17, RANDOM_BYTES_MAX]) assert.equal(random.getRandomBytes(BigInt(len)).length, len);
});

test("random: numbers use 64 fresh bits each", () => {
  const context = fakeContext();
  const random = randomInterface(context);
  const insecure = insecureInterface(context);
  assert.equal(random.getRandomU64(), 0x07_06_05_04_03_02_01_00n);
  assert.equal(insecure.getInsecureRandomU64(), 0x0f_0e_0d_0c_0b_0a_09_08n);
  assert.deepEqual(insecureSeedInterface(context).insecureSeed(), [
    0x17_16_15_14_13_12_11_10n,
    0x1f_1e_1d_1c_1b_1a_19_18n,
  ]);
  assert.deepEqual(insecure.getInsecureRandomBytes(2n), Uint8Array.of(0x20, 0x21));
});
