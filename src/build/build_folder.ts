/** Builds the guests of a folder of workloads, or of one workload. */
import { basename, resolve } from "node:path";
import type { Diagnostic } from "../base/diagnostics.ts";
import { LoopgateError } from "../base/errors.ts";
import { fileFault, type FileReader, joinPath } from "../config/file_reader.ts";
import { subFolderNames } from "../config/sub_folders.ts";
import { type BuildTools, buildWorkload, type GuestOutcome } from "./build_workload.ts";
import { isWorkloadFolder, planWorkload, type WorkloadPlan } from "./workload_guests.ts";

/** What a folder came to. */
export interface FolderBuild {
  readonly outcomes: readonly GuestOutcome[];
  /** Faults in the workloads' files: of these nothing was built. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Workloads that are built side by side: a build takes a core. */
const BUILDS_MAX = 2;

/**
 * What there is to build below `folder`, by workload; the folder may be one itself.
 *
 * @throws {LoopgateError} ERR_USAGE when it is no folder
 */
export async function planFolder(folder: string, reader: FileReader): Promise<readonly WorkloadPlan[]> {
  try {
    const isOne = await isWorkloadFolder(folder, reader);
    const places = isOne
      ? [{ folder, name: basename(resolve(folder)) }]
      : subFolderNames(await reader.list(folder)).map((name) => ({ folder: joinPath(folder, name), name }));
    const plans = await Promise.all(places.map((place) => planWorkload(place.folder, place.name, reader)));
    return plans.filter((plan) => plan !== undefined);
  } catch (error) {
    throw new LoopgateError(
      "LG4006",
      `Cannot build "${folder}": ${fileFault(error)}, expected a folder of workloads`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Builds what is missing or stale.
 *
 * @throws {LoopgateError} ERR_USAGE when it is no folder, ERR_BUILD when a tool is not installed
 */
export async function buildFolder(folder: string, reader: FileReader, tools: BuildTools): Promise<FolderBuild> {
  const plans = await planFolder(folder, reader);
  const outcomes: GuestOutcome[] = [];
  const waiting = [...plans];
  const work = async (): Promise<void> => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      outcomes.push(...await buildWorkload(plan, tools));
    }
  };
  await Promise.all(Array.from({ length: BUILDS_MAX }, work));
  return { outcomes, diagnostics: plans.flatMap((plan) => plan.diagnostics) };
}
