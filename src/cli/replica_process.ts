/** Replicas as processes: this program again, with the same words, and a channel that also tells when the other side has died. */
import { fork } from "node:child_process";
import { createServer } from "node:net";
import process from "node:process";
import { LoopgateError } from "../base/errors.ts";
import type { ListenAddress } from "../server/http_listener.ts";
import {
  type ParentLink,
  parseAssignment,
  parseReport,
  type ReplicaReport,
  type StartReplica,
} from "./replica_link.ts";

/** Tells a process that it is a replica, and which. Together with the channel only: alone it means nothing. */
const ASSIGNMENT = "LOOPGATE_REPLICA";
/** The two things that a parent says. */
const DRAIN = "drain";
const PING = "ping";

/** The way to the parent of this process; undefined when it is no replica. */
export function parentLink(): ParentLink | undefined {
  const assignment = parseAssignment(process.env[ASSIGNMENT] ?? "");
  if (process.send === undefined || assignment === undefined) return undefined;
  const report = (report: ReplicaReport): Promise<void> =>
    new Promise((resolve) => {
      // A parent that has gone needs no report; `onDrain` tells of it.
      if (!process.connected || process.send === undefined) resolve();
      else process.send(report, undefined, undefined, () => resolve());
    });
  process.on("message", (message) => {
    if (message === PING) void report({ kind: "alive" });
  });
  return {
    assignment,
    report,
    onDrain(drain) {
      process.on("message", (message) => {
        if (message === DRAIN) drain();
      });
      process.on("disconnect", drain);
      if (!process.connected) drain();
    },
  };
}

/** Starts this program once more. */
export const forkReplica: StartReplica = (assignment, { onReport, onEnd }) => {
  const [, main = "", ...words] = process.argv;
  const child = fork(main, words, {
    env: { ...process.env, [ASSIGNMENT]: JSON.stringify(assignment) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let isOver = false;
  const end = (exitCode: number | null, detail: string): void => {
    if (isOver) return;
    isOver = true;
    onEnd({ exitCode, detail });
  };
  child.on("message", (message) => {
    const report = parseReport(message);
    if (report !== undefined && !isOver) onReport(report);
  });
  child.on("exit", (exitCode, signal) => {
    end(exitCode, exitCode === null ? `it was ended by ${signal ?? "a signal"}` : `it exited with code ${exitCode}`);
  });
  child.on("error", (error) => {
    // Also for a message that could not be sent: then the exit is on its way.
    if (child.pid === undefined) end(null, `it could not be started: ${error.message}`);
  });
  return {
    pid: child.pid,
    drain() {
      if (!isOver && child.connected) child.send(DRAIN);
    },
    ping() {
      if (!isOver && child.connected) child.send(PING);
    },
    kill() {
      if (!isOver && child.pid !== undefined) endProcess(child.pid);
    },
  };
};

/**
 * Fails when somebody listens there. Listeners that share a port do so with everybody of the same user: without a look
 * first, a second gateway would take half of the first one's requests, and nobody would be told.
 *
 * @throws {LoopgateError} ERR_LISTEN
 */
export function probePort({ host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause) => {
      const where = `"${host.includes(":") ? `[${host}]` : host}:${port}"`;
      const message = `Cannot listen on ${where}: ${cause.message}, expected a free port of this machine`;
      reject(new LoopgateError("LG5001", message, { cause }));
    });
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}

function endProcess(pid: number): void {
  // Not `child.kill`: after it, Deno reports the signal that was sent in place of the exit code.
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended, and the exit event is on its way.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
