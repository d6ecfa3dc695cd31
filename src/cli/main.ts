/** The program `loopgate`, on Node and on Deno: the real process, clock and gateway behind `cli.ts`. */
import { systemClock } from "../base/clock.ts";
import { folderFiles } from "../config/folder_files.ts";
import { ownAddresses } from "../gateway/default_egress.ts";
import { folderProbe } from "../gateway/folder_probe.ts";
import { startGateway } from "../gateway/gateway.ts";
import { runCommand } from "../gateway/run_command.ts";
import { jobRunner, runProgram } from "./build_process.ts";
import { runCli } from "./cli.ts";
import { keepRequestsYoung } from "./heap_flags.ts";
import { keptModules, type KeptModulesOptions } from "./kept_modules.ts";
import { flushStreams, processTerminal } from "./process_terminal.ts";
import { forkReplica, parentLink, probePort } from "./replica_process.ts";
import { writeWholeFile } from "./write_file.ts";

/** What is known before anything is loaded. */
export interface MainOptions {
  /** What a gateway finds of earlier ones. Default: nothing. */
  readonly kept?: KeptModulesOptions | undefined;
  /** Keeps for the next start what V8 has made of the modules by now. Default: that is nobody's to say. */
  readonly keepCode?: () => void;
}

/** Does what the words of the process say, and ends it. */
export async function main({ kept, keepCode }: MainOptions = {}): Promise<void> {
  const terminal = processTerminal();
  const parent = parentLink();
  const exitCode = await runCli({
    terminal,
    clock: systemClock,
    files: folderFiles,
    ownAddresses: ({ nat64, listeners }) => ownAddresses({ clock: systemClock, listeners: () => listeners, nat64 })(),
    startGateway: async (options) => {
      const gateway = await startGateway({ ...options, moduleStore: kept && keptModules(kept) });
      // In this order: V8 takes no code that was kept under other flags than it has when it loads it.
      keepCode?.();
      keepRequestsYoung();
      return gateway;
    },
    runCommand,
    builds: { runJob: jobRunner(), runProgram },
    writeFile: writeWholeFile,
    probe: folderProbe,
    startReplica: forkReplica,
    probePort,
    ...(parent !== undefined && { parent }),
  });
  await flushStreams();
  // Not left to the loop running dry: an exit code is a promise, and nothing may be alive any more.
  terminal.exit(exitCode);
}

if (import.meta.main) await main();
