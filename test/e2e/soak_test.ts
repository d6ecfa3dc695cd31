/** The short form of `npm run soak`: what it finds in seconds. Memory takes minutes to tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runSoak } from "../../scripts/soak/run_soak.ts";

test("soak: ten workloads with faults in all of them; nothing is lost and nothing is left", async () => {
  const lines: string[] = [];
  const faults = await runSoak({ seconds: 12, isMemoryJudged: false, print: (line) => lines.push(line) });
  assert.deepEqual(faults, [], lines.join("\n"));
});
