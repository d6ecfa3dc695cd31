/** The process as the command line sees it: streams, signals, exit. */
import process from "node:process";
import type { Terminal, TerminalStream } from "./terminal.ts";

type Output = typeof process.stdout | typeof process.stderr;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** This process. */
export function processTerminal(): Terminal {
  return {
    argv: process.argv.slice(2),
    stdout: stream(process.stdout),
    stderr: stream(process.stderr),
    watchSignals(onSignal) {
      for (const signal of SIGNALS) process.on(signal, onSignal);
      return () => {
        for (const signal of SIGNALS) process.off(signal, onSignal);
      };
    },
    exit: (exitCode) => process.exit(exitCode),
  };
}

/** Resolves when what was written before is out of this process. */
export async function flushStreams(): Promise<void> {
  for (const output of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => output.write("", () => resolve()));
  }
}

function stream(output: Output): TerminalStream {
  // The reader has gone (`loopgate ... | head`): like a program that SIGPIPE ends, there is nobody to work for.
  output.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") process.exit(1);
    throw error;
  });
  const { NO_COLOR, TERM } = process.env;
  const isColoured = output.isTTY && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
  return { isColoured, write: (text) => void output.write(text) };
}
