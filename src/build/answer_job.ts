/** The inner side of a build process: one job from its words, one report to its channel. */
import process from "node:process";
import type { BuildGoal } from "../config/build_definition.ts";
import { writeWhole } from "./build_files.ts";
import { type BuildJob, type BuildReport, parseJob } from "./build_job.ts";
import { faultsOf, GuestFault } from "./guest_fault.ts";
import { mapFileOf } from "./guest_map.ts";

/** A finished component, and the files that it was made of. */
interface Made {
  readonly component: Uint8Array;
  /** Of its places to those of its sources, where there is one. */
  readonly map?: string;
  readonly inputs: readonly string[];
}

type Make = (entry: string, scratch: string, optimize: BuildGoal | undefined) => Promise<Made>;

/** Does the job that this process was started for. What is no fault of the source ends the process with its stack. */
export async function answerJob(make: Make): Promise<void> {
  const report = await reportOf(parseJob(JSON.parse(process.argv.at(-1) ?? "")), make);
  await new Promise<void>((resolve) => {
    if (process.send === undefined) {
      throw new TypeError("Cannot report: there is no channel, expected a parent process");
    }
    process.send(report, undefined, undefined, () => resolve());
  });
  if (process.connected) process.disconnect?.();
}

async function reportOf({ optimize, entry, output, scratch }: BuildJob, make: Make): Promise<BuildReport> {
  try {
    const { component, map, inputs } = await make(entry, scratch, optimize);
    if (map !== undefined) await writeWhole(mapFileOf(output), map);
    await writeWhole(output, component);
    return { kind: "built", inputs };
  } catch (error) {
    if (error instanceof GuestFault) return { kind: "faulty", faults: faultsOf(error), inputs: error.inputs };
    throw error;
  }
}
