/** `loopgate serve --replicas N`: the process that starts the replicas, watches over them, and serves nothing itself. */
import type { Clock } from "../base/clock.ts";
import { LISTEN_DEFAULT } from "../gateway/gateway.ts";
import type { ListenAddress } from "../server/http_listener.ts";
import { isLogged, LOG_LEVEL_DEFAULT, type LogLevel } from "../telemetry/log_level.ts";
import type { LogFormat } from "../workload/spec.ts";
import { coloursFor } from "./colours.ts";
import type { CommandVoice } from "./command_voice.ts";
import { replicaJson, replicaLevel, replicaText, timeOfDay } from "./event_text.ts";
import { INTERRUPTED_EXIT_CODE } from "./exit_codes.ts";
import type { StartReplica } from "./replica_link.ts";
import { type ReplicaEvent, ReplicaSet } from "./replica_set.ts";
import { StopSignals } from "./stop_signals.ts";
import type { Terminal } from "./terminal.ts";

/** Where the outside comes in. */
export interface ServeReplicasTools {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly startReplica: StartReplica;
  /** Rejects when somebody listens there. */
  readonly probePort: (address: ListenAddress) => Promise<void>;
  readonly voice: CommandVoice;
}

/** What is asked for. */
export interface ServeReplicasOptions {
  readonly count: number;
  readonly listen: ListenAddress | undefined;
  readonly log: LogFormat;
  /** Default: everything is logged. */
  readonly logLevel?: LogLevel | undefined;
}

/**
 * Serves until a signal; resolves to the exit code.
 *
 * @throws {LoopgateError} ERR_LISTEN
 */
export async function serveReplicas(options: ServeReplicasOptions, tools: ServeReplicasTools): Promise<number> {
  const { terminal, clock } = tools;
  const { listen = LISTEN_DEFAULT, logLevel = LOG_LEVEL_DEFAULT } = options;
  const colours = coloursFor(terminal.stdout.isColoured);
  const onEvent = (event: ReplicaEvent): void => {
    if (!isLogged(replicaLevel(event), logLevel)) return;
    const now = new Date(clock.wallMs());
    const line = options.log === "json"
      ? replicaJson(event, now.toISOString())
      : replicaText(event, { time: timeOfDay(now), colours });
    terminal.stdout.write(`${line}\n`);
  };
  if (listen.port !== 0) await tools.probePort(listen);
  const replicas = new ReplicaSet({
    count: options.count,
    startReplica: tools.startReplica,
    clock,
    onEvent,
    onFault: (fault) => typeof fault === "string" ? terminal.stderr.write(fault) : tools.voice.fault(fault),
  });
  const signals = new StopSignals(clock);
  terminal.watchSignals(() => {
    const verdict = signals.judge();
    if (verdict === "ignore") return;
    if (verdict === "exit") {
      replicas.kill();
      terminal.exit(INTERRUPTED_EXIT_CODE);
      return;
    }
    tools.voice.draining();
    replicas.drain();
  });
  return await replicas.run();
}
