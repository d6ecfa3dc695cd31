/** Builds the guests of one workload that are missing or stale, one after the other. */
import { dirname, join, relative, resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { refreshAuthorFiles } from "./author_files.ts";
import { hashOf, readBytes, readText, withScratch, writeWhole } from "./build_files.ts";
import type { RunJob, SourceFault } from "./build_job.ts";
import { toolsHash } from "./build_tools.ts";
import { buildByCommand, type RunProgram } from "./command_build.ts";
import { mapFileOf, mapTextFor } from "./guest_map.ts";
import { Stamps } from "./stamps.ts";
import type { GuestPlan, WorkloadPlan } from "./workload_guests.ts";

/** What became of a guest. */
export type GuestOutcome =
  | { readonly kind: "fresh"; readonly component: string }
  | { readonly kind: "built"; readonly component: string; readonly durationMs: number; readonly bytes: number }
  /** What was built before is left where it is. */
  | {
    readonly kind: "faulty";
    readonly component: string;
    readonly diagnostics: readonly Diagnostic[];
    /** What the build printed, when that may tell more. */
    readonly printed: string;
    /** The files that were read, absolute. */
    readonly inputs: readonly string[];
  };

/** What a build needs. */
export interface BuildTools {
  readonly runJob: RunJob;
  readonly runProgram: RunProgram;
  readonly clock: Clock;
  /** Told as soon as it is known. */
  readonly onOutcome: (outcome: GuestOutcome) => void;
}

/**
 * Builds what is stale; resolves to what became of every guest.
 *
 * @throws {LoopgateError} ERR_BUILD when a tool is not installed
 */
export async function buildWorkload(plan: WorkloadPlan, tools: BuildTools): Promise<readonly GuestOutcome[]> {
  await refreshAuthorFiles(plan.folder, plan.files, plan.guests.find(({ kind }) => kind !== "quickjs")?.kind);
  if (plan.guests.length === 0 && plan.command === undefined) return [];
  const outcomes: GuestOutcome[] = [];
  const tell = (outcome: GuestOutcome): void => {
    outcomes.push(outcome);
    tools.onOutcome(outcome);
  };
  const stamps = await Stamps.open(plan.folder);
  for (const guest of plan.guests) tell(await buildGuest(guest, plan, { stamps, tools }));
  if (plan.command !== undefined) {
    for (const outcome of await buildByCommand(plan.command, plan, { stamps, tools })) tell(outcome);
  }
  return outcomes;
}

/** The sources that the workload's guests were made of the last time, and what a change of makes them stale. */
export async function sourcesOf(plan: WorkloadPlan): Promise<readonly string[]> {
  const stamps = await Stamps.open(plan.folder);
  return plan.guests.flatMap((guest) => [guest.source, ...stamps.inputsOf(keyOf(plan, guest.component))]);
}

async function buildGuest(
  guest: GuestPlan,
  plan: WorkloadPlan,
  { stamps, tools }: { readonly stamps: Stamps; readonly tools: BuildTools },
): Promise<GuestOutcome> {
  const { component } = guest;
  const key = keyOf(plan, component);
  const { kind, optimize } = guest;
  const builder = `${await toolsHash(kind)}${optimize === undefined ? "" : ` for ${optimize}`}`;
  if (await stamps.isFresh(key, builder)) return { kind: "fresh", component };
  const { clock } = tools;
  const [startedNs, startedMs] = [clock.monotonicNs(), clock.wallMs()];
  return await withScratch(async (scratch): Promise<GuestOutcome> => {
    const output = join(scratch, "component.wasm");
    const entry = resolve(guest.source);
    const { report, printed } = await tools.runJob({ kind, optimize, entry, output, scratch });
    if (report.kind === "faulty") {
      const diagnostics = await Promise.all(report.faults.map((fault) => diagnosticOf(fault, guest.source)));
      return { kind: "faulty", component, diagnostics, printed, inputs: [entry, ...report.inputs] };
    }
    const bytes = await readBytes(output);
    // First: who reloads the component finds its map.
    const maps = await placeMap(output, component, hashOf(bytes));
    await writeWhole(component, bytes);
    const inputs = report.inputs.map((file) => resolve(file));
    await stamps.note(key, { builder, inputs, outputs: [component, ...maps], startedMs });
    const durationMs = Number(clock.monotonicNs() - startedNs) / 1e6;
    return { kind: "built", component, durationMs, bytes: bytes.length };
  });
}

/** Puts the map beside the component; resolves to where. Not every kind of guest has one. */
async function placeMap(output: string, component: string, sha256: string): Promise<readonly string[]> {
  const map = await readText(mapFileOf(output)).catch(() => undefined);
  if (map === undefined) return [];
  const file = mapFileOf(component);
  await writeWhole(file, mapTextFor(map, resolve(dirname(component)), sha256));
  return [file];
}

/** A fault of a tool with the line it is about; without a place it is about the source as a whole. */
async function diagnosticOf(fault: SourceFault, source: string): Promise<Diagnostic> {
  const { code, message, fix } = fault;
  const file = fault.file === undefined ? source : relativeTo(".", fault.file);
  const [line, column] = [fault.line ?? 1, fault.column ?? 1];
  const said = { code, file, line, column, message, ...(fix !== undefined && { fix }) };
  if (fault.line === undefined) return said;
  // The file may have changed since, and then has no such line: the sentence and the place are still right.
  const text = await readText(fault.file ?? source).catch(() => "");
  const frame = text.split(/\r\n?|\n/)[line - 1];
  return frame === undefined ? said : { ...said, source: frame };
}

function keyOf(plan: WorkloadPlan, component: string): string {
  return relative(plan.folder, component);
}

/** As a path from `folder` where that is shorter than from the root of the disk. */
function relativeTo(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.length < file.length ? path : file;
}
