/** The command line from its words to its exit code; everything outside comes in as a parameter. */
import type { Gateway, GatewayOptions } from "../gateway/gateway.ts";
import type { Clock } from "../base/clock.ts";
import type { FileReader } from "../config/file_reader.ts";
import type { PublishOptions } from "../gateway/published_port.ts";
import type { OwnAddresses } from "../policy/address_class.ts";
import type { ListenAddress } from "../server/http_listener.ts";
import { parseCommand } from "./args.ts";
import { build, type BuildCommandTools } from "./build.ts";
import { check } from "./check.ts";
import type { RunFolder } from "./args/run.ts";
import { CommandVoice } from "./command_voice.ts";
import { dev, type DevTools } from "./dev.ts";
import { makeNew } from "./new.ts";
import { explain } from "./explain.ts";
import { inspect } from "./inspect.ts";
import type { ParentLink, StartReplica } from "./replica_link.ts";
import { serve } from "./serve.ts";
import { bytesMapper } from "./stack_mapper.ts";
import type { Terminal } from "./terminal.ts";
import { usageText } from "./usage.ts";
import { VERSION } from "../base/version.ts";
import { virtualize } from "./virtualize.ts";

/** How a command component is run; `gateway/run_command.ts` does it. */
export interface RunOptions {
  /** Path of the component's file. */
  readonly component: string;
  readonly env: readonly (readonly [string, string])[];
  readonly args: readonly string[];
  readonly dirs: readonly RunFolder[];
  /** Ports that lead to its private loopback. */
  readonly publish: readonly PublishOptions[];
  readonly stdout: (bytes: Uint8Array) => void;
  readonly stderr: (bytes: Uint8Array) => void;
}

/** Where the outside comes in. */
export interface CliTools {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly files: FileReader;
  /** What this machine says about itself. */
  readonly ownAddresses: (known: Required<Pick<OwnAddresses, "nat64" | "listeners">>) => OwnAddresses;
  readonly startGateway: (options: GatewayOptions) => Promise<Gateway>;
  readonly runCommand: (options: RunOptions) => Promise<number>;
  readonly builds: BuildCommandTools["builds"];
  /** Writes a file as a whole. */
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly probe: DevTools["probe"];
  readonly startReplica: StartReplica;
  /** Rejects when somebody listens there. */
  readonly probePort: (address: ListenAddress) => Promise<void>;
  /** When this process is a replica. */
  readonly parent?: ParentLink;
}

/** Does what the words say; resolves to the exit code and never rejects. */
export async function runCli(tools: CliTools): Promise<number> {
  const { terminal } = tools;
  const voice = new CommandVoice(tools);
  try {
    const command = parseCommand(terminal.argv);
    switch (command.kind) {
      case "help":
        terminal.stdout.write(usageText(command.topic));
        return 0;
      case "help-code": {
        // lazy: pages are read when something is wrong, not at each start
        const { pageText } = await import("./fault_pages/pages.ts");
        terminal.stdout.write(pageText(command.code));
        return 0;
      }
      case "version":
        terminal.stdout.write(`loopgate ${VERSION}\n`);
        return 0;
      case "serve":
        return await serve(command, { ...tools, voice });
      case "explain":
        return await explain(command, tools);
      case "new":
        return await makeNew(command, tools);
      case "build":
        return await build(command, tools);
      case "check":
        return await check(command, tools);
      case "inspect":
        return await inspect(command, tools);
      case "dev":
        return await dev(command, { ...tools, voice });
      case "run": {
        const mapped = bytesMapper(command.component);
        return await tools.runCommand({
          component: command.component,
          env: command.env,
          args: command.args,
          dirs: command.dirs,
          publish: command.publish,
          stdout: (bytes) => terminal.stdout.write(bytes),
          stderr: (bytes) => terminal.stderr.write(mapped(bytes)),
        });
      }
      case "virtualize":
        return await virtualize(command, tools);
    }
  } catch (error) {
    const { text, exitCode } = voice.report(error);
    // What is wrong for one replica may be wrong for all; the parent says it once.
    if (tools.parent !== undefined) await tools.parent.report({ kind: "fault", text });
    else terminal.stderr.write(text);
    return exitCode;
  }
}
