import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, get, KINDS, openVolumeHost, put, READ } from "../../test/support/volume_host.ts";
import { OpenFileSlots } from "./open_files.ts";

for (const kind of KINDS) {
  test(`volume in ${kind}: all workloads have a limit of open files together, told as the process's`, async () => {
    const shared: OpenFileSlots[] = [];
    const host = openVolumeHost(kind, {
      openFiles: (counters) => {
        const slots = new OpenFileSlots({ slotsMax: 3, limit: "processOpenFiles", counters });
        shared.push(slots);
        // Another workload's.
        slots.take();
        return slots;
      },
    });
    const [slots] = shared;
    await put(host.root, "f", "x");
    const file = await host.root.openAt({}, "f", {}, READ);
    assert.equal(await answerOf(() => host.root.openAt({}, "f", {}, READ)), "insufficient-memory");
    assert.deepEqual([host.limits, slots?.taken, host.counters.get("openFiles")], [["processOpenFiles"], 3, 3]);
    slots?.give();
    assert.equal(await get(host.root, "f"), "x");
    file[Symbol.dispose]();
    await host.close();
    assert.deepEqual([slots?.taken, host.counters.get("openFiles")], [0, 0]);
  });
}
