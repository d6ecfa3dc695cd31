/** The process, as the command line sees it. */
import type { FaultCode } from "../base/fault_codes.ts";

/** What the command line needs of its process. `process_terminal.ts` is the real one; tests have one in memory. */
export interface Terminal {
  /** The words after the program's name. */
  readonly argv: readonly string[];
  /** The environment of this process. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  /** Calls `onSignal` at each SIGINT, SIGTERM and SIGHUP instead of ending the process. Returns the way back. */
  watchSignals(onSignal: () => void): () => void;
  /** Calls `run` when the process ends by `exit` or by an error that nobody caught; `run` can wait for nothing. */
  onExit(run: () => void): void;
  /**
   * Hands over what would be printed without anybody's asking, one line or more each: warnings of the runtime, an error that nobody
   * caught and a stdout that cannot be written to, both of which end the process. Undefined: it is printed.
   */
  takeFaults(tell: ((fault: TerminalFault) => void) | undefined): void;
  /** Ends the process at once. */
  exit(exitCode: number): void;
}

/** Something that the process or its runtime has to say. */
export interface TerminalFault {
  /** A warning, or what ends the process. */
  readonly level: "warn" | "error";
  /** Of what ends the process. */
  readonly code?: FaultCode;
  readonly message: string;
  readonly stack?: string;
}

/** One of the two ways out. */
export interface TerminalStream {
  /** Somebody looks at it, and colours are not turned off. */
  readonly isColoured: boolean;
  /** Bytes that were handed over and nobody has taken yet. Default: none, for the stream waits (as Deno's does). */
  readonly waitingBytes?: number;
  write(text: string | Uint8Array): void;
}
