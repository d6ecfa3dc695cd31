/** `loopgate build`: makes the guests of a folder, and says what became of each. */
import type { Clock } from "../base/clock.ts";
import { diagnosticsText } from "../base/diagnostics_text.ts";
import { buildFolder, planFolder } from "../build/build_folder.ts";
import type { RunJob } from "../build/build_job.ts";
import { checkTypes } from "../build/check_types.ts";
import type { RunProgram } from "../build/command_build.ts";
import type { FileReader } from "../config/file_reader.ts";
import type { BuildCommand } from "./args/build.ts";
import { buildFaultText, builtText } from "./build_text.ts";
import { coloursFor } from "./colours.ts";
import { OPERATOR_EXIT_CODE } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

/** Where the outside comes in. */
export interface BuildCommandTools {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly files: FileReader;
  /** Processes of builds. */
  readonly builds: { readonly runJob: RunJob; readonly runProgram: RunProgram };
}

/** Builds what is stale; resolves to the exit code. Rejects as `buildFolder` does. */
export async function build({ folder, hasTypes }: BuildCommand, tools: BuildCommandTools): Promise<number> {
  const { terminal: { stdout, stderr }, clock, files, builds } = tools;
  const { outcomes, diagnostics } = await buildFolder(folder, files, {
    ...builds,
    clock,
    onOutcome(outcome) {
      if (outcome.kind === "faulty") stderr.write(buildFaultText(outcome, coloursFor(stderr.isColoured)));
      else if (outcome.kind === "built") stdout.write(builtText(outcome, coloursFor(stdout.isColoured)));
    },
  });
  const types = hasTypes ? await checkTypes(await planFolder(folder, files), builds.runProgram) : [];
  const faults = [...diagnostics, ...types];
  if (faults.length > 0) stderr.write(diagnosticsText(faults, coloursFor(stderr.isColoured)));
  const count = (kind: string): number => outcomes.filter((outcome) => outcome.kind === kind).length;
  const [built, fresh, faulty] = [count("built"), count("fresh"), count("faulty")];
  if (faulty > 0 || faults.length > 0) return OPERATOR_EXIT_CODE;
  if (built === 0) {
    stdout.write(
      fresh === 0
        ? `nothing to build in ${folder}\n`
        : fresh === 1
        ? "the guest is fresh\n"
        : `all ${fresh} guests are fresh\n`,
    );
  }
  return 0;
}
