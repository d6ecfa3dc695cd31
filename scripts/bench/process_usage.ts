/** Processor time and memory of a process and its children, from Linux' /proc; elsewhere both are unknown (NaN). */
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second in /proc/<pid>/stat: 100 on every usual kernel (`getconf CLK_TCK`). */
const TICKS_PER_S = 100;

/** Processor time since the start, of all threads, in microseconds. */
export function cpuUsOf(pid: number): number {
  let total = 0;
  for (const each of familyOf(pid)) {
    const fields = statOf(each);
    if (fields === undefined) return Number.NaN;
    // utime and stime: fields 14 and 15 of proc(5), counted after the name's parenthesis.
    total += Number(fields[11]) + Number(fields[12]);
  }
  return total * (1e6 / TICKS_PER_S);
}

/** Resident memory in bytes. */
export function residentBytesOf(pid: number): number {
  let total = 0;
  for (const each of familyOf(pid)) {
    try {
      const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/status`, "utf8"));
      total += Number(line?.[1] ?? Number.NaN) * 1024;
    } catch {
      return Number.NaN;
    }
  }
  return total;
}

/** A process and all that it started and that still have it as their parent. */
export function familyOf(pid: number): readonly number[] {
  const children: number[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const list = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
      if (list !== "") children.push(...list.split(" ").map(Number));
    }
  } catch {
    // No /proc, or the process has just gone: the caller gets NaN for it.
  }
  return [pid, ...children.flatMap(familyOf)];
}

/** Whether a process is there and has not ended (one that nobody has waited for yet has). */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
