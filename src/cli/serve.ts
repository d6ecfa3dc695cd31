/** `loopgate serve`: a gateway from its start to its end. */
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { loadGatewayFile } from "../config/gateway_file.ts";
import { readPem } from "../config/pem_file.ts";
import type { FileReader } from "../config/file_reader.ts";
import { SETTING_NAMES, SETTINGS, type Settings, unknownVariables } from "../config/settings.ts";
import { type Gateway, type GatewayOptions, LISTEN_DEFAULT } from "../gateway/gateway.ts";
import type { ListenAddress } from "../server/http_listener.ts";
import type { ServeCommand } from "./args/serve.ts";
import { coloursFor } from "./colours.ts";
import type { CommandVoice } from "./command_voice.ts";
import { EventLog } from "./event_log.ts";
import { INTERRUPTED_EXIT_CODE } from "./exit_codes.ts";
import type { LogLevel } from "../telemetry/log_level.ts";
import type { GatewaySpec, HostPort, LogFormat, StartWith } from "../workload/spec.ts";
import type { ParentLink, StartReplica } from "./replica_link.ts";
import { serveReplicas } from "./serve_replicas.ts";
import { servedText } from "./served_text.ts";
import { stackMapper } from "./stack_mapper.ts";
import { StopSignals } from "./stop_signals.ts";
import type { Terminal } from "./terminal.ts";
import { readVariables } from "./variables.ts";

/** Where the outside comes in. */
export interface ServeTools {
  readonly terminal: Terminal;
  readonly voice: CommandVoice;
  readonly clock: Clock;
  readonly files: FileReader;
  readonly startGateway: (options: GatewayOptions) => Promise<Gateway>;
  readonly startReplica: StartReplica;
  /** Rejects when somebody listens there. */
  readonly probePort: (address: ListenAddress) => Promise<void>;
  /** When this process is one replica of several. */
  readonly parent?: ParentLink;
}

/** Serves until a signal; resolves to the exit code. Rejects as `startGateway` does. */
export async function serve(command: ServeCommand, tools: ServeTools): Promise<number> {
  const { terminal, parent, voice } = tools;
  const stopped = Promise.withResolvers<void>();
  const unwatch = watchSignals(tools, () => stopped.resolve());
  parent?.onDrain(() => stopped.resolve());
  try {
    const { settings: flags, folder } = command;
    const said = { ...readVariables(terminal, SETTING_NAMES), ...flags };
    // Its faults are told by the gateway, with those of all other files.
    const { gateway: file } = await loadGatewayFile(folder, tools.files);
    const {
      log = file.log ?? "pretty",
      logLevel = file.logLevel,
      replicas = file.replicas ?? 1,
      listen = file.listen,
    } = said;
    voice.use(log);
    if (parent === undefined) { for (const line of unknownVariables(terminal.variables)) voice.warn(line); }
    if (replicas > 1 && parent === undefined) {
      unwatch();
      return await serveReplicas({ count: replicas, listen, log, logLevel }, tools);
    }
    const ca = said.ca === undefined ? undefined : await readCa(said.ca, flags.ca === undefined, tools.files);
    return await serveAlone({ ...command, said, file, log, logLevel, ca, stopped: stopped.promise }, tools);
  } catch (error) {
    unwatch();
    throw error;
  }
}

/** What is served, how, and until when. */
interface ServeOptions {
  readonly folder: string;
  /** Flags and variables. */
  readonly said: Settings;
  readonly file: GatewaySpec;
  readonly log: LogFormat;
  readonly logLevel: LogLevel | undefined;
  /** What stands in the file of `said.ca`. */
  readonly ca: string | undefined;
  readonly stopped: Promise<void>;
}

async function serveAlone(
  { folder, said, file, log: format, logLevel: level, ca, stopped }: ServeOptions,
  { terminal, clock, parent, startGateway }: ServeTools,
): Promise<number> {
  const replica = parent?.assignment.index;
  let gateway: Gateway | undefined;
  const mapped = stackMapper({ served: () => gateway?.workloads ?? [], reads: "late" });
  const log = new EventLog({ format, level, terminal, clock, replica, mapped });
  try {
    const { resolver, otlp, traceRatio, traceTo } = said;
    const listen = listenOf(said, parent, file);
    const admin = adminOf(said, parent, file);
    gateway = await startGateway({
      folder,
      clock,
      emit: log.emit,
      ...(listen !== undefined && { listen }),
      ...(admin !== undefined && { admin }),
      ...(resolver !== undefined && { resolver }),
      ...(ca !== undefined && { ca }),
      otlp,
      traceRatio,
      traceTo,
      watch: said.watch ?? file.watch ?? true,
      startWith: startWithOf(said, parent),
    });
    if (parent?.assignment.isTableShown ?? true) {
      if (format === "pretty") {
        terminal.stdout.write(servedText(gateway, coloursFor(terminal.stdout.isColoured)));
      } else terminal.stdout.write(startedJson(gateway, log.now(), replica));
    }
    const { host, port } = gateway.address;
    await parent?.report({ kind: "listening", host, port, drainMs: gateway.drainMs });
    log.open();
    await stopped;
    await gateway.close();
    log.flush();
    // Signals stay watched: the launcher's copy of the same Ctrl-C may come after a quick drain, and would kill.
    return 0;
  } catch (error) {
    // Services that were started and stopped again because the port is taken: not what the user has to see.
    log.open((event) => event.kind !== "service-state");
    throw error;
  }
}

/** Calls `drain` at the first signal; a later one ends the process, unless there is a parent who decides that. */
export function watchSignals(
  { terminal, clock, parent, voice }: Pick<ServeTools, "terminal" | "clock" | "parent" | "voice">,
  drain: () => void,
): () => void {
  // Ctrl-C, and some supervisors' SIGTERM, reach every process of a group: how often is the parent's to count.
  if (parent !== undefined) return terminal.watchSignals(drain);
  const signals = new StopSignals(clock);
  return terminal.watchSignals(() => {
    const verdict = signals.judge();
    if (verdict === "exit") terminal.exit(INTERRUPTED_EXIT_CODE);
    else if (verdict === "drain") {
      voice.draining();
      drain();
    }
  });
}

/** Replicas share one port: the one the first of them got. */
function listenOf(
  { listen }: Settings,
  parent: ParentLink | undefined,
  file: GatewaySpec,
): ListenAddress | undefined {
  if (parent === undefined) return listen;
  return { ...(parent.assignment.listen ?? listen ?? file.listen ?? LISTEN_DEFAULT), reusePort: true };
}

/** Each replica has an admin of its own: what one shows is its own, and a scraper asks all of them. */
function adminOf(
  said: Settings,
  parent: ParentLink | undefined,
  file: GatewaySpec,
): HostPort | undefined {
  // Alone, the gateway reads the file itself: what is told later of its changes is true then.
  const admin = said.admin ?? (parent === undefined ? undefined : file.admin);
  if (admin === undefined || parent === undefined || admin.port === 0) return admin;
  return { host: admin.host, port: admin.port + parent.assignment.index - 1 };
}

/** One that joins replicas which serve: a file that broke meanwhile stops none of them, so it must not stop this one. */
function startWithOf({ startWith }: Settings, parent: ParentLink | undefined): StartWith | undefined {
  return parent?.assignment.listen === undefined ? startWith : "sound";
}

async function readCa(file: string, isVariable: boolean, files: FileReader): Promise<string> {
  const read = await readPem(file, files);
  if ("pem" in read) return read.pem;
  const source = isVariable ? SETTINGS.ca.variable : SETTINGS.ca.flag;
  throw new LoopgateError("LG4005", `Cannot use ${source}: ${read.fault}, expected a PEM file with certificates`);
}

/** The first line of a JSON log: where, and what. */
export function startedJson(
  { address, adminAddress, workloads, faults }: Gateway,
  time: string,
  replica: number | undefined,
): string {
  const routes = workloads.flatMap((workload) =>
    workload.routes.map(({ name, match, component }) => ({ workload: workload.name, route: name, match, component }))
  );
  const line = {
    time,
    level: "info",
    event: "listening",
    ...(replica !== undefined && { replica }),
    address,
    adminAddress,
    routes,
    leftOut: faults.flatMap(({ workload }) => workload ?? []),
  };
  return `${JSON.stringify(line)}\n`;
}
