/** `loopgate run`: one command component from its start to its end, with the rights of a service on a network of its own. */
import type { FaultCode } from "../base/fault_codes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { formatSocketAddress, type SocketAddress } from "../base/ip_address.ts";
import { LoopgateError } from "../base/errors.ts";
import { escapeText } from "../base/escape_text.ts";
import { compileComponent, type CompiledComponent } from "../component/engine.ts";
import { ComponentError } from "../component/errors.ts";
import { fileFault, type FileReader } from "../config/file_reader.ts";
import { folderFiles } from "../config/folder_files.ts";
import { GuestEgress } from "../host/egress/guest_egress.ts";
import { LookupSlots } from "../host/egress/lookup_slots.ts";
import { SUSPENDING } from "../host/suspending.ts";
import { describeEnd, type GuestEnd } from "../instance/guest_end.ts";
import { openGuestTools } from "../instance/guest_tools.ts";
import { describeError } from "../instance/request_failure.ts";
import type { Egress } from "../network/egress.ts";
import { WorkloadNetwork } from "../network/workload_network.ts";
import { absentLayer, makePolicy, type Policy } from "../policy/policy.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import { LimitCounts } from "../telemetry/limit_counts.ts";
import { LimitLog } from "../telemetry/limit_log.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import type { MountSpec } from "../volume/mount.ts";
import { WorkloadVolumes } from "../volume/workload_volumes.ts";
import { COMMAND_RUN, startRun } from "../workload/service_run.ts";
import { faultOf, missingImports, roleFault } from "./component_role.ts";
import { DEFAULT_EGRESS } from "./default_egress.ts";
import { openEgressTools } from "./egress_tools.ts";
import { COMPONENT_BYTES_MAX } from "./load_components.ts";
import { PublishedPort, type PublishOptions } from "./published_port.ts";
import { randomBytes } from "./random_bytes.ts";

/** How a command is run. */
export interface RunCommandOptions {
  /** Path of the component's file. */
  readonly component: string;
  /** Names and values, in their order; of the machine's own there is none. */
  readonly env: readonly (readonly [string, string])[];
  /** Without the program's name. */
  readonly args: readonly string[];
  /** Folders of the machine, and the paths where the guest sees them. Default: none. */
  readonly dirs?: readonly { readonly folder: string; readonly path: string; readonly isWritable: boolean }[];
  /** Ports of this machine that lead to its private loopback, while it runs. */
  readonly publish?: readonly PublishOptions[];
  /** Gets the guest's bytes as they are; they are the caller's. */
  readonly stdout: (bytes: Uint8Array) => void;
  /** As `stdout`, and the gateway's own lines: a trap, a denial. */
  readonly stderr: (bytes: Uint8Array) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly files?: FileReader;
  /** Default: the default policy. */
  readonly policy?: Policy;
  /** The way to real addresses that the policy allows. Default: the machine's sockets. */
  readonly egress?: Egress;
}

/** What a workload has whose file says nothing; a command has no file, and one would be called this. */
const DEFAULT_POLICY = makePolicy({ workload: absentLayer("workload.jsonc") });
/** Of a command: what a process usually may. */
const OPEN_FILES_MAX = 1_024;
const ENTRIES_MAX = 1_048_576;
/** `run` returned its `err`. */
const FAILED_EXIT_CODE = 1;
/** A trap: 128 + SIGABRT, as a crashed native program and wasmtime have it. */
const TRAPPED_EXIT_CODE = 134;

/**
 * Runs `wasi:cli/run` to its end and resolves to the exit code: 0 for ok, 1 for err, what the guest passed to
 * `wasi:cli/exit`, 134 for a trap.
 *
 * @throws {LoopgateError} ERR_COMPONENT when the file cannot be run at all, ERR_USAGE when a folder is not there
 * @example
 * const exitCode = await runCommand({
 *   component: "tool.wasm",
 *   env: [["MODE", "once"]],
 *   args: ["--verbose"],
 *   stdout: (bytes) => process.stdout.write(bytes),
 *   stderr: (bytes) => process.stderr.write(bytes),
 * });
 */
export async function runCommand(options: RunCommandOptions): Promise<number> {
  const { clock = systemClock, egress = DEFAULT_EGRESS, policy = DEFAULT_POLICY } = options;
  const files = options.files ?? folderFiles;
  const component = await loadCommand(options.component, files);
  const mounts = await Promise.all((options.dirs ?? []).map((dir) => mountOf(dir, files)));
  const note = (text: string): void => options.stderr(new TextEncoder().encode(`loopgate: ${escapeText(text)}\n`));
  const counters = new LiveCounters();
  const emit = noteEvents(note);
  const limits = new LimitLog({ clock, emit, counts: new LimitCounts() });
  const name = options.component.split(/[\\/]/).at(-1) ?? options.component;
  const label: GuestLabel = { workload: name, role: "command" };
  const published: PublishedPort[] = [];
  const network = new WorkloadNetwork({ workload: name, clock, counters, emit, egress, onLimit: limits.report });
  // As a gateway's own listener: a guest reaches none of the machine's ways in.
  const listeners = (): readonly SocketAddress[] => published.map(({ address }) => address);
  const nobody = { resolver: undefined, ca: undefined, nat64: [], listeners };
  const outside = openEgressTools({ ...nobody, clock, counters });
  const guestEgress = new GuestEgress({
    tools: outside.tools,
    policy,
    role: "service",
    label,
    network,
    lookups: new LookupSlots(),
    egress,
    clock,
    counters,
  });
  const memoryFor = () => ({ take: () => true, give: () => {} });
  const volumes = new WorkloadVolumes({ clock, counters, openFilesMax: OPEN_FILES_MAX, memoryFor });
  const openMounts = volumes.mountsFor(mounts, { descriptorsMax: OPEN_FILES_MAX, directoryEntriesMax: ENTRIES_MAX });
  for (const { listen, port } of options.publish ?? []) {
    const opened = await PublishedPort.open({
      workload: name,
      listen,
      port,
      network: () => network,
      clock,
      counters,
      emit,
    });
    published.push(opened);
    note(`${formatSocketAddress(opened.address)} leads to port ${port} of its private loopback`);
  }
  const run = startRun(
    { component, label, env: options.env, args: [name, ...options.args], openMounts },
    openGuestTools({ clock, randomBytes, counters, emit, onLimit: limits.report }),
    {
      network: network.openGuest("service", label, { access: guestEgress.access }),
      egress: guestEgress,
      // A view of the guest's memory, which it overwrites next.
      output: (stream, bytes) => (stream === "stdout" ? options.stdout : options.stderr)(bytes.slice()),
    },
  );
  const end = await run.ended;
  await Promise.all(published.map((each) => each.close()));
  guestEgress.close();
  outside.close();
  network.close();
  await volumes.close();
  limits.close();
  if (end.kind === "trapped") note(`the guest trapped: ${describeError(end.error)}`);
  else if (end.kind === "failed") note(`the guest failed: ${describeEnd(end)}`);
  return exitCodeOf(end);
}

async function mountOf(
  { folder, path, isWritable }: { readonly folder: string; readonly path: string; readonly isWritable: boolean },
  files: FileReader,
): Promise<MountSpec> {
  const refuse = (is: string): LoopgateError =>
    new LoopgateError("LG4002", `Cannot mount "${folder}": ${is}, expected a folder`);
  const facts = await files.inspect(folder).catch((error: unknown) => {
    throw refuse(fileFault(error));
  });
  if (facts === undefined) throw refuse("it is not there");
  if (facts.kind !== "folder") throw refuse("it is no folder");
  // Whoever runs a command says what it may do, and can stop it.
  const limits = { bytesMax: Infinity, filesMax: Infinity };
  return { kind: "folder", path, folder, realPath: facts.realPath, isOwn: true, isWritable, limits };
}

async function loadCommand(path: string, files: FileReader): Promise<CompiledComponent> {
  const refuse = (fault: FaultCode, is: string, cause?: unknown): LoopgateError =>
    new LoopgateError(fault, `Cannot run "${path}": ${is}`, { cause });
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path, COMPONENT_BYTES_MAX);
  } catch (error) {
    throw refuse("LG2007", `${fileFault(error)}, expected a component`, error);
  }
  let component: CompiledComponent;
  try {
    component = await compileComponent(bytes, { suspending: SUSPENDING });
  } catch (error) {
    if (error instanceof ComponentError) throw refuse(error.fault, faultOf(error), error);
    throw error;
  }
  const role = roleFault(component, COMMAND_RUN);
  if (role !== undefined) throw refuse("LG2005", role);
  const missing = missingImports(component);
  if (missing !== undefined) throw refuse("LG2004", missing);
  return component;
}

function noteEvents(note: (text: string) => void): EmitEvent {
  return (event) => {
    if (event.kind === "denied") note(`denied ${event.operation} ${event.target}: ${event.rule}`);
    else if (event.kind === "limited") note(`limit ${event.limit}: ${event.detail}`);
    else if (event.kind === "published") note(`published port ${event.port} ${event.detail}`);
    else if (event.kind === "fault") note(`a fault in ${event.where}: ${describeError(event.error)}`);
  };
}

/** What a shell would get for it. */
export function exitCodeOf(end: GuestEnd): number {
  switch (end.kind) {
    case "completed":
      return 0;
    case "exited":
      return end.exitCode;
    case "failed":
    case "refused":
      return FAILED_EXIT_CODE;
    case "trapped":
      return TRAPPED_EXIT_CODE;
  }
}
