/** Guests that a program of the user's makes (`build.command`): run when a source or a component is another than at the last time. */
import { basename, extname, join, relative, resolve } from "node:path";
import { filesBelow, hashOf, kindAt, readBytes, withScratch, writeWhole } from "./build_files.ts";
import type { BuildTools, GuestOutcome } from "./build_workload.ts";
import { toolsHash } from "./build_tools.ts";
import type { Stamps } from "./stamps.ts";
import type { CommandPlan, WorkloadPlan } from "./workload_guests.ts";

/** How a program of the user's ended. */
export interface ProgramEnd {
  /** Null when it could not be started or was ended. */
  readonly exitCode: number | null;
  readonly printed: string;
  /** There is no such program. */
  readonly isMissing: boolean;
}

/** Runs a program of the user's in a folder, with this program's environment. */
export type RunProgram = (words: readonly string[], folder: string) => Promise<ProgramEnd>;

/** Folders of results; what changes in them makes nothing stale. */
const RESULTS: ReadonlySet<string> = new Set(["dist", "target", "node_modules"]);
/** The key of its stamp: no component is called so. */
const KEY = "build.command";
/** A core module's header; that of a component differs in its version. */
const CORE_MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** What installs the programs that templates name. */
const INSTALLERS: ReadonlyMap<string, string> = new Map([
  ["cargo", "install Rust (https://rustup.rs), then its target: rustup target add wasm32-wasip1"],
]);

/** All files of a workload that its command may read. */
export async function commandSources(folder: string): Promise<readonly string[]> {
  const files = await filesBelow(folder, (name) => RESULTS.has(name) || name.startsWith("."));
  return files.filter((file) => extname(file) !== ".jsonc");
}

/** Builds them when they are stale. The outcomes are those of the command's components, all of one kind. */
export async function buildByCommand(
  plan: CommandPlan,
  workload: WorkloadPlan,
  { stamps, tools }: { readonly stamps: Stamps; readonly tools: BuildTools },
): Promise<readonly GuestOutcome[]> {
  const { command, components, outputs } = plan;
  const { clock } = tools;
  const inputs = await commandSources(workload.folder);
  const builder = hashOf(JSON.stringify([command, outputs, inputs.map((file) => relative(workload.folder, file))]));
  if (await stamps.isFresh(KEY, builder)) return components.map((component) => ({ kind: "fresh", component }));
  const [startedNs, startedMs] = [clock.monotonicNs(), clock.wallMs()];
  const { exitCode, printed, isMissing } = await tools.runProgram(command, workload.folder);
  const faulty = (message: string, said: string, fix?: string): readonly GuestOutcome[] => {
    const fault = { ...plan.place, message, ...(fix !== undefined && { fix }) };
    const shared = { kind: "faulty", diagnostics: [fault], printed: said, inputs } as const;
    return components.map((component, index) =>
      index === 0 ? { ...shared, component } : { ...shared, component, diagnostics: [], printed: "" }
    );
  };
  const words = command.join(" ");
  if (isMissing) {
    const [program = ""] = command;
    const message = `Cannot build with \`${words}\`: there is no program "${program}", expected it on the PATH`;
    return faulty(message, "", INSTALLERS.get(program));
  }
  if (exitCode !== 0) {
    const ended = exitCode === null ? "it could not be run" : `it ended with ${exitCode}`;
    return faulty(`Cannot build with \`${words}\`: ${ended}, expected 0`, printed);
  }
  for (const output of outputs) {
    const fault = await takeOutput(output, tools);
    if (fault !== undefined) return faulty(fault.message, fault.printed);
  }
  for (const component of components) {
    if (await kindAt(component) === "file") continue;
    return faulty(
      `Cannot build with \`${words}\`: it left no "${component}", expected one, or its place in "outputs"`,
      printed,
    );
  }
  await stamps.note(KEY, { builder, inputs: inputs.map((file) => resolve(file)), outputs: components, startedMs });
  const durationMs = Number(clock.monotonicNs() - startedNs) / 1e6;
  return await Promise.all(components.map(async (component): Promise<GuestOutcome> => {
    return { kind: "built", component, durationMs, bytes: (await readBytes(component)).length };
  }));
}

/** Copies what the command made; a core module becomes a component on the way. */
async function takeOutput(
  { component, file }: CommandPlan["outputs"][number],
  tools: BuildTools,
): Promise<{ readonly message: string; readonly printed: string } | undefined> {
  if (await kindAt(file) !== "file") {
    return {
      message: `Cannot use "${file}" for "${component}": it is not there, expected the command to make it`,
      printed: "",
    };
  }
  const bytes = await readBytes(file);
  if (CORE_MODULE.some((byte, index) => bytes[index] !== byte)) {
    await writeWhole(component, bytes);
    return undefined;
  }
  await toolsHash("adapt");
  return await withScratch(async (scratch) => {
    const output = join(scratch, "component.wasm");
    const { report, printed } = await tools.runJob({ kind: "adapt", entry: resolve(file), output, scratch });
    if (report.kind === "faulty") {
      const why = report.faults.map(({ message }) => message).join("; ");
      return { message: `Cannot make a component of "${basename(file)}": ${why}`, printed };
    }
    await writeWhole(component, await readBytes(output));
    return undefined;
  });
}
