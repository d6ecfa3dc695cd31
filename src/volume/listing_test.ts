import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, KINDS, list, openVolumeHost, put } from "../../test/support/volume_host.ts";

for (const kind of KINDS) {
  test(`volume in ${kind}: a listing is paid for entry by entry, and given back when it is read, dropped or refused`, async () => {
    let left = 0;
    let leastLeft = 0;
    const memory = {
      hold: (bytes: number) => left >= bytes && ((left -= bytes), (leastLeft = Math.min(leastLeft, left)), true),
      letGo: (bytes: number) => void (left += bytes),
    };
    const host = openVolumeHost(kind, { memory });
    for (let index = 0; index < 10; index++) await put(host.root, `f${index}`, "");
    left = leastLeft = 999;
    assert.equal(await answerOf(() => host.root.readDirectory()), "insufficient-memory");
    assert.deepEqual([left, leastLeft < 200], [999, true], "nine were there");
    left = 1_000;
    const stream = await host.root.readDirectory();
    assert.equal(left, 0);
    assert.equal(await answerOf(() => host.root.readDirectory()), "insufficient-memory");
    stream[Symbol.dispose]();
    assert.equal(left, 1_000);
    assert.equal((await list(host.root)).length, 10);
    assert.deepEqual([left, host.limits], [1_000, []], "whoever keeps the memory tells it");
    await host.close();
  });
}
