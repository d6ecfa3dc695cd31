/** `loopgate dev`: builds, serves, and does both again for what changes. */
import { relative, sep } from "node:path";
import { LoopgateError } from "../base/errors.ts";
import { GuestStacks } from "../build/guest_stacks.ts";
import { Rebuilder } from "../build/rebuilder.ts";
import { fileFault, type FileReader } from "../config/file_reader.ts";
import type { FolderProbe } from "../gateway/folder_probe.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { LogFormat } from "../workload/spec.ts";
import { DEV_SETTINGS, type DevCommand } from "./args/dev.ts";
import type { PublishRequest } from "./args/publish.ts";
import type { BuildCommandTools } from "./build.ts";
import { buildFaultText, buildJson, builtText, freshText, shownOutcome } from "./build_text.ts";
import { coloursFor } from "./colours.ts";
import { EventLog } from "./event_log.ts";
import { trapText } from "./trap_text.ts";
import { type ServeTools, startedJson, watchSignals } from "./serve.ts";
import { unknownVariables } from "../config/settings.ts";
import { readVariables } from "./variables.ts";
import { isSdkFrame, stackMapper } from "./stack_mapper.ts";
import { type PublishedText, publishedText, servedText } from "./served_text.ts";
import { type WorkloadPlace, workloadPlace } from "./workload_place.ts";

/** Where the outside comes in. */
export interface DevTools extends Omit<ServeTools, "parent" | "startReplica" | "probePort">, BuildCommandTools {
  readonly probe: FolderProbe;
}

/** V8 keeps ten of a stack by itself, and a panic of Rust has more of its own. */
const STACK_FRAMES = 50;

/** Builds and serves until a signal; resolves to the exit code. Rejects as `startGateway` and `Rebuilder.open` do. */
export async function dev(command: DevCommand, tools: DevTools): Promise<number> {
  const { terminal, clock, builds, probe, voice } = tools;
  const settings = { ...readVariables(terminal, DEV_SETTINGS), ...command.settings };
  const { listen, log: format = "pretty" } = settings;
  voice.use(format);
  for (const line of unknownVariables(terminal.variables)) voice.warn(line);
  Error.stackTraceLimit = STACK_FRAMES;
  const place = await placeOf(command.folder, tools.files);
  const stopped = Promise.withResolvers<void>();
  let isStopping = false;
  const unwatch = watchSignals({ terminal, clock, voice }, () => {
    isStopping = true;
    stopped.resolve();
  });
  let rebuilder: Rebuilder | undefined;
  let gateway: Gateway | undefined;
  const stacks = new GuestStacks();
  const mapped = stackMapper({
    stacks,
    served: () => gateway?.workloads ?? [],
    stateOf: (workload) => gateway?.serviceState(workload),
    reads: "early",
    shown: place.shown,
  });
  const log = new EventLog({ format, terminal, clock, replica: undefined, mapped, isHidden: isSdkFrame });
  const tell = teller(format, { terminal, voice, log, stacks, shown: place.shown });
  try {
    rebuilder = await Rebuilder.open({
      ...place,
      probe,
      clock,
      // A build that Ctrl-C ended, which reaches every process of a terminal, is no fault of a source.
      tools: { ...builds, clock, onOutcome: (outcome) => isStopping || tell.outcome(outcome) },
      onFault: tell.fault,
    });
    const files = builtFiles(place, rebuilder, tell.fault);
    gateway = await startWhenSound(rebuilder, {
      start: () =>
        tools.startGateway({
          folder: place.folder,
          files,
          clock,
          emit: log.emit,
          onTrap: (guest, error) => tell.trap(guest, error),
          watch: true,
          ...(listen !== undefined && { listen }),
        }),
      stopped: stopped.promise,
      onFault: (error) => tell.waiting(error),
    });
    if (gateway === undefined) return 0;
    const published = await publishAll(gateway, command.publish);
    const colours = coloursFor(terminal.stdout.isColoured);
    if (format === "json") terminal.stdout.write(startedJson(gateway, log.now(), undefined));
    else terminal.stdout.write(servedText(gateway, colours) + publishedText(published, colours));
    log.open();
    await stopped.promise;
    return 0;
  } catch (error) {
    unwatch();
    throw error;
  } finally {
    await rebuilder?.close();
    await gateway?.close();
    log.flush();
  }
}

/**
 * What the gateway reads: a component that is not there may have a source that came a moment ago, so its workload is built
 * before that is a fault.
 */
function builtFiles(
  { folder, files }: WorkloadPlace,
  rebuilder: Rebuilder,
  onFault: (error: unknown) => void,
): FileReader {
  return {
    ...files,
    async inspect(path) {
      const found = await files.inspect(path);
      const [name = "", ...below] = relative(folder, path).split(sep);
      if (found !== undefined || below.length === 0 || !path.endsWith(".wasm")) return found;
      await rebuilder.bringUpToDate(name).catch(onFault);
      return await files.inspect(path);
    },
  };
}

/** What a fault of the files stops is tried again when something has changed; undefined: it was stopped before. */
async function startWhenSound(
  rebuilder: Rebuilder,
  { start, stopped, onFault }: {
    readonly start: () => Promise<Gateway>;
    readonly stopped: Promise<void>;
    readonly onFault: (error: unknown) => void;
  },
): Promise<Gateway | undefined> {
  let isStopped = false;
  void stopped.then(() => isStopped = true);
  for (;;) {
    const changed = rebuilder.untilChanged();
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof LoopgateError) || (error.code !== "ERR_CONFIG" && error.code !== "ERR_COMPONENT")) {
        throw error;
      }
      // What could not be built is told already, and that its component is missing follows from it.
      onFault(rebuilder.isSound ? error : undefined);
    }
    await Promise.race([changed, stopped]);
    if (isStopped) return undefined;
  }
}

/** A folder of workloads; or of one, when the folder is a workload itself. */
async function placeOf(folder: string, files: FileReader): Promise<WorkloadPlace> {
  try {
    return await workloadPlace(folder, files);
  } catch (cause) {
    const message = `Cannot serve "${folder}": ${fileFault(cause)}, expected a folder of workloads`;
    throw new LoopgateError("LG4006", message, { cause });
  }
}

async function publishAll(
  gateway: Gateway,
  requests: readonly PublishRequest[],
): Promise<readonly PublishedText[]> {
  const names = gateway.workloads.map(({ name }) => name);
  const published: PublishedText[] = [];
  for (const { workload = names.length === 1 ? names[0] : undefined, listen, port } of requests) {
    if (workload === undefined) {
      const which = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
      const message = `Cannot publish port ${port}: it does not say of which workload, and ${which}`;
      throw new LoopgateError("LG4003", `${message}, expected <workload>/<port>:${port}`);
    }
    const { address } = await gateway.publish(workload, { listen, port });
    published.push({ workload, address, port });
  }
  return published;
}

/** Ways to tell what happens beside the gateway. */
function teller(
  format: LogFormat,
  { terminal: { stdout, stderr }, voice, log, stacks, shown }:
    & Pick<DevTools, "terminal" | "voice">
    & Pick<WorkloadPlace, "shown">
    & {
      readonly log: EventLog;
      /** Of the lines in `log`. */
      readonly stacks: GuestStacks;
    },
) {
  const [out, err] = [coloursFor(stdout.isColoured), coloursFor(stderr.isColoured)];
  let lastWaiting = "";
  const faulty = new Set<string>();
  const faultText = (error: unknown): string => shown(voice.report(error).text);
  const fault = (error: unknown): void => stderr.write(faultText(error));
  return {
    fault,
    waiting(error: unknown): void {
      const waits = format === "json" ? "" : `${err.quiet("waiting for a change")}\n`;
      const text = `${error === undefined ? "" : faultText(error)}${waits}`;
      // Not every change is one of what is wrong.
      if (text !== lastWaiting) stderr.write(text);
      lastWaiting = text;
    },
    trap(guest: GuestLabel, error: unknown): void {
      if (format === "pretty") stdout.write(trapText(guest, error, out));
    },
    outcome: ((told) => {
      const wasFaulty = faulty.delete(told.component);
      if (told.kind === "fresh") {
        if (wasFaulty && format === "pretty") stdout.write(freshText(shown(told.component), out));
        return;
      }
      if (told.kind === "faulty") faulty.add(told.component);
      else stacks.rebuilt(told.component);
      const outcome = shownOutcome(told, shown);
      if (format === "json") stdout.write(buildJson(outcome, log.now()));
      else if (outcome.kind === "built") stdout.write(builtText(outcome, out));
      else stderr.write(buildFaultText(outcome, err));
    }) satisfies Parameters<typeof Rebuilder.open>[0]["tools"]["onOutcome"],
  };
}
