/** `loopgate build` for tests and scripts: builds what is stale in a folder, and throws when a source is wrong. */
import { systemClock } from "../src/base/clock.ts";
import { diagnosticsText } from "../src/base/diagnostics_text.ts";
import { buildFolder } from "../src/build/build_folder.ts";
import { jobRunner, runProgram } from "../src/cli/build_process.ts";
import { buildFaultText, builtText } from "../src/cli/build_text.ts";
import { coloursFor } from "../src/cli/colours.ts";
import { folderFiles } from "../src/config/folder_files.ts";

/** Builds what is missing or stale in every sub-folder of `folder`; prints a line for each guest it builds. */
export async function buildWorkloads(folder: string): Promise<void> {
  const plain = coloursFor(false);
  const { outcomes, diagnostics } = await buildFolder(folder, folderFiles, {
    runJob: jobRunner(),
    runProgram,
    clock: systemClock,
    onOutcome(outcome) {
      if (outcome.kind === "built") console.log(builtText(outcome, plain).trimEnd());
    },
  });
  const faults = outcomes.flatMap((outcome) => outcome.kind === "faulty" ? [buildFaultText(outcome, plain)] : []);
  if (diagnostics.length > 0) faults.push(diagnosticsText(diagnostics));
  if (faults.length > 0) throw new Error(`Cannot build the workloads of "${folder}":\n${faults.join("\n")}`);
}
