/** `console`: each call is one line of the guest's log, errors and warnings on stderr, all else on stdout. */
import { refuseInFirstLines } from "./first_lines.ts";
import { encodeUtf8 } from "./utf8.ts";
import { formatLog } from "./format_log.ts";
import { getStderr } from "./wasi/cli_stderr.ts";
import { getStdout } from "./wasi/cli_stdout.ts";
import type { OutputStream } from "./wasi/io_streams.ts";

/** What `blocking-write-and-flush` takes at a time. */
const WRITE_BYTES_MAX = 4096;

const counts = new Map<string, number>();

/** Writes one line to stderr. */
export function logError(line: string): void {
  refuseInFirstLines("log");
  write(getStderr(), line);
}

function logInfo(line: string): void {
  refuseInFirstLines("log");
  write(getStdout(), line);
}

function write(output: OutputStream, line: string): void {
  using stream = output;
  const bytes = encodeUtf8(`${line}\n`);
  for (let at = 0; at < bytes.length; at += WRITE_BYTES_MAX) {
    stream.blockingWriteAndFlush(bytes.subarray(at, at + WRITE_BYTES_MAX));
  }
}

/** The part of the standard console that makes sense for lines. */
export const console = {
  log: (...values: readonly unknown[]): void => logInfo(formatLog(values)),
  info: (...values: readonly unknown[]): void => logInfo(formatLog(values)),
  debug: (...values: readonly unknown[]): void => logInfo(formatLog(values)),
  warn: (...values: readonly unknown[]): void => logError(formatLog(values)),
  error: (...values: readonly unknown[]): void => logError(formatLog(values)),
  trace: (...values: readonly unknown[]): void => logError(`${formatLog(values)}\n${new Error().stack ?? ""}`),
  dir: (value: unknown): void => logInfo(formatLog([value])),
  assert(condition?: unknown, ...values: readonly unknown[]): void {
    if (!condition) logError(`Assertion failed${values.length > 0 ? `: ${formatLog(values)}` : ""}`);
  },
  count(label = "default"): void {
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    logInfo(`${label}: ${count}`);
  },
};
