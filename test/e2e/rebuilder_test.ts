/** What an author saves while a build fails is built, whenever that is. The tools are scripts: files and their events are real. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import type { BuildJob, FinishedJob } from "../../src/build/build_job.ts";
import { Rebuilder } from "../../src/build/rebuilder.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { folderProbe } from "../../src/gateway/folder_probe.ts";

for (const moment of ["while it is read", "as its fault is told", "after its build"] as const) {
  test(`Rebuilder: a source that is mended ${moment} is built`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "loopgate-rebuilder-"));
    const source = join(folder, "api/src/api.ts");
    const mend = (): void => writeFileSync(source, "good");
    const outcomes: string[] = [];
    const runJob = async ({ entry, output }: BuildJob): Promise<FinishedJob> => {
      const text = await readFile(entry, "utf8");
      if (text === "good") {
        await writeFile(output, "a component");
        return { report: { kind: "built", inputs: [entry] }, printed: "" };
      }
      if (moment === "while it is read") mend();
      const faults = [{ code: "LG6002", message: "Cannot compile" } as const];
      return { report: { kind: "faulty", faults, inputs: [entry] }, printed: "" };
    };
    await mkdir(join(folder, "api/src"), { recursive: true });
    await writeFile(join(folder, "api/api.route.jsonc"), `{ "match": { "path": "/" }, "component": "dist/api.wasm" }`);
    await writeFile(source, "broken");
    const rebuilder = await Rebuilder.open({
      folder,
      files: folderFiles,
      probe: folderProbe,
      clock: systemClock,
      tools: {
        runJob,
        runProgram: () => Promise.reject(new Error("no workload here has a command")),
        clock: systemClock,
        onOutcome: ({ kind }) => {
          outcomes.push(kind);
          if (moment === "as its fault is told" && kind === "faulty") mend();
        },
      },
      onFault: assert.ifError,
    });
    try {
      if (moment === "after its build") mend();
      while (!rebuilder.isSound) await rebuilder.untilChanged();
      assert.deepEqual(outcomes, ["faulty", "built"]);
    } finally {
      await rebuilder.close();
      await rm(folder, { recursive: true });
    }
  });
}
