/** `wasi:cli/stdin`, `stdout` and `stderr`: nothing to read, and output that never waits. */
import type * as DeclaredStderr from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-stderr";
import type * as DeclaredStdin from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-stdin";
import type * as DeclaredStdout from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-stdout";
import type { ByteSink, ByteSource } from "../../base/byte_stream.ts";
import { ALWAYS_READY } from "../../base/waitable.ts";
import type { HostContext } from "../context.ts";
import { InputStream, OutputStream } from "../io/streams.ts";
import type { HostInterface } from "../types.ts";

/** The permit of stdout and stderr. It bounds what one write hands to the log; a guest that prints more loops. */
export const OUTPUT_PERMIT_BYTES = 65_536;

/** At its end from the beginning. */
const EMPTY_SOURCE: ByteSource = {
  isReady: () => true,
  onReady: (wake) => ALWAYS_READY.onReady(wake),
  read: () => "closed",
  dispose: () => {},
};

/** The interface `wasi:cli/stdin`. */
export function stdinInterface(context: HostContext) {
  return {
    // WIT get-stdin: func() -> input-stream
    getStdin: () => new InputStream(EMPTY_SOURCE, { counters: context.counters }),
  } satisfies HostInterface<typeof DeclaredStdin>;
}

/** The interface `wasi:cli/stdout`. */
export function stdoutInterface(context: HostContext) {
  return {
    // WIT get-stdout: func() -> output-stream
    getStdout: () => openOutput(context, "stdout"),
  } satisfies HostInterface<typeof DeclaredStdout>;
}

/** The interface `wasi:cli/stderr`. */
export function stderrInterface(context: HostContext) {
  return {
    // WIT get-stderr: func() -> output-stream
    getStderr: () => openOutput(context, "stderr"),
  } satisfies HostInterface<typeof DeclaredStderr>;
}

function openOutput(context: HostContext, stream: "stdout" | "stderr"): OutputStream {
  const sink: ByteSink = {
    isReady: () => true,
    onReady: (wake) => ALWAYS_READY.onReady(wake),
    permit: () => OUTPUT_PERMIT_BYTES,
    write(bytes) {
      if (bytes.length > 0) context.output(stream, bytes);
      return undefined;
    },
    flush: () => undefined,
    dispose: () => {},
  };
  return new OutputStream(sink, { counters: context.counters });
}
