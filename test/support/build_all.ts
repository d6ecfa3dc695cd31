/** A folder of workloads, built by the real tools. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { buildFolder } from "../../src/build/build_folder.ts";
import { jobRunner, runProgram } from "../../src/cli/build_process.ts";
import { folderFiles } from "../../src/config/folder_files.ts";

/** Builds what is stale; fails with what is wrong. */
export async function buildAll(folder: string): Promise<void> {
  const tools = { runJob: jobRunner(), runProgram, clock: systemClock, onOutcome: () => {} };
  const { outcomes, diagnostics } = await buildFolder(folder, folderFiles, tools);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(outcomes.filter(({ kind }) => kind === "faulty"), []);
  assert.ok(outcomes.length > 0, "there was nothing to build");
}
