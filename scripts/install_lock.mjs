// One installation of a clone at a time: half of another's is no runtime to start, and two at once are half of each. Plain JavaScript, as run.mjs is.
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Files with this name and a number: that with the highest is the lock. It names the processes that hold it; an empty one is free. */
const NAME = ".loopgate-installing.";
/** How often those who wait look. */
const LOOK_MS = 100;
/** Several times what an installation takes on a slow line. Past it the number of a killed process may belong to another by now. */
export const WAIT_MS_MAX = 900_000;

/**
 * Waits until nobody installs in `folder`, and keeps others from it until `release`. A holder that was killed is none.
 *
 * To take it is to make the next number, which one alone can: nobody removes the highest, so that nobody who found a dead holder
 * can mean the lock of the next.
 *
 * @param {string} folder
 * @param {{ onWait?: (pids: readonly number[]) => void, waitMsMax?: number }} [options] `onWait` is called once, before a wait
 * @returns {{ share: (pid: number) => void, release: () => void }} `share`: another process holds it too, and also when this one is killed
 * @throws {Error} when it was waited for too long
 */
export function takeInstallLock(folder, { onWait = () => {}, waitMsMax = WAIT_MS_MAX } = {}) {
  mkdirSync(folder, { recursive: true });
  for (let waitedMs = 0;;) {
    const number = highest(folder);
    const pids = number === 0 ? [] : holders(fileOf(folder, number));
    if (pids.length === 0) {
      if (take(folder, number + 1)) return held(folder, number + 1);
      continue;
    }
    if (waitedMs === 0) onWait(pids);
    if (waitedMs >= waitMsMax) throw tooLong(pids, fileOf(folder, number), waitMsMax);
    // This process has nothing else to do, and a signal ends it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
    waitedMs += LOOK_MS;
  }
}

function tooLong(pids, file, waitMsMax) {
  const who = pids.length === 1 ? `process ${pids[0]} has` : `processes ${pids.join(" and ")} have`;
  return new Error(
    `Cannot install the packages: ${who} been at it for ${waitMsMax / 1000} s, expected an end; ` +
      `if that is no installation, remove ${file}`,
  );
}

function held(folder, number) {
  const file = fileOf(folder, number);
  for (const each of numbers(folder)) if (each < number) rmSync(fileOf(folder, each), { force: true });
  return {
    share(pid) {
      const draft = draftOf(file);
      writeFileSync(draft, `${process.pid} ${pid}`);
      renameSync(draft, file);
    },
    release: () => truncateSync(file),
  };
}

/** False when another has it. The file has its content from the first moment on: an empty one would be free. */
function take(folder, number) {
  const file = fileOf(folder, number);
  const draft = draftOf(file);
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft);
  }
  // While this process looked, others may have had several in a row and removed those before theirs, this number among them.
  if (highest(folder) === number) return true;
  rmSync(file, { force: true });
  return false;
}

function fileOf(folder, number) {
  return join(folder, `${NAME}${number}`);
}

function draftOf(file) {
  return `${file}.${process.pid}`;
}

/** 0: there is none yet. */
function highest(folder) {
  return Math.max(0, ...numbers(folder));
}

function numbers(folder) {
  return readdirSync(folder)
    .filter((name) => name.startsWith(NAME) && /^\d+$/.test(name.slice(NAME.length)))
    .map((name) => Number(name.slice(NAME.length)));
}

/** Those that live. */
function holders(file) {
  try {
    return readFileSync(file, "utf8").split(" ").filter((word) => word !== "").map(Number).filter(lives);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    // A later holder has removed it, and is found at the next look.
    return [];
  }
}

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: of another user.
    return error.code !== "ESRCH";
  }
}
