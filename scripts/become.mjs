// The launcher's last step: the program takes over, and the launcher only passes things on. Plain JavaScript, as run.mjs is.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";

/** Runs a program to its end, hands signals on, and ends with its exit code. */
export function become(file, list) {
  const child = spawn(file, list, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => hand(signal, child.pid));
  child.on("error", (error) => {
    console.error(`Cannot start ${file}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

function hand(signal, pid) {
  // Not `child.kill`: after it, Deno reports the signal that was sent in place of the exit code.
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended, and the exit event is on its way.
    if (error.code !== "ESRCH") throw error;
  }
}
