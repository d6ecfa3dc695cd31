/** Everything a guest can import: the interfaces of WASI 0.2 under their names without version, bound to one context. */
import { EXIT_INTERFACE } from "./cli/exit.ts";
import { environmentInterface } from "./cli/environment.ts";
import { stderrInterface, stdinInterface, stdoutInterface } from "./cli/stdio.ts";
import {
  TERMINAL_INPUT_INTERFACE,
  TERMINAL_OUTPUT_INTERFACE,
  TERMINAL_STDERR_INTERFACE,
  TERMINAL_STDIN_INTERFACE,
  TERMINAL_STDOUT_INTERFACE,
} from "./cli/terminal.ts";
import { monotonicClockInterface } from "./clocks/monotonic_clock.ts";
import { TIMEZONE_INTERFACE } from "./clocks/timezone.ts";
import { wallClockInterface } from "./clocks/wall_clock.ts";
import type { HostImports } from "../component/host_imports.ts";
import type { HostContext } from "./context.ts";
import { preopensInterface } from "./filesystem/preopens.ts";
import { FILESYSTEM_TYPES_INTERFACE } from "./filesystem/types.ts";
import { httpInterfaces } from "./http/interfaces.ts";
import { ERROR_INTERFACE } from "./io/error.ts";
import { POLL_INTERFACE } from "./io/poll.ts";
import { STREAMS_INTERFACE } from "./io/streams.ts";
import { insecureInterface, insecureSeedInterface, randomInterface } from "./random/random.ts";
import { socketInterfaces } from "./sockets/interfaces.ts";

/** What needs nothing of the context is made once. */
const SHARED_INTERFACES: HostImports = {
  "wasi:io/error": ERROR_INTERFACE,
  "wasi:io/poll": POLL_INTERFACE,
  "wasi:io/streams": STREAMS_INTERFACE,
  "wasi:clocks/timezone": TIMEZONE_INTERFACE,
  "wasi:cli/exit": EXIT_INTERFACE,
  "wasi:cli/terminal-input": TERMINAL_INPUT_INTERFACE,
  "wasi:cli/terminal-output": TERMINAL_OUTPUT_INTERFACE,
  "wasi:cli/terminal-stdin": TERMINAL_STDIN_INTERFACE,
  "wasi:cli/terminal-stdout": TERMINAL_STDOUT_INTERFACE,
  "wasi:cli/terminal-stderr": TERMINAL_STDERR_INTERFACE,
  "wasi:filesystem/types": FILESYSTEM_TYPES_INTERFACE,
};

/** The names of all interfaces that `createHostImports` gives, sorted; for messages and `inspect`. */
export const OFFERED_INTERFACES: readonly string[] = [
  ...Object.keys(SHARED_INTERFACES),
  "wasi:cli/environment",
  "wasi:cli/stderr",
  "wasi:cli/stdin",
  "wasi:cli/stdout",
  "wasi:clocks/monotonic-clock",
  "wasi:clocks/wall-clock",
  "wasi:filesystem/preopens",
  "wasi:http/outgoing-handler",
  "wasi:http/types",
  "wasi:random/insecure",
  "wasi:random/insecure-seed",
  "wasi:random/random",
  "wasi:sockets/instance-network",
  "wasi:sockets/ip-name-lookup",
  "wasi:sockets/network",
  "wasi:sockets/tcp",
  "wasi:sockets/tcp-create-socket",
  "wasi:sockets/udp",
  "wasi:sockets/udp-create-socket",
].sort();

/**
 * The imports of one instance. Made for every new instance, so it only binds: classes live in their modules, and
 * `instanceof` holds across instances.
 */
export function createHostImports(context: HostContext): HostImports {
  return {
    ...SHARED_INTERFACES,
    ...socketInterfaces(context),
    ...httpInterfaces(context),
    "wasi:cli/environment": environmentInterface(context),
    "wasi:cli/stdin": stdinInterface(context),
    "wasi:cli/stdout": stdoutInterface(context),
    "wasi:cli/stderr": stderrInterface(context),
    "wasi:clocks/monotonic-clock": monotonicClockInterface(context),
    "wasi:clocks/wall-clock": wallClockInterface(context),
    "wasi:filesystem/preopens": preopensInterface(context),
    "wasi:random/random": randomInterface(context),
    "wasi:random/insecure": insecureInterface(context),
    "wasi:random/insecure-seed": insecureSeedInterface(context),
  };
}
