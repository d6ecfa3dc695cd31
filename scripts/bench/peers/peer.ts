/** What the bench needs of a server: each of them is one small file that makes a `Peer`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { ROOT } from "../../tools.ts";
import { familyOf, isRunning } from "../process_usage.ts";

/** What is served. */
export interface Served {
  readonly component: string;
  /** A service beside it on a private loopback; peers without one cannot serve this. */
  readonly service?: string;
  /** A fresh instance for each request, or one that is kept. */
  readonly mode: "fresh" | "reuse";
}

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A kind of server. */
export interface Peer {
  readonly name: string;
  /** Why it cannot take part; undefined when it can. */
  missing(served: Served): Promise<string | undefined>;
  start(served: Served): Promise<RunningServer>;
}

/** How long a server may take until it answers. */
const START_MS_MAX = 30_000;

/** How long it may take to end before it is ended. */
const END_MS_MAX = 3_000;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new TypeError("Cannot find a free port");
  return address.port;
}

/** Starts a program that will serve at `url`, and waits for its first answer. */
export async function startServer(
  file: string,
  args: readonly string[],
  options: {
    readonly url: string;
    /** Default: the repository. */
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly onStop?: () => void;
  },
): Promise<RunningServer> {
  const child = spawn(file, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    if (output.length < 4_096) output += chunk.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const stop = async (): Promise<void> => {
    await endProcess(child);
    options.onStop?.();
  };
  try {
    await untilAnswering(options.url, child);
  } catch (error) {
    await stop();
    throw new Error(`Cannot start ${file} ${args.join(" ")}: ${output}`, { cause: error });
  }
  return { url: options.url, pid: child.pid ?? -1, stop };
}

/** Ends a process and those it started (jco leaves its server behind) by their ids, with force if they take too long. */
async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  const all = familyOf(child.pid);
  for (const pid of all) signal(pid, "SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), END_MS_MAX);
  await ended;
  clearTimeout(force);
  for (const pid of all) {
    for (let waitedMs = 0; isRunning(pid); waitedMs += 10) {
      if (waitedMs >= END_MS_MAX) signal(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Sends a signal to a process that may have ended by itself. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const endMs = Date.now() + START_MS_MAX;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
