/** The process as the command line sees it: streams, signals, exit. */
import process from "node:process";
import { SYSTEM_EXIT_CODE } from "./exit_codes.ts";
import type { Terminal, TerminalFault, TerminalStream } from "./terminal.ts";

type Output = typeof process.stdout | typeof process.stderr;

/** SIGHUP is a terminal that is closed, or an operator who expects a reload: what is under way is not to be cut for either. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** This process. */
export function processTerminal(): Terminal {
  return {
    argv: process.argv.slice(2),
    variables: process.env,
    stdout: stream(process.stdout),
    stderr: stream(process.stderr),
    watchSignals(onSignal) {
      for (const signal of SIGNALS) process.on(signal, onSignal);
      return () => {
        for (const signal of SIGNALS) process.off(signal, onSignal);
      };
    },
    onExit: (run) => void process.once("exit", run),
    takeFaults,
    exit: (exitCode) => process.exit(exitCode),
  };
}

/** Who is told instead of stderr. */
let taker: ((fault: TerminalFault) => void) | undefined;

function takeFaults(tell: typeof taker): void {
  const wasTaken = taker !== undefined;
  taker = tell;
  if (wasTaken || tell === undefined) return;
  // The runtime's own listener prints.
  process.removeAllListeners("warning");
  process.on(
    "warning",
    ({ name, message }) => taker?.({ level: "warn", message: `${name}: ${message}` }),
  );
  process.on("uncaughtException", (error: unknown) => {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    taker?.({ level: "error", code: "LG9001", message, ...(stack !== undefined && { stack }) });
    process.exit(SYSTEM_EXIT_CODE);
  });
}

/** Resolves when what was written before is out of this process. */
export async function flushStreams(): Promise<void> {
  for (const output of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => output.write("", () => resolve()));
  }
}

function stream(output: Output): TerminalStream {
  const fail = (error: unknown): never => endWithout(output, error);
  output.on("error", fail);
  const { NO_COLOR, TERM } = process.env;
  const isColoured = output.isTTY && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
  return {
    isColoured,
    get waitingBytes() {
      return output.writableLength;
    },
    write(text) {
      // Node tells by the event, Deno throws for a file.
      try {
        output.write(text);
      } catch (error) {
        fail(error);
      }
    },
  };
}

/**
 * Ends the program, whose output goes nowhere. When the reader has gone (`loopgate ... | head`), without a word: like a
 * program that SIGPIPE ends, there is nobody to work for. A full disk or a lost terminal is worth a line.
 */
function endWithout(output: Output, error: unknown): never {
  const isReaderGone = error instanceof Error && "code" in error && error.code === "EPIPE";
  if (!isReaderGone && output === process.stdout) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Cannot write to stdout: ${reason}`;
    if (taker === undefined) process.stderr.write(`error[LG5008]: ${message}\n`);
    else taker({ level: "error", code: "LG5008", message });
  }
  process.exit(SYSTEM_EXIT_CODE);
}
