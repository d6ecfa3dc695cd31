/** `wasi:cli/terminal-*`: no guest has a terminal, also when the gateway's own output is one. */
import type * as DeclaredInput from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-terminal-input";
import type * as DeclaredOutput from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-terminal-output";
import type * as DeclaredStderr from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-terminal-stderr";
import type * as DeclaredStdin from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-terminal-stdin";
import type * as DeclaredStdout from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-terminal-stdout";
import { HostResource } from "../resource.ts";
import type { HostInterface } from "../types.ts";

/** The resource `terminal-input`, of which there is none. */
export abstract class TerminalInput extends HostResource {}

/** The resource `terminal-output`, of which there is none. */
export abstract class TerminalOutput extends HostResource {}

/** The interface `wasi:cli/terminal-input`. */
export const TERMINAL_INPUT_INTERFACE = { TerminalInput } satisfies HostInterface<typeof DeclaredInput>;

/** The interface `wasi:cli/terminal-output`. */
export const TERMINAL_OUTPUT_INTERFACE = { TerminalOutput } satisfies HostInterface<typeof DeclaredOutput>;

/** The interface `wasi:cli/terminal-stdin`. */
export const TERMINAL_STDIN_INTERFACE = {
  // WIT get-terminal-stdin: func() -> option<terminal-input>
  getTerminalStdin: (): TerminalInput | undefined => undefined,
} satisfies HostInterface<typeof DeclaredStdin>;

/** The interface `wasi:cli/terminal-stdout`. */
export const TERMINAL_STDOUT_INTERFACE = {
  // WIT get-terminal-stdout: func() -> option<terminal-output>
  getTerminalStdout: (): TerminalOutput | undefined => undefined,
} satisfies HostInterface<typeof DeclaredStdout>;

/** The interface `wasi:cli/terminal-stderr`. */
export const TERMINAL_STDERR_INTERFACE = {
  // WIT get-terminal-stderr: func() -> option<terminal-output>
  getTerminalStderr: (): TerminalOutput | undefined => undefined,
} satisfies HostInterface<typeof DeclaredStderr>;
